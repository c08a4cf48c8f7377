#!/bin/sh
#: summary: a device removed by sysfs is released once, nothing is left, and a rescan brings it back
#: needs: { modules: [cxl_attach_test], memdevs: 1 }
#: timeout: 60s
. /bench/lib.sh
. /bench/suite/attach.lib

dev=$(accel_dev 1)
for attach in Y N; do
	accel_up $dev $attach
	mem=$(memdev_of $dev)
	r=$(accel_get $dev removes)
	echo 1 > $BUS/devices/$dev/remove
	flush
	is_gone $dev || fail "$dev is still there (attach: $attach)"
	nothing_left $dev $mem "after remove (attach: $attach)"
	[ $(($(accel_get $dev removes) - r)) = 1 ] || fail "not exactly one remove"
	tell "removed (attach: $attach)"

	rescan $dev
	accel_up $dev $attach
	tell "back again (attach: $attach)"
done
