#!/bin/sh
#: summary: a memdev that is gone is not held by anything, so that its number is free, however it went
#: needs: { modules: [cxl_attach_test], memdevs: 1 }
#: timeout: 60s
#: kmsg:
#:   allow:
#:   - match: '^cxl_mem mem\d+: probe with driver cxl_mem failed with error -5$'
#:     because: the callback fails the memdev's probe (drivers/base/dd.c, call_driver_probe())
# The number is given back with the last reference, not with the removal.
. /bench/lib.sh
. /bench/suite/attach.lib

dev=$(accel_dev 1)
accel_up $dev
mem=$(memdev_of $dev)

# again HOW: the memdev of the next binding has the number of the one before
again() {
	flush
	accel_set $dev callback_rc 0
	accel_bind $dev || fail "cannot bind $dev $1"
	accel_state_is $dev cxl || fail "state is $(accel_get $dev state) $1"
	[ "$(memdev_of $dev)" = $mem ] || fail "$mem is still held $1, the next one is $(memdev_of $dev)"
}

accel_unbind $dev || fail "cannot unbind $dev"
again "after the driver was unbound"
cxl_unbind cxl_mem $mem || fail "cannot unbind $mem"
expect_released $dev "after $mem was unbound"
again "after $mem was unbound"
cxl_unbind cxl_port $(endpoint_of $mem) || fail "cannot unbind the endpoint"
expect_released $dev "after the endpoint was unbound"
again "after the endpoint was unbound"
accel_unbind $dev || fail "cannot unbind $dev"
accel_set $dev callback_rc -5
accel_bind $dev || fail "cannot bind $dev"
accel_state_is $dev pcie-only || fail "state is $(accel_get $dev state)"
accel_unbind $dev || fail "cannot unbind $dev"
again "after a failed call"
diag "$mem each time"
