#!/bin/sh
#: summary: when the CXL root goes, the accelerator's driver is released, and its region goes
#: needs: { modules: [cxl_mock_accel] }
#: isolate: true
. /bench/lib.sh
. /bench/suite/type2.lib

type2_load
unbind_root() { echo cxl_acpi.0 > /sys/bus/platform/drivers/cxl_acpi/unbind; }
bind_root() { echo cxl_acpi.0 > /sys/bus/platform/drivers/cxl_acpi/bind; }
end_by unbind_root bind_root
