#!/bin/sh
#: summary: without a CXL root and with NULL, a memdev is registered, and attaches by itself when the root comes
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
accel_set $dev attach N
accel_bind $dev || fail "cannot bind $dev"
accel_state_is $dev cxl || fail "state is $(accel_get $dev state)"
mem=$(memdev_of $dev)
[ -n "$mem" ] || fail "no memdev"
is_detached $mem || fail "$mem is attached, to what?"
flush
accel_state_is $dev cxl || fail "state is $(accel_get $dev state) after a flush"
tell "no root"

bring_root || fail "no CXL root to be had"
flush
poll 10 is_attached $mem || fail "$mem does not attach by itself"
path_is_up $dev || fail "$mem has no endpoint"
[ $(accel_get $dev callbacks) = 0 ] || fail "a callback with NULL attach"
tell "with a root"
