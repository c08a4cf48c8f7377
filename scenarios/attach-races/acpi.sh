#!/bin/sh
#: summary: attach races with the CXL root that goes, which drains the queue of detach work, without a stall
#: needs: { modules: [cxl_attach_test], memdevs: 1 }
#: isolate: true
. /bench/lib.sh
. /bench/suite/attach.lib

# As in ready-acpi-late.
modprobe cxl_pmem
dev=$(accel_dev 1)
accel_up $dev
accel_unbind $dev || fail "cannot unbind $dev"
# The siblings would come and go with the root in each round, at ten times the price.
leave_alone $dev
restore() { bring_root && flush && poll 10 root_is_up; }
race $dev 200 drop_root restore
