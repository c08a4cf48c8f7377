#!/bin/sh
#: summary: an accelerator that is an endpoint of the root complex attaches below a restricted host, and is released with it
#: needs: { modules: [cxl_attach_test] }
#: timeout: 60s
. /bench/lib.sh
. /bench/suite/attach.lib

for dev in $BUS/devices/cxl_rcd.*; do
	dev=${dev##*/}
done
[ -e $BUS/devices/$dev ] || fail "no restricted device"
accel_up $dev
mem=$(memdev_of $dev)
port=$(port_of $(endpoint_of $mem))
case $port in
root*) ;;
*) fail "$mem is below $port, not below the root" ;;
esac
[ "$(accel_get $dev callback_endpoint)" = bound ] || fail "callback saw endpoint: $(accel_get $dev callback_endpoint)"
[ "$(accel_get $dev callback_depth)" = 1 ] || fail "callback saw depth $(accel_get $dev callback_depth), not 1"

unbind_endpoint() { cxl_unbind cxl_port $(endpoint_of $(memdev_of $dev)); }
end_with_attach $dev unbind_endpoint true
