#!/bin/sh
#: summary: detach work that is late finds the device of its memdev gone, and does not touch it
#: needs: { modules: [cxl_attach_test], memdevs: 2 }
#: timeout: 60s
#: isolate: true
. /bench/lib.sh
. /bench/suite/attach.lib

# As in stale-work the ordered queue is held up by b. Behind it waits the work of a's memdev, while a itself is removed from
# the PCI bus: the memdev has to hold the device that the work looks at. Its loss shows under KASAN.
a=$(accel_dev 1)
b=$(accel_dev 2)
accel_up $a
accel_take $b
accel_set $b callback_delay_ms $((4000 * ${PATIENCE:-1}))
callbacks=$(accel_get $b callbacks)
accel_bind $b &
in_callback() { [ $(accel_get $b callbacks) -gt $callbacks ]; }
poll 10 in_callback || fail "$b does not get to its callback"
endpoint=$(endpoint_of $(memdev_of $b))
[ -n "$endpoint" ] || fail "$b has no endpoint in its callback"
cxl_unbind cxl_port $endpoint || fail "cannot unbind $endpoint"

echo 1 > $BUS/devices/$a/remove
is_gone $a || fail "$a is still there"
[ "$(accel_get $b state)" = probing ] || fail "the work was not held up: $b is $(accel_get $b state)"
wait
flush
accel_state_is $a unbound || fail "$a is $(accel_get $a state)"
echo 1 > $BUS/rescan
poll 10 test -e $BUS/devices/$a || fail "$a does not come back"
accel_up $a
