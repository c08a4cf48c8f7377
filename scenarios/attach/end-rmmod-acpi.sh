#!/bin/sh
#: summary: removing the cxl_acpi module releases the accelerator's driver with attach, and only the memdev with NULL
#: needs: { modules: [cxl_attach_test], memdevs: 1 }
#: timeout: 60s
#: isolate: true
# As with unbinding ACPI0017. In addition the module waits for the detach work,
# so all is over when modprobe returns.
. /bench/lib.sh
. /bench/suite/attach.lib

dev=$(accel_dev 1)
remove_acpi() { unload cxl_acpi; }
load_acpi() { modprobe cxl_acpi; }

accel_up $dev
end_with_attach $dev remove_acpi load_acpi
accel_up $dev N
end_with_null $dev remove_acpi load_acpi self
