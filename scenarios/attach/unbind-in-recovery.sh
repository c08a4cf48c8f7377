#!/bin/sh
#: summary: a driver that is unbound while its device recovers from an error is not released once more, and its memdev is not held
#: needs: { modules: [cxl_attach_test], memdevs: 2 }
#: timeout: 90s
#: isolate: true
#: kmsg:
#:   allow:
#:   - match: '^pcieport \S+: +((PCIe|CXL) Bus Error: severity=Uncorrectable \(Fatal\)|device .* error status/mask=00000020/|\[ 5\] SDES )'
#:     because: the host has the port report Surprise Down, which aer_print_error() (drivers/pci/pcie/aer.c) prints
#:   - match: '^(cxl_pci|cxl_attach_pci) \S+: mem\d+: frozen state error detected, disable CXL\.mem$'
#:     because: cxl_error_detected() (drivers/cxl/core/) says so of each device below the port whose link is reset
#:   - match: '^pcieport \S+: Couldn.t locate the CXL\.cache and CXL\.mem capability array header\.$'
#:     because: the first device that is back has its switch's ports enumerated anew, while the AER core has not come to the
#:       ports behind it, whose BARs are not restored yet (cxl_slot_reset(), report_slot_reset())
# The release waits for the end of the recovery. Who is quicker takes over: the
# work that waits is cancelled, and with it goes the reference that it holds.
. /bench/lib.sh
. /bench/suite/attach.lib

service aer
recover_slowly $(delay_ms 5000)
accel_unbind $a || fail "$a was released before: $(events $a)"
! happened $b err_resume || fail "the recovery is over, nothing to be seen here"
[ "$(events $a)" = "err_detected remove released" ] || fail "events: $(events $a)"
nothing_left $a $mem "after the unbind"

poll 30 happened $b err_resume || fail "no end of the recovery: $(events $b)"
enumerate_anew $a
accel_up $a
sleep 1
flush
accel_state_is $a cxl || fail "released once more: $(events $a)"
[ "$(memdev_of $a)" = $mem ] || fail "$mem is still held, the next one is $(memdev_of $a)"
diag "$(events $a)"
