#!/bin/sh
#: summary: unbinding the switch port releases the accelerator's driver with attach, and only the memdev with NULL
#: needs: { modules: [cxl_attach_test], memdevs: 1 }
#: timeout: 60s
#: isolate: true
# What persists: the host bridge port, bound. The switch port is reaped with its
# last endpoint, no matter that it lost its driver before, and all devices of
# the switch lose their endpoint with the driver of the port. The next bind of
# the accelerator, or of a memdev, creates a new one.
. /bench/lib.sh
. /bench/suite/attach.lib

dev=$(accel_dev 1)
unbind_port() {
	port=$(switch_port_of $(endpoint_of $(memdev_of $dev)))
	cxl_unbind cxl_port $port
}

accel_up $dev
[ -n "$(switch_port_of $(endpoint_of $(memdev_of $dev)))" ] ||
	skip "needs a device behind a switch"
end_with_attach $dev unbind_port true
accel_up $dev N
end_with_null $dev unbind_port true bind
