#!/bin/sh
#: summary: a correctable error of a device is traced as such, and harms nothing
#: needs: { memdevs: 1 }
#: kmsg:
#:   allow:
#:   - match: '^cxl_pci \S+: +((PCIe|CXL) Bus Error: severity=Correctable|device .* error status/mask=00004000/|\[14\] CorrIntErr)'
#:     because: the host has the device report a correctable internal error, which aer_print_error()
#:       (drivers/pci/pcie/aer.c) prints
. /bench/lib.sh
. /bench/suite/disturb.lib

service aer
can cxl-inject-correctable-error
plan $(($(sampled) * 3))
sample > /tmp/sample
while read -r id port; do
	mem=$(cxl-topology memdev "$id")
	pci=$(cxl-topology pci "$id")
	aer_opened "$pci"
	trace_anew
	host inject-correctable-error "$id" mem-data-ecc > /tmp/said 2>&1 || fail "$(cat /tmp/said)"
	expect_traced "AER tells of $id of $port" aer_event "$pci " "severity=Corrected"
	expect_traced "CXL tells of $id" cxl_aer_correctable_error "memdev=$mem " "host=$pci " "Memory Data ECC Error"
	check "all is as before" cxl-expect
done < /tmp/sample
finish
