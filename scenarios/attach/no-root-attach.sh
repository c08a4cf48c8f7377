#!/bin/sh
#: summary: without a CXL root and with attach, the call fails with -ENXIO and leaves nothing; a later bind succeeds
#: needs: { modules: [cxl_attach_test], memdevs: 1 }
#: timeout: 60s
#: deny: [cxl_acpi]
#: isolate: true
#: kmsg:
#:   allow:
#:   - match: '^cxl_mem mem\d+: CXL port topology not found$'
#:     because: the root is not there, or not whole; of a restricted device alone, as the mock bus has one,
#:       cxl_mem_probe() (drivers/cxl/mem.c) says so, since devm_cxl_enumerate_ports() returns 0 at once for it
. /bench/lib.sh
. /bench/suite/attach.lib

begin_without_root
dev=$(accel_dev 1)
accel_take $dev
accel_bind $dev || fail "cannot bind $dev"
accel_state_is $dev pcie-only || fail "state is $(accel_get $dev state)"
[ "$(accel_get $dev add_rc)" = -6 ] || fail "add failed with $(accel_get $dev add_rc), not -6"
has_no_memdev $dev || fail "$(memdev_of $dev) is left"
[ $(accel_get $dev callbacks) = 0 ] || fail "a callback without a root"
tell "no root"

bring_root || fail "no CXL root to be had"
flush
poll 10 root_is_up || fail "no CXL root"
sleep 1
flush
accel_state_is $dev pcie-only || fail "state is $(accel_get $dev state) with a root"
[ $(accel_get $dev removes) = 0 ] || fail "the driver was released"

accel_unbind $dev || fail "cannot unbind $dev"
accel_bind $dev || fail "cannot bind $dev"
expect_state $dev cxl "after a new bind"
path_is_up $dev || fail "$dev is not attached"
[ $(accel_get $dev callbacks) = 1 ] || fail "$(accel_get $dev callbacks) callbacks"
tell "with a root, and bound again"
