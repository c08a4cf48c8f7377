#!/bin/sh
#: summary: the last bind of the accelerator survives unbinding and binding in a tight loop
#: needs: { modules: [cxl_attach_test], memdevs: 1 }
#: timeout: 180s
# Detach work for a memdev that is gone must not release the driver that is bound
# by then. A memdev that is removed needs none.
. /bench/lib.sh
. /bench/suite/attach.lib

dev=$(accel_dev 1)
accel_up $dev
r=$(accel_get $dev removes)
mem=$(memdev_of $dev)
i=0
while [ $i -lt 40 ]; do
	i=$((i + 1))
	echo $dev > $BUS/drivers/$DRV/unbind || fail "round $i: cannot unbind $dev"
	echo $dev > $BUS/drivers/$DRV/bind || fail "round $i: cannot bind $dev"
	accel_state_is $dev cxl || fail "round $i: $dev is $(accel_get $dev state)"
	# who unbinds the driver leaves no work behind that holds the memdev
	[ "$(memdev_of $dev)" = $mem ] || fail "round $i: $mem is still held, the next one is $(memdev_of $dev)"
done
flush
sleep 1
flush
accel_state_is $dev cxl || fail "$dev is $(accel_get $dev state) after the last bind"
path_is_up $dev || fail "$dev is not attached after the last bind"
[ $(($(accel_get $dev removes) - r)) = $i ] || fail "$(($(accel_get $dev removes) - r)) removes in $i rounds"
diag "$i rounds"
