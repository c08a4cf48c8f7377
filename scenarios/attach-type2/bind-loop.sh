#!/bin/sh
#: summary: the last bind of the accelerator survives unbinding and binding in a tight loop
#: needs: { modules: [cxl_mock_accel] }
#: isolate: true
#: timeout: 180s
# Each unbind leaves detach work behind, for a memdev that is gone. It must not
# release the driver that is bound by then.
. /bench/lib.sh
. /bench/suite/type2.lib

type2_load
expect_operation "after cxl_test was loaded"
# A kernel with the fault shows it in one of some two hundred rounds, which take three seconds.
i=0
while [ $i -lt 2500 ]; do
	i=$((i + 1))
	accel_unbind || fail "the accelerator was released behind the back of the loop, after round $((i - 1))"
	accel_bind || fail "round $i: cannot bind the accelerator"
done
flush
sleep 1
flush
is_bound || fail "the accelerator was released after the last bind"
in_operation || fail "the accelerator is not in operation after the last bind"
diag "$i rounds"
