#!/bin/sh
#: summary: poison is injected, listed with its address and source, and cleared
. /bench/lib.sh
. /bench/suite/bus.lib

up
idle
debug=/sys/kernel/debug/cxl/$memdev

# Addresses on the device's poison list with their sources, as one line.
listed() {
	cxl list -m "$memdev" --media-errors | jq -r '.[].media_errors // [] | sort_by(.offset // .dpa) |
		map("\(.dpa // .offset) \(.source)") | join(", ")'
}

plan 5
equal "nothing is poisoned" "" "$(listed)"
check "poison is injected" sh -c "echo 0x40000000 >$debug/inject_poison && echo 0x1000 >$debug/inject_poison"
equal "both addresses are listed" "4096 Injected, 1073741824 Injected" "$(listed)"
check "poison is cleared" sh -c "echo 0x40000000 >$debug/clear_poison && echo 0x1000 >$debug/clear_poison"
equal "nothing is poisoned any more" "" "$(listed)"
finish
