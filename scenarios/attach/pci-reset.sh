#!/bin/sh
#: summary: a reset of the function is survived by a memdev that is attached, and by one that is not
#: needs: { memdevs: 1 }
#: timeout: 60s
#: isolate: true
#: kmsg:
#:   allow:
#:   - match: '^cxl_pci \S+: reset(ting| done)$'
#:     because: pci_reset_function() (drivers/pci/pci.c of 7.3) says so of each device
. /bench/lib.sh
. /bench/suite/attach.lib

dev=$(accel_dev 1)
[ "$(driver_of $BUS/devices/$dev)" = cxl_pci ] || fail "$dev is not bound to cxl_pci"
poll 10 path_is_up $dev || fail "$dev is not attached"
mem=$(memdev_of $dev)
reset=$BUS/devices/$dev/reset
[ -e $reset ] || skip "$dev has no method of reset"
diag "reset by $(cat ${reset}_method)"

echo 1 > $reset || fail "cannot reset $dev"
is_attached $mem || fail "$mem is not attached after a reset"
path_is_up $dev || fail "$mem has no endpoint after a reset"
diag "attached"

cxl_unbind cxl_mem $mem || fail "cannot unbind $mem"
flush
echo 1 > $reset || fail "cannot reset $dev, whose memdev is not attached"
cxl_bind cxl_mem $mem || fail "cannot bind $mem after a reset"
path_is_up $dev || fail "$mem has no endpoint after a reset without one"
diag "not attached"
