#!/bin/sh
#: summary: with NULL, the last bind of the memdev survives unbinding and binding in a tight loop
#: needs: { modules: [cxl_attach_test], memdevs: 1 }
#: timeout: 180s
. /bench/lib.sh
. /bench/suite/attach.lib

dev=$(accel_dev 1)
accel_up $dev N
mem=$(memdev_of $dev)
rebind $mem 40
flush
sleep 1
flush
is_attached $mem || fail "$mem is not attached after the last bind"
path_is_up $dev || fail "$mem has no endpoint after the last bind"
accel_state_is $dev cxl || fail "$dev is $(accel_get $dev state)"
diag "40 rounds"
