#!/bin/sh
#: summary: detach work that is late finds the device of its memdev gone, and does not touch it
#: needs: { modules: [cxl_attach_test], memdevs: 2 }
#: timeout: 60s
#: isolate: true
. /bench/lib.sh
. /bench/suite/attach.lib

a=$(accel_dev 1)
b=$(accel_dev 2)
accel_up $a
accel_take $b
hold_queue $b
# The memdev has to hold the device that the work looks at. Its loss shows under KASAN.
cxl_unbind cxl_mem $(memdev_of $a) || fail "cannot unbind $(memdev_of $a)"
echo 1 > $BUS/devices/$a/remove
is_gone $a || fail "$a is still there"
queue_was_held $b
wait
flush
accel_state_is $a unbound || fail "$a is $(accel_get $a state)"
rescan $a
accel_up $a
