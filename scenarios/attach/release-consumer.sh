#!/bin/sh
#: summary: a driver that is bound anew while the consumers of its device are unbound stays, it is not the one to release
#: needs: { modules: [cxl_attach_test], memdevs: 1 }
#: timeout: 60s
# The driver core drops the lock of a device to unbind its consumers. What was
# decided under it before need not be so any more when it is taken again.
. /bench/lib.sh
. /bench/suite/attach.lib

dev=$(accel_dev 1)
accel_up $dev
accel_set $dev consumer_delay_ms $(delay_ms 3000)
accel_set $dev consumer 1
removes=$(accel_get $dev removes)
events_clear
cxl_unbind cxl_mem $(memdev_of $dev) || fail "cannot unbind $(memdev_of $dev)"
poll 10 happened $dev consumer || fail "the release does not get to the consumer: $(events $dev)"

# The consumer takes its time. There is another binding by then.
accel_unbind $dev || fail "cannot unbind $dev"
accel_bind $dev || fail "cannot bind $dev"
accel_state_is $dev cxl || fail "state is $(accel_get $dev state)"
! happened $dev consumer-gone || fail "the consumer was too quick, nothing to be seen here"

poll 20 happened $dev consumer-gone || fail "the consumer is not unbound: $(events $dev)"
flush
sleep 1
flush
diag "$(events $dev)"
accel_state_is $dev cxl || fail "$dev was released for an earlier binding: $(accel_get $dev state)"
[ $(($(accel_get $dev removes) - removes)) = 1 ] || fail "$(($(accel_get $dev removes) - removes)) removes, not one"
path_is_up $dev || fail "$dev is not attached"
accel_set $dev consumer 0

# Where nobody comes in between, consumers are in the way of neither the release nor an unbind.
accel_set $dev consumer_delay_ms 0
accel_set $dev consumer 1
events_clear
cxl_unbind cxl_mem $(memdev_of $dev) || fail "cannot unbind $(memdev_of $dev)"
expect_released $dev "with a consumer"
[ "$(events $dev)" = "consumer consumer-gone remove released" ] || fail "order of the release: $(events $dev)"
accel_set $dev consumer 0
accel_bind $dev || fail "cannot bind $dev"
accel_set $dev consumer 1
events_clear
accel_unbind $dev || fail "cannot unbind $dev, which has a consumer"
[ "$(events $dev)" = "consumer consumer-gone remove released" ] || fail "order of the unbind: $(events $dev)"
accel_set $dev consumer 0
