#!/bin/sh
#: summary: a correctable error that comes in before the driver has set its data is left alone
#: needs: { modules: [cxl_attach_test], memdevs: 1 }
#: timeout: 60s
#: isolate: true
#: kmsg:
#:   allow:
#:   - match: '^cxl_attach_pci \S+: +((PCIe|CXL) Bus Error: severity=Correctable|device .* error status/mask=00004000/|\[14\] CorrIntErr)'
#:     because: the host has the device report a correctable internal error, which aer_print_error()
#:       (drivers/pci/pcie/aer.c) prints
# The AER core calls the handlers of a driver from the beginning of its probe.
. /bench/lib.sh
. /bench/suite/attach.lib

service aer
can cxl-inject-correctable-error
dev=$(accel_dev 1)
accel_take $dev
accel_set $dev probe_delay_ms $(delay_ms 3000)
correctable_error_after probe $dev
diag "$(events $dev)"
[ "$(events $dev)" = "probe err_cor" ] || fail "the probe was over, nothing to be seen here: $(events $dev)"
wait
accel_state_is $dev cxl || fail "state is $(accel_get $dev state)"
path_is_up $dev || { tell "after the error"; fail "$dev is not attached"; }
