#!/bin/sh
#: summary: attach races with the removal of its PCI device by sysfs
#: needs: { modules: [cxl_attach_test], memdevs: 1 }
#: isolate: true
. /bench/lib.sh
. /bench/suite/attach.lib

dev=$(accel_dev 1)
accel_take $dev
poll 10 root_is_up || fail "no CXL root"
remove() { echo 1 2> /dev/null > $BUS/devices/$dev/remove || true; }
rescan() {
	echo 1 > $BUS/rescan
	poll 10 test -e $BUS/devices/$dev && accel_claim $dev
}
RACE_REMOVES=y
race $dev 200 remove rescan
