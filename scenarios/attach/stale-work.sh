#!/bin/sh
#: summary: detach work that is late, for a memdev of the past, does not release the driver that is bound by then
#: needs: { modules: [cxl_attach_test], memdevs: 2 }
#: timeout: 60s
. /bench/lib.sh
. /bench/suite/attach.lib

# The work of all memdevs runs on one ordered queue. It is held up by b, which loses its endpoint while its callback
# sleeps: that work waits for the lock of b's memdev, and the work that a's unbind leaves behind waits behind it.
a=$(accel_dev 1)
b=$(accel_dev 2)
accel_up $a
accel_take $b
accel_set $b callback_delay_ms $((4000 * ${PATIENCE:-1}))
callbacks=$(accel_get $b callbacks)
removes=$(accel_get $a removes)
accel_bind $b &
in_callback() { [ $(accel_get $b callbacks) -gt $callbacks ]; }
poll 10 in_callback || fail "$b does not get to its callback"
endpoint=$(endpoint_of $(memdev_of $b))
[ -n "$endpoint" ] || fail "$b has no endpoint in its callback"
cxl_unbind cxl_port $endpoint || fail "cannot unbind $endpoint"

accel_unbind $a || fail "cannot unbind $a"
accel_bind $a || fail "cannot bind $a"
accel_state_is $a cxl || fail "state of $a is $(accel_get $a state)"
[ "$(accel_get $b state)" = probing ] || fail "the work was not held up: $b is $(accel_get $b state)"
wait
flush
sleep 1
flush
diag "$b lost its endpoint in its callback: $(accel_get $b state), add $(accel_get $b add_rc)"
accel_state_is $a cxl || fail "$a was released by work for its last memdev: $(accel_get $a state)"
[ $(($(accel_get $a removes) - removes)) = 1 ] || fail "$(($(accel_get $a removes) - removes)) removes of $a, not one"
path_is_up $a || fail "$a is not attached"
