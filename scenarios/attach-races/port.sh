#!/bin/sh
#: summary: attach races with the port above that loses its driver, behind a switch the switch's
#: needs: { modules: [cxl_attach_test], memdevs: 1 }
#: isolate: true
. /bench/lib.sh
. /bench/suite/attach.lib

# A switch port that loses its driver goes with its last endpoint, and is made anew by the next bind; a host bridge's port stays.
# A sibling keeps the switch port there, so that there is one to unbind.
dev=$(accel_dev 1)
accel_up $dev
above=$(port_of $(endpoint_of $(memdev_of $dev)))
uport=$(readlink -f $CXL/devices/$above/uport)
accel_unbind $dev || fail "cannot unbind $dev"

# port: its name now
port() {
	for _p in $(ports); do
		[ "$(readlink -f $CXL/devices/$_p/uport)" != "$uport" ] || echo $_p
	done
}

unbind_port() {
	_now=$(port)
	[ -z "$_now" ] || cxl_unbind cxl_port $_now
	true
}

bind_port() {
	flush
	_now=$(port)
	[ -z "$_now" ] || [ -n "$(driver_of $CXL/devices/$_now)" ] || cxl_bind cxl_port $_now
}
race $dev 200 unbind_port bind_port
