#!/bin/sh
#: summary: where its region cannot be assembled, the accelerator's probe fails and leaves nothing
#: needs: { modules: [cxl_mock_accel] }
#: isolate: true
. /bench/lib.sh
. /bench/suite/type2.lib

type2_load type2_uncommitted=1
[ -e /sys/module/cxl_test/parameters/type2_uncommitted ] || skip "this cxl_test always commits the accelerator's decoder"
poll 20 [ -n "$(entries 'port*')" ] || fail "no port"
flush
for round in 1 2 3; do
	if accel_bind; then
		tell "round $round"
		fail "round $round: bound without a region"
	fi
	nothing_left "round $round, after a bind that failed"
	flush
done
tell "without a region"

modprobe -r cxl_test 2> /dev/null
[ ! -d /sys/module/cxl_test ] || fail "cxl_test does not go"
type2_load
expect_operation "with its decoder committed"
