#!/bin/sh
#: summary: unbinding the host bridge port releases the accelerator's driver with attach, and only the memdev with NULL
#: needs: { modules: [cxl_attach_test], memdevs: 1 }
#: timeout: 60s
#: isolate: true
# What persists: the host bridge port, without a driver. Below it all is gone,
# the switch port included. Binding it again makes a bind of the accelerator,
# or of the memdev, succeed; nothing attaches by itself.
. /bench/lib.sh
. /bench/suite/attach.lib

dev=$(accel_dev 1)
unbind_port() {
	port=$(hb_port_of $(endpoint_of $(memdev_of $dev)))
	cxl_unbind cxl_port $port
}
bind_port() { cxl_bind cxl_port $port; }

accel_up $dev
end_with_attach $dev unbind_port bind_port
accel_up $dev N
end_with_null $dev unbind_port bind_port bind
