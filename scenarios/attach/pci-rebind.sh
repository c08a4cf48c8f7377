#!/bin/sh
#: summary: a memdev of cxl_pci can be unbound and bound in a tight loop, and stays attached after it
#: needs: { memdevs: 1 }
#: timeout: 60s
. /bench/lib.sh
. /bench/suite/attach.lib

dev=$(accel_dev 1)
mem=$(memdev_of $dev)
poll 10 is_attached $mem || fail "$mem is not attached"
rebind $mem 40
flush
is_attached $mem || fail "$mem is not attached after the last bind"
path_is_up $dev || fail "$mem has no endpoint after the last bind"
diag "40 rounds"
