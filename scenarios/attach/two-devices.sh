#!/bin/sh
#: summary: of two devices one fails to attach, and loses operation later; the other is unharmed
#: needs: { modules: [cxl_attach_test], memdevs: 2 }
#: timeout: 90s
#: kmsg:
#:   allow:
#:   - match: '^cxl_mem mem\d+: probe with driver cxl_mem failed with error -5$'
#:     because: the callback of the second device fails the memdev's probe (drivers/base/dd.c, call_driver_probe())
. /bench/lib.sh
. /bench/suite/attach.lib

need_devs 2
a=$(accel_dev 1)
b=$(accel_dev 2)
accel_take $a
accel_take $b
accel_set $b callback_rc -5
poll 10 root_is_up || fail "no CXL root"
ra=$(accel_get $a removes)

accel_bind $a || fail "cannot bind $a"
accel_bind $b || fail "cannot bind $b"
flush
accel_state_is $a cxl || fail "$a is $(accel_get $a state)"
path_is_up $a || fail "$a is not attached"
accel_state_is $b pcie-only || fail "$b is $(accel_get $b state)"
tell "one failed"

accel_unbind $b || fail "cannot unbind $b"
accel_set $b callback_rc 0
accel_bind $b || fail "cannot bind $b"
expect_state $b cxl "after bind"
tell "both attached"
cxl_unbind cxl_mem $(memdev_of $b) || fail "cannot unbind $(memdev_of $b)"
flush
expect_released $b "after its memdev was unbound"
accel_state_is $a cxl || fail "$a is $(accel_get $a state)"
path_is_up $a || fail "$a is not attached"
[ $(accel_get $a removes) = $ra ] || fail "$a was released"
tell "one left"
