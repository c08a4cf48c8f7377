#!/bin/sh
#: summary: loading cxl_pci loads cxl_mem with it
#: needs: { memdevs: 1 }
#: timeout: 60s
#: deny: [cxl_mem, cxl_port, cxl_pci, cxl_pmem, cxl_acpi]
#: isolate: true
. /bench/lib.sh

for m in cxl_mem cxl_pci; do
	[ ! -d /sys/module/$m ] || fail "$m is loaded, nothing to be seen here"
done
modprobe cxl_pci || fail "cannot load cxl_pci"
[ -d /sys/module/cxl_mem ] || fail "cxl_mem is not loaded with its user"
