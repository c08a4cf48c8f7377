#!/bin/sh
#: summary: unbinding ACPI0017 releases the accelerator's driver with attach, and only the memdev with NULL
#: needs: { modules: [cxl_attach_test], memdevs: 1 }
#: timeout: 60s
#: isolate: true
# What persists: no port at all. Binding ACPI0017 again brings a memdev with
# NULL back by itself, as part of the scan at the end of its probe.
. /bench/lib.sh
. /bench/suite/attach.lib

dev=$(accel_dev 1)
unbind_root() {
	root=$(root_dev)
	echo $root > /sys/bus/platform/drivers/cxl_acpi/unbind
}
bind_root() { echo $root > /sys/bus/platform/drivers/cxl_acpi/bind; }

accel_up $dev
end_with_attach $dev unbind_root bind_root
accel_up $dev N
end_with_null $dev unbind_root bind_root self
