#!/bin/sh
#: summary: sanitize and a media event on a memdev of cxl_pci that was never attached
#: needs: { memdevs: 1 }
#: timeout: 60s
#: deny: [cxl_acpi]
#: isolate: true
. /bench/lib.sh
. /bench/suite/attach.lib

[ ! -d /sys/module/cxl_acpi ] || fail "cxl_acpi is loaded, nothing to be seen here"
dev=$(accel_dev 1)
has_memdev() { [ -n "$(memdev_of $dev)" ]; }
poll 10 has_memdev || fail "$dev has no memdev"
mem=$(memdev_of $dev)
[ "$(driver_of $BUS/devices/$dev)" = cxl_pci ] || fail "$dev is not bound to cxl_pci"
is_detached $mem || fail "$mem is attached"

unattached_is_used $mem

modprobe cxl_acpi || fail "cannot load cxl_acpi"
flush
poll 10 is_attached $mem || fail "$mem does not attach by itself"
