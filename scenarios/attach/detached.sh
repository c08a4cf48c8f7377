#!/bin/sh
#: summary: sanitize and a media event on a memdev of cxl_pci that was attached and is not any more
#: needs: { memdevs: 1 }
#: timeout: 60s
#: isolate: true
. /bench/lib.sh
. /bench/suite/attach.lib

dev=$(accel_dev 1)
mem=$(memdev_of $dev)
[ "$(driver_of $BUS/devices/$dev)" = cxl_pci ] || fail "$dev is not bound to cxl_pci"
poll 10 is_attached $mem || fail "$mem is not attached"
cxl_unbind cxl_mem $mem || fail "cannot unbind $mem"
flush
unattached_is_used $mem
cxl_bind cxl_mem $mem || fail "cannot bind $mem"
is_attached $mem || fail "$mem does not attach again"
