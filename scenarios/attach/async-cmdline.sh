#!/bin/sh
#: summary: driver_async_probe= for cxl_mem and cxl_port does not make attaching asynchronous
#: needs: { modules: [cxl_attach_test], memdevs: 1 }
#: timeout: 60s
#: cmdline: ["driver_async_probe=cxl_mem,cxl_port"]
#: isolate: true
. /bench/lib.sh
. /bench/suite/attach.lib

grep -q driver_async_probe=cxl_mem,cxl_port /proc/cmdline || fail "command line lacks the option"
dev=$(accel_dev 1)
for attach in Y N; do
	i=0
	while [ $i -lt 5 ]; do
		i=$((i + 1))
		accel_take $dev
		accel_set $dev attach $attach
		poll 10 root_is_up || fail "no CXL root"
		accel_bind $dev || fail "cannot bind $dev"
		# no polling
		accel_state_is $dev cxl || fail "round $i: $(accel_get $dev state) (attach: $attach)"
		path_is_up $dev || fail "round $i: not attached (attach: $attach)"
	done
done
