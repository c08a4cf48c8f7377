#!/bin/sh
#: summary: an idle device is sanitized in the background and says when it is done; one in a region refuses
. /bench/lib.sh
. /bench/suite/bus.lib

# has_window: its host bridge has a window of its own with room for a region, which is $decoder
has_window() {
	decoder=$(cxl list -D -d root -m "$memdev" |
		jq -r "[.[] | select(.nr_targets == 1 and .max_available_extent >= $each)][0].decoder // empty")
	[ -n "$decoder" ]
}

up
each=$((256 << 20))
idle_that has_window
# Milliseconds that the mock device takes.
echo 2000 >"$platform/$host/sanitize_timeout"

plan 7
equal "nothing is going on" disabled "$(cat $bus/"$memdev"/security/state)"
check "sanitize is begun" sh -c "echo 1 >$bus/$memdev/security/sanitize"
equal "it goes on" sanitize "$(cat $bus/"$memdev"/security/state)"
check "its end is told" cxl wait-sanitize -t 20000 "$memdev"
region=$(cxl create-region -d "$decoder" -w 1 -s $each -m "$memdev" 2>/tmp/said | jq -r .region)
[ -n "$region" ] || diag "$(cat /tmp/said)"
check "it is in a region" [ -e "$bus/${region:-none}" ]
check "sanitize is refused" sh -c "! echo 1 >$bus/$memdev/security/sanitize"
said=$(cxl disable-region "$region" 2>&1 && cxl destroy-region "$region" 2>&1) || diag "$said"
check "the region is gone" poll 5 [ ! -e "$bus/${region:-none}" ]
finish
