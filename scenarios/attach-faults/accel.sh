#!/bin/sh
#: summary: whichever allocation of its bind fails, the driver has CXL operation whole or nothing of it, and nothing is left
#: needs: { modules: [cxl_attach_test], memdevs: 1 }
#: cmdline: ["slab_debug=P"]
#: isolate: true
. /bench/lib.sh
. /bench/suite/attach.lib
. /bench/suite/faults.lib

need_failslab
dev=$(accel_dev 1)
accel_up $dev
mem=$(memdev_of $dev)
endpoint=$(endpoint_of $mem)
accel_unbind $dev || fail "cannot unbind $dev"
flush
ports=$(port_numbers | wc -w)
alone=0

round() {
	when="as allocation $1 failed"
	state=$(accel_get $dev state)
	case $2/$state/$(accel_get $dev add_rc) in
	0/cxl/0) ;;
	0/pcie-only/-6 | 0/pcie-only/-12) alone=$((alone + 1)) ;;
	[1-9]*/unbound/*) ;;
	*) fail "bind returned $2, add $(accel_get $dev add_rc), $dev is $state $when" ;;
	esac
	settled $dev "$when"
	flush
	case "$(events $dev)" in
	*failed*remove*) fail "released after its call failed: $(events $dev), $when" ;;
	esac
	[ $state = unbound ] || accel_unbind $dev || fail "cannot unbind $dev $when"
	has_no_memdev $dev || fail "$(memdev_of $dev) is left after the unbind, $when"
	events_clear
}

events_clear
each_failing $BUS/drivers/$DRV/bind $dev round
diag "$alone binds without CXL"
[ $alone -gt 20 ] || fail "only $alone allocations of the call failed"
expect_state $dev cxl "in the end"
path_is_up $dev || { tell "in the end"; fail "$dev is not attached in the end"; }
# A number that an error path forgets is never given again.
[ "$(memdev_of $dev)" = $mem ] || fail "$mem has become $(memdev_of $dev)"
[ "$(endpoint_of $mem)" = $endpoint ] || fail "$endpoint has become $(endpoint_of $mem)"
accel_unbind $dev || fail "cannot unbind $dev in the end"
nothing_is_held $ports
