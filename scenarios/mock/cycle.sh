#!/bin/sh
#: summary: cxl_test loads, presents its documented topology, unloads and leaves nothing, three times
#: timeout: 120s
. /bench/lib.sh

bus=/sys/bus/cxl/devices

# count GLOB: how many devices of that name the bus has.
count() {
	n=0
	for device in $bus/$1; do
		[ -e "$device" ] && n=$((n + 1))
	done
	echo $n
}

# bound GLOB: how many of them have a driver.
bound() {
	n=0
	for device in $bus/$1; do
		[ -e "$device/driver" ] && n=$((n + 1))
	done
	echo $n
}

# The numbers are those of tools/testing/cxl/test/cxl.c: two multi-port host bridges with two root ports, each with a
# switch of two ports (8 memdevs), a single-port host bridge with such a switch (2) and a restricted CXL host (1).
all_up() {
	[ "$(bound 'mem*')" = 11 ] && [ "$(bound 'endpoint*')" = 11 ]
}

windows() {
	for decoder in $bus/root*/decoder[0-9]*; do
		[ -e "$decoder" ] && echo "$(cat "$decoder/size") $(cat "$decoder/interleave_ways")"
	done | sort
}

documented='0x10000000 1
0x40000000 1
0x40000000 1
0x40000000 1
0x80000000 2
0x80000000 2'

gone() {
	[ ! -d /sys/module/cxl_test ] && [ "$(count '*')" = 0 ]
}

plan 9
for round in 1 2 3; do
	modprobe cxl_test || fail "modprobe cxl_test, round $round"
	check "round $round: 11 memdevs and their endpoints are bound" poll 30 all_up
	diag "memdevs $(bound 'mem*') of $(count 'mem*'), endpoints $(bound 'endpoint*') of $(count 'endpoint*'), ports $(bound 'port*') of $(count 'port*')"
	equal "round $round: the root decoders are the six fixed windows" "$documented" "$(windows)"
	modprobe -r cxl_test
	check "round $round: cxl_test is unloaded and has left no device" poll 10 gone
done
finish
