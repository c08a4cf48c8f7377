#!/bin/sh
#: summary: cxl_acpi comes late, how the ports come up, and what attach makes of it
#: needs: { modules: [cxl_attach_test], memdevs: 1 }
#: timeout: 90s
#: deny: [cxl_acpi]
#: isolate: true
#: kmsg:
#:   allow:
#:   - match: '^cxl_mem mem\d+: CXL port topology not found$'
#:     because: the root is not there, or not whole; of a restricted device alone, as the mock bus has one,
#:       cxl_mem_probe() (drivers/cxl/mem.c) says so, since devm_cxl_enumerate_ports() returns 0 at once for it
# A driver that attaches while cxl_acpi is loading may see any stage of it. The
# outcome has to be one of two: attached, or nothing left. Never something in
# between, and never a release after that.
. /bench/lib.sh
. /bench/suite/attach.lib

begin_without_root
# Not to be loaded by a uevent while cxl_acpi is being removed: on 6.12 that
# crashes in cxl_nvdimm_probe(), with and without attach.
modprobe cxl_pmem
dev=$(accel_dev 1)
accel_take $dev
up=0
down=0
round=0
while [ $round -lt 10 ]; do
	round=$((round + 1))
	bring_root &
	tries=0
	while :; do
		tries=$((tries + 1))
		accel_bind $dev || fail "cannot bind $dev"
		case $(accel_get $dev state) in
		cxl)
			path_is_up $dev || fail "round $round: state cxl without a path"
			up=$((up + 1))
			break
			;;
		pcie-only)
			has_no_memdev $dev || fail "round $round: $(memdev_of $dev) is left"
			down=$((down + 1))
			;;
		*)
			fail "round $round: state $(accel_get $dev state)"
			;;
		esac
		[ $tries -lt 200 ] || fail "round $round: no success in $tries tries"
		accel_unbind $dev || fail "round $round: cannot unbind $dev"
	done
	wait
	flush
	accel_state_is $dev cxl || fail "round $round: released after the root came"
	[ $round != 1 ] || tell "first success"
	diag "round $round: $tries tries, ports: $(ports | wc -l)"
	accel_unbind $dev || fail "cannot unbind $dev"
	drop_root || fail "the CXL root does not go"
done
diag "$up times attached, $down times not"
