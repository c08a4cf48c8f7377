#!/bin/sh
#: summary: PCI errors of a device in state pcie-only are handled without a memdev
#: needs: { modules: [cxl_attach_test], memdevs: 1 }
#: timeout: 90s
#: isolate: true
#: kmsg:
#:   allow:
#:   - match: '^cxl_mem mem\d+: probe with driver cxl_mem failed with error -5$'
#:     because: the callback fails the memdev's probe (drivers/base/dd.c, call_driver_probe())
#:   - match: '^pcieport \S+: +((PCIe|CXL) Bus Error: severity=Uncorrectable \(Fatal\)|device .* error status/mask=00000020/|\[ 5\] SDES )'
#:     because: the host has the port report Surprise Down, which aer_print_error() (drivers/pci/pcie/aer.c) prints
#:   - match: '^cxl_pci \S+: mem\d+: frozen state error detected, disable CXL\.mem$'
#:     because: cxl_error_detected() (drivers/cxl/core/) says so of each device below the port whose link is reset
#:   - match: '^pcieport \S+: Couldn.t locate the CXL\.cache and CXL\.mem capability array header\.$'
#:     because: the first device that is back has its switch's ports enumerated anew, while the AER core has not come to the
#:       ports behind it, whose BARs are not restored yet (cxl_slot_reset(), report_slot_reset())
#:   - match: '^cxl_attach_pci \S+: +((PCIe|CXL) Bus Error: severity=Correctable|device .* error status/mask=00000001/|\[ 0\] RxErr )'
#:     because: the host has the device report a receiver error, which aer_print_error() (drivers/pci/pcie/aer.c) prints
. /bench/lib.sh
. /bench/suite/attach.lib

dev=$(accel_dev 1)
[ -e $BUS/devices/$dev/aer_dev_fatal ] || skip "no AER"
accel_take $dev
accel_set $dev callback_rc -5
poll 10 root_is_up || fail "no CXL root"
accel_bind $dev || fail "cannot bind $dev"
expect_state $dev pcie-only "after bind"
r=$(accel_get $dev removes)

events_clear
host aer hb0.rp0 SDN || fail "the host refuses"
poll 20 happened $dev err_detected || fail "the error handler was not called"
poll 20 happened $dev err_resume || fail "no recovery: $(events $dev)"
diag "$(events $dev)"
[ "$(events $dev)" = "err_detected err_slot_reset err_resume" ] || fail "steps of the recovery: $(events $dev)"

host aer-correctable mem0 0x1 || fail "the host refuses"
cor_seen() { [ $(accel_get $dev err_cor) -gt 0 ]; }
poll 5 cor_seen || diag "no correctable error was reported (masked)"

flush
accel_state_is $dev pcie-only || fail "state is $(accel_get $dev state)"
[ $(accel_get $dev removes) = $r ] || fail "the driver was released"
