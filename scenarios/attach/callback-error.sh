#!/bin/sh
#: summary: an error of attach->probe() fails the call with -ENXIO, leaves no memdev, and the driver bound
#: needs: { modules: [cxl_attach_test], memdevs: 1 }
#: timeout: 60s
#: kmsg:
#:   allow:
#:   - match: '^cxl_mem mem\d+: probe with driver cxl_mem failed with error -(5|12|16)$'
#:     because: the callback fails the memdev's probe, and call_driver_probe() (drivers/base/dd.c) says so of all
#:       errors but -ENODEV, -ENXIO and -EPROBE_DEFER
#:   require:
#:   - '^cxl_mem mem\d+: probe with driver cxl_mem failed with error -5$'
#:   - '^cxl_mem mem\d+: probe with driver cxl_mem failed with error -12$'
. /bench/lib.sh
. /bench/suite/attach.lib

dev=$(accel_dev 1)
poll 10 root_is_up || fail "no CXL root"

check() {
	accel_state_is $dev pcie-only || fail "state is $(accel_get $dev state) $1"
	[ "$(driver_of $BUS/devices/$dev)" = $DRV ] || fail "driver was released $1"
	has_no_memdev $dev || fail "$(memdev_of $dev) is left $1"
}

for rc in -5 -6 -12 -16 -517; do
	accel_take $dev
	accel_set $dev callback_rc $rc
	n=$(accel_get $dev callbacks)
	r=$(accel_get $dev removes)
	accel_bind $dev || fail "cannot bind $dev"
	check "after bind (callback: $rc)"
	[ "$(accel_get $dev add_rc)" = -6 ] || fail "add failed with $(accel_get $dev add_rc), not -6"
	n=$(($(accel_get $dev callbacks) - n))
	[ $n = 1 ] || fail "$n callbacks, not one (callback: $rc)"
	flush
	check "after a flush (callback: $rc)"
	# the work that must not be there had its time
	sleep 1
	flush
	check "after a second (callback: $rc)"
	[ $(accel_get $dev removes) = $r ] || fail "remove was called (callback: $rc)"
done
tell "pcie-only"

accel_set $dev callback_rc 0
accel_unbind $dev || fail "cannot unbind $dev"
accel_bind $dev || fail "cannot bind $dev"
expect_state $dev cxl "after bind with a callback that succeeds"
path_is_up $dev || fail "$dev is not attached"
