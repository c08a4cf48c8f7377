#!/bin/sh
#: summary: attach races with the removal of the driver that asks for it
#: needs: { modules: [cxl_attach_test], memdevs: 1 }
. /bench/lib.sh
. /bench/suite/attach.lib

dev=$(accel_dev 1)
accel_take $dev
poll 10 root_is_up || fail "no CXL root"
removes=$(accel_get $dev removes)
unbind() { accel_unbind $dev || true; }
RACE_REMOVES=y
race $dev 300 unbind true
diag "$(($(accel_get $dev removes) - removes)) removes"
