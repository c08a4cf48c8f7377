#!/bin/sh
#: summary: attach->probe() runs once, after the endpoint port is up; success leaves memdev and endpoint
#: needs: { modules: [cxl_attach_test], memdevs: 1 }
#: timeout: 60s
. /bench/lib.sh
. /bench/suite/attach.lib

dev=$(accel_dev 1)
accel_take $dev
poll 10 root_is_up || fail "no CXL root"
events_clear
n=$(accel_get $dev callbacks)

accel_bind $dev || fail "cannot bind $dev"
# no polling: the result is there when bind returns
accel_state_is $dev cxl || fail "state is $(accel_get $dev state)"
mem=$(memdev_of $dev)
[ -n "$mem" ] || fail "no memdev"
[ "$mem" = "$(accel_get $dev memdev)" ] || fail "memdev $mem is not the one returned"
is_attached $mem || fail "$mem is not bound to cxl_mem"
ep=$(endpoint_of $mem)
[ -n "$ep" ] || fail "$mem has no endpoint"
[ "$(driver_of $CXL/devices/$ep)" = cxl_port ] || fail "$ep is not bound to cxl_port"

[ $(($(accel_get $dev callbacks) - n)) = 1 ] || fail "$(($(accel_get $dev callbacks) - n)) callbacks"
[ "$(accel_get $dev callback_endpoint)" = bound ] ||
	fail "callback saw endpoint: $(accel_get $dev callback_endpoint)"
depth=2
[ -z "$(switch_port_of $ep)" ] || depth=3
[ "$(accel_get $dev callback_depth)" = $depth ] ||
	fail "callback saw depth $(accel_get $dev callback_depth), not $depth"
[ "$(events $dev)" = "probe callback added" ] || fail "order: $(events $dev)"
# cxl_test's stand-in has the mailbox of the expander that it is.
[ $MODULES = mock ] || has_no_mailbox $mem

flush
accel_state_is $dev cxl || fail "state is $(accel_get $dev state) after a flush"
[ $(($(accel_get $dev callbacks) - n)) = 1 ] || fail "another callback after a flush"
tell "attached"
