#!/bin/sh
#: summary: attach races with the unplugging of its device, asked for by the host
#: needs: { modules: [cxl_attach_test], memdevs: 1 }
#: isolate: true
. /bench/lib.sh
. /bench/suite/attach.lib

# The attention button gives five seconds to change one's mind: binds and unbinds go on for as long as the device is there, and
# the unplug meets whichever moment they are at.
dev=$(accel_dev 1)
accel_take $dev
poll 10 root_is_up || fail "no CXL root"
accel_set $dev callback_delay_ms 5
binds=0
host device-del-request mem0 || fail "the host refuses"
until is_gone $dev; do
	accel_bind $dev && binds=$((binds + 1))
	accel_unbind $dev
	[ $binds -lt 5000 ] || fail "the device does not go"
done
flush
accel_state_is $dev unbound || fail "$dev is $(accel_get $dev state) without its device"
[ -z "$(driver_of $BUS/devices/$dev)" ] || fail "$dev has a driver"
for entry in $CXL/devices/endpoint*; do
	[ ! -e $entry ] || case $(readlink -f $entry/uport) in */$dev/*) fail "${entry##*/} is left" ;; esac
done
[ $binds -gt 10 ] || fail "only $binds binds before the device was gone"
diag "gone after $binds binds"
tell "gone"
