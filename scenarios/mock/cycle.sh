#!/bin/sh
#: summary: cxl_test loads, presents its documented topology, unloads and leaves nothing, three times
#: userland: busybox
#: timeout: 180s
. /bench/lib.sh
. /bench/suite/bus.lib

load
plan 12
for round in 1 2 3; do
	[ -d /sys/module/cxl_test ] || load
	check "round $round: $(memdevs) memdevs and their endpoints are bound" poll 30 all_up
	diag "memdevs $(bound 'mem*') of $(count 'mem*'), endpoints $(bound 'endpoint*') of $(count 'endpoint*'), ports $(bound 'port*') of $(count 'port*')"
	equal "round $round: the root decoders are the fixed windows" "$(documented)" "$(windows)"
	poll 10 region_is_documented
	equal "round $round: the region that firmware left" "$(documented_region)" "$(region)"
	modprobe -r cxl_test
	check "round $round: cxl_test is unloaded and has left no device" poll 10 gone
done
finish
