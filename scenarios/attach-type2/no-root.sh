#!/bin/sh
#: summary: without a CXL root the accelerator's probe fails and leaves nothing; a later bind succeeds
#: needs: { modules: [cxl_mock_accel] }
#: isolate: true
. /bench/lib.sh
. /bench/suite/type2.lib

type2_load
expect_operation "after cxl_test was loaded"
accel_unbind || fail "cannot unbind the accelerator"
echo cxl_acpi.0 > /sys/bus/platform/drivers/cxl_acpi/unbind || fail "cannot unbind the root"
flush
for round in 1 2 3; do
	if accel_bind; then
		fail "round $round: bound without a root"
	fi
	nothing_left "round $round, after a bind that failed"
done
echo cxl_acpi.0 > /sys/bus/platform/drivers/cxl_acpi/bind || fail "cannot bind the root"
flush
sleep 1
flush
is_released || fail "the accelerator came back by itself"
accel_bind || fail "cannot bind the accelerator"
in_operation || fail "bind returned without operation"
tell "with a root again"
