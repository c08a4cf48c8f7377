#!/bin/sh
#: summary: members of a region that was there before the kernel are detached and attach again, with or without it
#: userland: busybox
#: timeout: 60s
#: isolate: true
. /bench/lib.sh
. /bench/suite/bus.lib

# cxl_test presents decoders of cxl_mem.0 and cxl_mem.4 as committed by firmware: a region over two switch ports.
case $(documented_region) in
*' 2 committed '*) load ;;
*)
	load
	skip "this variant has no region of two members"
	;;
esac

memdev_of() {
	for mem in /sys/bus/platform/devices/$1/mem*; do
		[ -e "$mem" ] && echo "${mem##*/}"
	done
}

whole() {
	for target in target0 target1; do
		case $(cat $bus/region0/$target 2> /dev/null) in
		decoder*) ;;
		*) return 1 ;;
		esac
	done
}

poll 30 whole || fail "there is no region of two members"
for member in cxl_mem.0 cxl_mem.4; do
	mem=$(memdev_of $member)
	echo "$mem" > /sys/bus/cxl/drivers/cxl_mem/unbind || fail "cannot unbind $mem"
	diag "$member ($mem) detached, region0: $(cat $bus/region0/target0) $(cat $bus/region0/target1)"
	# 6.12 takes the member back into the region, 7.3 has reset its decoder: either way it attaches.
	echo "$mem" > /sys/bus/cxl/drivers/cxl_mem/bind || fail "cannot bind $mem"
	poll 10 [ -e $bus/"$mem"/driver ] || fail "$mem is not bound"
	diag "$member attached again, region0: $(cat $bus/region0/target0) $(cat $bus/region0/target1)"
done
