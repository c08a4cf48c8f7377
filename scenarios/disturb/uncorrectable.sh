#!/bin/sh
#: summary: an uncorrectable error of a device is traced, resets its link, and the device recovers
#: needs: { memdevs: 1 }
#: isolate: true
#: kmsg:
#:   allow:
#:   - match: '^cxl_pci \S+: (AER: )?(PCIe|CXL) Bus Error: severity=Uncorrectable \(Fatal\).*Inaccessible'
#:     because: the host has the device report an error, whose status the AER core cannot read below a link that it takes for
#:       broken (aer_print_error(), drivers/pci/pcie/aer.c)
#:   - match: '^cxl_pci \S+: mem\d+: frozen state error detected, disable CXL\.mem$'
#:     because: cxl_error_detected() (drivers/cxl/core/) says so of each device below the port whose link is reset
. /bench/lib.sh
. /bench/suite/disturb.lib

service aer
can cxl-inject-uncorrectable-errors
plan $(($(sampled) * 4))
sample > /tmp/sample
while read -r id port; do
	mem=$(cxl-topology memdev "$id")
	pci=$(cxl-topology pci "$id")
	region=$(region_up "$id")
	aer_opened "$pci"
	trace_anew
	host inject-uncorrectable-error "$id" mem-address-parity > /tmp/said 2>&1 || fail "$(cat /tmp/said)"
	expect_traced "AER tells of $id of $port" aer_event "$pci " "severity=Fatal"
	expect_traced "CXL tells of $id" cxl_aer_uncorrectable_error "memdev=$mem " "host=$pci " \
		"Memory Address Parity Error"
	check "$id recovers" cxl-expect
	equal "$region is not committed" 0 "$(cat "$CXL/$region/commit")"
	region_forget "$region"
done < /tmp/sample
finish
