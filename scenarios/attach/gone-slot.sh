#!/bin/sh
#: summary: a device whose slot is powered off is released once, and nothing is left
#: needs: { modules: [cxl_attach_test], memdevs: 1 }
#: timeout: 60s
#: isolate: true
. /bench/lib.sh
. /bench/suite/attach.lib

dev=$(accel_dev 1)
slot=$(slot_of $dev)
[ -n "$slot" ] || skip "the slot of $dev has no hotplug driver"
accel_up $dev
mem=$(memdev_of $dev)
r=$(accel_get $dev removes)
echo 0 > $slot/power
flush
poll 10 is_gone $dev || fail "$dev is still there"
nothing_left $dev $mem "after power-off"
[ $(($(accel_get $dev removes) - r)) = 1 ] || fail "not exactly one remove"
tell "slot off"
