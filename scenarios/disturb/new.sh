#!/bin/sh
#: summary: a new device in an empty slot is enumerated there, and leaves nothing when it is taken out
#: needs: { memdevs: 1 }
#: isolate: true
. /bench/lib.sh
. /bench/suite/disturb.lib

service pciehp
cxl-topology slots > /tmp/slots
[ -s /tmp/slots ] || skip "the topology has no empty slot"
plan $(($(wc -l < /tmp/slots) * 2))
like=$(sample | sed -n '1s/ .*//p')
there=
number=0
while read -r slot; do
	new=new$number
	number=$((number + 1))
	serial=$(host device-new "$new" "$like" "$slot" 2>&1) || fail "$serial"
	# shellcheck disable=SC2086 # Those before are words.
	check "a device like $like is in $slot" cxl-expect $there --new "$new=$like@$slot:$serial"
	if said=$(host can-take "$new" 2>&1); then
		host device-del "$new" > /tmp/said 2>&1 || fail "$(cat /tmp/said)"
		# shellcheck disable=SC2086
		check "it leaves nothing" cxl-expect $there
	else
		ktap_skip "it leaves nothing" "$said"
		there="$there --new $new=$like@$slot:$serial"
	fi
done < /tmp/slots
finish
