#!/bin/sh
#: summary: a correctable error that comes in while the callback runs outlives the memdev, which fails
#: needs: { modules: [cxl_attach_test], memdevs: 1 }
#: timeout: 60s
#: isolate: true
#: kmsg:
#:   allow:
#:   - match: '^cxl_mem mem\d+: probe with driver cxl_mem failed with error -5$'
#:     because: the callback fails the memdev's probe (drivers/base/dd.c, call_driver_probe())
#:   - match: '^cxl_attach_pci \S+: +((PCIe|CXL) Bus Error: severity=Correctable|device .* error status/mask=00004000/|\[14\] CorrIntErr)'
#:     because: the host has the device report a correctable internal error, which aer_print_error()
#:       (drivers/pci/pcie/aer.c) prints
#:   - match: '^cxl_attach_pci \S+: mem\d+: memdev disabled, abort error handling$'
#:     because: the handler gets the lock of the memdev when that has failed (cxl_cor_error_detected(), drivers/cxl/core/)
# The handler is called without a lock, and waits for that of the memdev, which
# fails and goes meanwhile. That it holds a reference does not show here: who waits
# for a mutex gets it before the removal, which needs it again, is through. It is
# for what the handler does before it waits, a few instructions.
. /bench/lib.sh
. /bench/suite/attach.lib

service aer
can cxl-inject-correctable-error
dev=$(accel_dev 1)
accel_take $dev
accel_set $dev callback_rc -5
accel_set $dev callback_delay_ms $(delay_ms 3000)
correctable_error_after callback $dev
accel_state_is $dev probing || fail "the callback was over, nothing to be seen here"
wait
accel_state_is $dev pcie-only || fail "state is $(accel_get $dev state)"
has_no_memdev $dev || fail "$(memdev_of $dev) is left"
diag "$(events $dev)"

accel_unbind $dev || fail "cannot unbind $dev"
accel_set $dev callback_delay_ms 0
accel_set $dev callback_rc 0
accel_bind $dev || fail "cannot bind $dev"
accel_state_is $dev cxl || fail "state is $(accel_get $dev state)"
