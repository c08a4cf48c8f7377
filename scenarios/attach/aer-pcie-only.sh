#!/bin/sh
#: summary: PCI errors of a device in state pcie-only are handled without a memdev
#: needs: { modules: [cxl_attach_test], memdevs: 1 }
#: timeout: 90s
#: isolate: true
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

host aer hb0.rp0 SDN || fail "the host refuses"
err_seen() { [ $(accel_get $dev err_detected) -gt 0 ]; }
poll 20 err_seen || fail "the error handler was not called"
resumed() { [ $(accel_get $dev err_resume) -gt 0 ]; }
poll 20 resumed || fail "no recovery"
diag "detected $(accel_get $dev err_detected) reset $(accel_get $dev err_slot_reset) resume $(accel_get $dev err_resume)"

host aer-correctable mem0 0x1 || fail "the host refuses"
cor_seen() { [ $(accel_get $dev err_cor) -gt 0 ]; }
poll 5 cor_seen || diag "no correctable error was reported (masked)"

flush
accel_state_is $dev pcie-only || fail "state is $(accel_get $dev state)"
[ $(accel_get $dev removes) = $r ] || fail "the driver was released"
