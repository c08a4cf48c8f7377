#!/bin/sh
#: summary: loading only cxl_pci, and a root, is enough for its memdev to attach
#: needs: { memdevs: 1 }
#: timeout: 60s
#: deny: [cxl_mem, cxl_port, cxl_pci, cxl_pmem, cxl_acpi]
#: isolate: true
. /bench/lib.sh
. /bench/suite/attach.lib

for m in cxl_mem cxl_port cxl_acpi; do
	[ ! -d /sys/module/$m ] || fail "$m is loaded, nothing to be seen here"
done
modprobe cxl_acpi || fail "cannot load cxl_acpi"
modprobe cxl_pci || fail "cannot load cxl_pci"
for m in cxl_mem cxl_port; do
	[ -d /sys/module/$m ] || fail "$m is not loaded with its user"
done
poll 10 root_is_up || fail "no CXL root"
dev=$(accel_dev 1)
has_memdev() { [ -n "$(memdev_of $dev)" ]; }
poll 10 has_memdev || fail "$dev has no memdev"
flush
path_is_up $dev || fail "$dev is not attached"
