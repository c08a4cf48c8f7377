#!/bin/sh
#: summary: detach work that is late, for a memdev of the past, does not release the driver that is bound by then
#: needs: { modules: [cxl_attach_test], memdevs: 2 }
#: timeout: 60s
. /bench/lib.sh
. /bench/suite/attach.lib

a=$(accel_dev 1)
b=$(accel_dev 2)
accel_up $a
accel_take $b
removes=$(accel_get $a removes)
hold_queue $b
# The work that this leaves behind is for a memdev of the past by the time it runs.
cxl_unbind cxl_mem $(memdev_of $a) || fail "cannot unbind $(memdev_of $a)"
accel_unbind $a || fail "cannot unbind $a"
accel_bind $a || fail "cannot bind $a"
accel_state_is $a cxl || fail "state of $a is $(accel_get $a state)"
queue_was_held $b
wait
flush
sleep 1
flush
diag "$b lost its endpoint in its callback: $(accel_get $b state), add $(accel_get $b add_rc)"
accel_state_is $a cxl || fail "$a was released by work for its last memdev: $(accel_get $a state)"
[ $(($(accel_get $a removes) - removes)) = 1 ] || fail "$(($(accel_get $a removes) - removes)) removes of $a, not one"
path_is_up $a || fail "$a is not attached"
