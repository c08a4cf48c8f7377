#!/bin/sh
#: summary: loading only the module of the caller is enough for the call to attach
#: needs: { modules: [cxl_attach_test], memdevs: 1 }
#: timeout: 60s
#: deny: [cxl_mem, cxl_port, cxl_pci, cxl_pmem, cxl_acpi]
#: isolate: true
. /bench/lib.sh
. /bench/suite/attach.lib

for m in cxl_mem cxl_port cxl_acpi; do
	[ ! -d /sys/module/$m ] || fail "$m is loaded, nothing to be seen here"
done
modprobe $DRV || fail "cannot load $DRV"
for m in cxl_mem cxl_port; do
	[ -d /sys/module/$m ] || fail "$m is not loaded with its user"
done
modprobe cxl_acpi || fail "cannot load cxl_acpi"
dev=$(accel_dev 1)
accel_take $dev
poll 10 root_is_up || fail "no CXL root"
accel_bind $dev || fail "cannot bind $dev"
# no polling
accel_state_is $dev cxl || fail "state is $(accel_get $dev state)"
path_is_up $dev || fail "$dev is not attached"
