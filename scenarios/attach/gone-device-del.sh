#!/bin/sh
#: summary: a device that the host unplugs is released once, and nothing is left
#: needs: { modules: [cxl_attach_test], memdevs: 1 }
#: timeout: 90s
#: isolate: true
. /bench/lib.sh
. /bench/suite/attach.lib

devs=$(accel_devs)
for dev in $devs; do
	accel_up $dev
	echo "$dev $(memdev_of $dev) $(accel_get $dev removes)"
done > /tmp/up
tell "all up"
# QEMU (to 10.0.2 at least) gives its slots behind a downstream port no power controller. The guest cannot switch them off,
# which is what QEMU waits for to give the device up: so only the request is waited for, and the guest's side of it seen.
host device-del-request mem0 || fail "the host refuses"

# the attention button gives five seconds to change one's mind
one_is_gone() {
	for dev in $devs; do
		is_gone $dev && return 0
	done
	return 1
}
poll 30 one_is_gone || fail "no device went away"
flush
n=0
while read -r dev mem r; do
	if is_gone $dev; then
		nothing_left $dev $mem "after device_del"
		[ $(($(accel_get $dev removes) - r)) = 1 ] || fail "not exactly one remove"
		n=$((n + 1))
	else
		accel_state_is $dev cxl || fail "$dev is $(accel_get $dev state)"
		path_is_up $dev || fail "$dev is not attached"
	fi
done < /tmp/up
[ $n = 1 ] || fail "$n devices went away"
tell "one unplugged"
