#!/bin/sh
#: summary: host bridge port without a driver, attach fails, and succeeds after the port is bound
#: needs: { modules: [cxl_attach_test], memdevs: 1 }
#: timeout: 60s
#: isolate: true
#: kmsg:
#:   allow:
#:   - match: '^cxl_mem mem\d+: CXL port topology not found$'
#:     because: the root is not there, or not whole; of a restricted device alone, as the mock bus has one,
#:       cxl_mem_probe() (drivers/cxl/mem.c) says so, since devm_cxl_enumerate_ports() returns 0 at once for it
. /bench/lib.sh
. /bench/suite/attach.lib

dev=$(accel_dev 1)
accel_up $dev
port=$(hb_port_of $(endpoint_of $(memdev_of $dev)))
accel_unbind $dev || fail "cannot unbind $dev"
cxl_unbind cxl_port $port || fail "cannot unbind $port"
flush
accel_bind $dev || fail "cannot bind $dev"
accel_state_is $dev pcie-only || fail "state is $(accel_get $dev state)"
has_no_memdev $dev || fail "$(memdev_of $dev) is left"
tell "no driver for $port: add failed with $(accel_get $dev add_rc)"

cxl_bind cxl_port $port || fail "cannot bind $port"
flush
sleep 1
accel_state_is $dev pcie-only || fail "state is $(accel_get $dev state) after $port was bound"
accel_unbind $dev || fail "cannot unbind $dev"
accel_bind $dev || fail "cannot bind $dev"
expect_state $dev cxl "after $port was bound"
path_is_up $dev || fail "$dev is not attached"
tell "driver bound to $port"
