#!/bin/sh
#: summary: a driver that takes long to remove does not hold up the end of another device's operation
#: needs: { modules: [cxl_attach_test], memdevs: 2 }
#: timeout: 60s
. /bench/lib.sh
. /bench/suite/attach.lib

a=$(accel_dev 1)
b=$(accel_dev 2)
accel_up $a
accel_up $b
accel_set $a remove_delay_ms $(delay_ms 5000)
events_clear
mem=$(memdev_of $a)
cxl_unbind cxl_mem $mem || fail "cannot unbind $mem"
poll 10 happened $a remove || fail "$a is not released: $(events $a)"
if cxl_bind cxl_mem $mem; then
	fail "$mem attaches once more, while the driver that it was for is on its way out"
fi

cxl_unbind cxl_mem $(memdev_of $b) || fail "cannot unbind $(memdev_of $b)"
expect_released $b "while $a takes its time"
! happened $a released || fail "$b had to wait for $a: $(cat $DBG/events)"
flush
accel_state_is $a unbound || fail "a flush does not wait for the release of $a: $(accel_get $a state)"
accel_set $a remove_delay_ms 0
accel_bind $a || fail "cannot bind $a"
accel_bind $b || fail "cannot bind $b"
path_is_up $a || fail "$a is not attached"
path_is_up $b || fail "$b is not attached"
