#!/bin/sh
#: summary: a legal region is created, its decoders are right from root to endpoints, and it goes; an illegal one is refused
#: needs: { memdevs: 1 }
. /bench/lib.sh

# Memory of a region stays offline: what is online may be used, and QEMU 10 does not survive that under TCG.
regions() {
	find /sys/bus/cxl/devices/ -name 'region*'
}

cxl-expect > /dev/null || fail "the topology is not what it should be: see the suite enumerate"
cxl-regions list > /tmp/regions
plan "$(grep -c . /tmp/regions)"

while read -r number verdict; do
	name=$(cxl-regions name "$number")
	arguments=$(cxl-regions arguments "$number") || fail "$name: $arguments"
	diag "cxl create-region $arguments"
	# shellcheck disable=SC2086 # The arguments are words.
	if said=$(cxl create-region $arguments 2>&1); then created=yes; else created=no; fi
	region=$(printf '%s\n' "$said" | sed -n 's/.*"region":"\(region[0-9]*\)".*/\1/p')
	wrong=
	case $verdict-$created in
	legal-yes) wrong=$(cxl-regions check "$number" "$region") ;;
	legal-no) wrong="cxl refused it: $said" ;;
	refused-yes) wrong="cxl created $region" ;;
	refused-no) [ -z "$(regions)" ] || wrong="it was refused, but left $(regions)" ;;
	esac
	if [ -n "$region" ]; then
		gone=$(cxl destroy-region -f "$region" 2>&1) || wrong="$wrong
$region does not go: $gone"
		[ -z "$(regions)" ] || wrong="$wrong
left behind: $(regions)"
	fi
	if [ -z "$wrong" ]; then
		ktap_pass "$name"
	else
		diag "$wrong"
		ktap_fail "$name"
	fi
done < /tmp/regions
finish
