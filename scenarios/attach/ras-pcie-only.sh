#!/bin/sh
#: summary: errors of CXL.mem that a device reports in state pcie-only are logged, and cleared
#: needs: { modules: [cxl_attach_test], memdevs: 1 }
#: timeout: 90s
#: isolate: true
#: kmsg:
#:   allow:
#:   - match: '^cxl_mem mem\d+: probe with driver cxl_mem failed with error -5$'
#:     because: the callback fails the memdev's probe (drivers/base/dd.c, call_driver_probe())
#:   - match: '^cxl_attach_pci \S+: +((PCIe|CXL) Bus Error: severity=Correctable|device .* error status/mask=00004000/|\[14\] CorrIntErr)'
#:     because: the host has the device report a correctable internal error, which aer_print_error()
#:       (drivers/pci/pcie/aer.c) prints
#:   - match: '^cxl_attach_pci \S+: (AER: )?(PCIe|CXL) Bus Error: severity=Uncorrectable \(Fatal\).*Inaccessible'
#:     because: the host has the device report an error, whose status the AER core cannot read below a link that it takes for
#:       broken (aer_print_error(), drivers/pci/pcie/aer.c)
#:   - match: '^cxl_pci \S+: mem\d+: frozen state error detected, disable CXL\.mem$'
#:     because: cxl_error_detected() (drivers/cxl/core/) says so of each device below the port whose link is reset
#:   - match: '^cxl_attach_pci \S+: CXL (un)?correctable error status 0x[0-9a-f]+.*, no memdev$'
#:     because: that is what is asked for
. /bench/lib.sh
. /bench/suite/attach.lib

service aer
can cxl-inject-correctable-error
can cxl-inject-uncorrectable-errors
dev=$(accel_dev 1)
accel_take $dev
accel_set $dev callback_rc -5
poll 10 root_is_up || fail "no CXL root"
accel_bind $dev || fail "cannot bind $dev"
accel_state_is $dev pcie-only || fail "state is $(accel_get $dev state)"
removes=$(accel_get $dev removes)

# logged KIND: the status that was logged last
logged() {
	dmesg | sed -n "s/.*$dev: CXL $1 error status \(0x[0-9a-f]*\).*no memdev/\1/p" | tail -n 1
}

# is_logged KIND STATUS
is_logged() {
	[ "$(logged $1)" = $2 ]
}

# The bits of the status are those of CXL 3.1, 8.2.4.17. One that was not cleared would be there with the next.
aer_opened $dev
host inject-correctable-error mem0 mem-data-ecc || fail "the host refuses"
poll 10 is_logged correctable 0x2 || fail "no memory data error is logged: $(logged correctable)"
host inject-correctable-error mem0 crc-threshold || fail "the host refuses"
poll 10 is_logged correctable 0x4 || fail "no CRC error alone is logged: $(logged correctable)"

host inject-uncorrectable-error mem0 mem-address-parity || fail "the host refuses"
poll 10 is_logged uncorrectable 0x20 || fail "no address parity error is logged: $(logged uncorrectable)"
poll 20 happened $dev err_resume || fail "no recovery: $(events $dev)"
flush
diag "$(events $dev)"
accel_state_is $dev pcie-only || fail "state is $(accel_get $dev state)"
[ $(accel_get $dev removes) = $removes ] || fail "the driver was released"
