#!/bin/sh
#: summary: attach races with a hotplug slot that is switched off
#: needs: { modules: [cxl_attach_test], memdevs: 1 }
#: isolate: true
. /bench/lib.sh
. /bench/suite/attach.lib

dev=$(accel_dev 1)
slot=$(slot_of $dev)
[ -n "$slot" ] || skip "the slot of $dev has no hotplug driver"
accel_take $dev
poll 10 root_is_up || fail "no CXL root"
# It is QEMU that takes a device away whose slot is off, and the host that puts it back: this is for the other half, and
# for each round a device of its own. Where QEMU leaves it in, behind a switch, it is the same device that comes again.
off() { echo 0 2> /dev/null > $slot/power || true; }
gone() { is_gone $dev; }
again() { host device-add mem0; }
if ! said=$(host can-take mem0 2>&1); then
	diag "$said"
	again() { echo 1 > $slot/power; }
fi
back() {
	poll 10 gone || return 1
	again || return 1
	# The kernel has found it, and is done with it, when it has a driver.
	poll 20 test -e $BUS/devices/$dev/driver && accel_claim $dev
}
RACE_REMOVES=y
race $dev 20 off back
