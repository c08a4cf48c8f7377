#!/bin/sh
#: summary: unbinding cxl_mem releases the accelerator's driver with attach, and only the memdev with NULL
#: needs: { modules: [cxl_attach_test], memdevs: 1 }
#: timeout: 60s
# What persists: the host bridge port, always. The switch port, if there is one,
# is reaped with its last endpoint, and created again with the next.
. /bench/lib.sh
. /bench/suite/attach.lib

dev=$(accel_dev 1)
unbind_mem() { cxl_unbind cxl_mem $(memdev_of $dev); }

accel_up $dev
end_with_attach $dev unbind_mem true
accel_up $dev N
end_with_null $dev unbind_mem true bind
