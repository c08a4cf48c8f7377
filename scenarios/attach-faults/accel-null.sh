#!/bin/sh
#: summary: with NULL, a memdev is registered whole or not at all, whichever allocation of the bind fails
#: needs: { modules: [cxl_attach_test], memdevs: 1 }
#: cmdline: ["slab_debug=P"]
#: isolate: true
# A memdev that did not attach stays registered, and attaches when it is bound.
. /bench/lib.sh
. /bench/suite/attach.lib
. /bench/suite/faults.lib

need_failslab
dev=$(accel_dev 1)
accel_up $dev N
mem=$(memdev_of $dev)
accel_unbind $dev || fail "cannot unbind $dev"
flush
ports=$(port_numbers | wc -w)
detached=0

round() {
	when="as allocation $1 failed"
	case $2/$(accel_get $dev state)/$(accel_get $dev add_rc)/$(memdev_of $dev) in
	0/cxl/0/$mem) ;;
	0/pcie-only/-12/)
		accel_unbind $dev || fail "cannot unbind $dev $when"
		return
		;;
	[1-9]*/unbound/*/) return ;;
	*)
		tell "$when"
		fail "bind returned $2, add $(accel_get $dev add_rc), $dev is $(accel_get $dev state) $when"
		;;
	esac
	if is_detached $mem; then
		detached=$((detached + 1))
		cxl_bind cxl_mem $mem || fail "$mem does not bind, $when"
	fi
	path_is_up $dev || { tell "$when"; fail "$mem is not attached, $when"; }
	accel_unbind $dev || fail "cannot unbind $dev $when"
}

each_failing $BUS/drivers/$DRV/bind $dev round
diag "$detached memdevs were registered and not attached"
[ $detached -gt 20 ] || fail "only $detached allocations of the attachment failed"
path_is_up $dev || { tell "in the end"; fail "$dev is not attached in the end"; }
accel_unbind $dev || fail "cannot unbind $dev in the end"
nothing_is_held $ports
