#!/bin/sh
#: summary: a PCI error that is not fatal is recovered from without a reset, and ends neither CXL operation nor state pcie-only
#: needs: { modules: [cxl_attach_test], memdevs: 1 }
#: timeout: 60s
#: isolate: true
#: kmsg:
#:   allow:
#:   - match: '^cxl_mem mem\d+: probe with driver cxl_mem failed with error -5$'
#:     because: the callback fails the memdev's probe (drivers/base/dd.c, call_driver_probe())
#:   - match: '^cxl_attach_pci \S+: +((PCIe|CXL) Bus Error: severity=Uncorrectable \(Non-Fatal\)|device .* error status/mask=00001000/|\[12\] TLP |(AER: +)?TLP Header: )'
#:     because: the host has the device report a poisoned TLP, which aer_print_error() (drivers/pci/pcie/aer.c) prints
. /bench/lib.sh
. /bench/suite/attach.lib

service aer
dev=$(accel_dev 1)

# recovers STATE: without a reset, in which the device would lose its configuration, and the driver CXL operation
recovers() {
	_removes=$(accel_get $dev removes)
	aer_opened $dev
	events_clear
	host aer mem0 POISON_TLP || fail "the host refuses"
	poll 20 happened $dev err_resume || fail "no recovery in state $1: $(events $dev)"
	flush
	[ "$(events $dev)" = "err_detected err_resume" ] || fail "steps of the recovery in state $1: $(events $dev)"
	accel_state_is $dev $1 || fail "state is $(accel_get $dev state), not $1"
	[ $(accel_get $dev removes) = $_removes ] || fail "the driver was released in state $1"
}

accel_up $dev
recovers cxl
path_is_up $dev || { tell "after the error"; fail "$dev is not attached"; }
tell "in state cxl"

accel_unbind $dev || fail "cannot unbind $dev"
accel_set $dev callback_rc -5
accel_bind $dev || fail "cannot bind $dev"
recovers pcie-only
tell "in state pcie-only"
