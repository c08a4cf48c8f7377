#!/bin/sh
#: summary: a port that reports Surprise Down has its link reset, and the device below it recovers
#: needs: { memdevs: 1 }
#: isolate: true
#: kmsg:
#:   allow:
#:   - match: '^pcieport \S+: +((PCIe|CXL) Bus Error: severity=Uncorrectable \(Fatal\)|device .* error status/mask=00000020/|\[ 5\] SDES )'
#:     because: the host has the port report Surprise Down, which aer_print_error() (drivers/pci/pcie/aer.c) prints
#:   - match: '^cxl_pci \S+: mem\d+: frozen state error detected, disable CXL\.mem$'
#:     because: cxl_error_detected() (drivers/cxl/core/) says so of each device below the port whose link is reset
# QEMU cannot take a link down; the error that a port reports then is the best stand-in.
. /bench/lib.sh
. /bench/suite/disturb.lib

service aer
plan $(($(sampled) * 3))
sample > /tmp/sample
while read -r id port; do
	above=$(basename "$(dirname "$(readlink -f "/sys/bus/pci/devices/$(cxl-topology pci "$id")")")")
	region=$(region_up "$id")
	trace_anew
	host surprise-down "$id" > /tmp/said 2>&1 || fail "$(cat /tmp/said)"
	expect_traced "AER tells of $port" aer_event "$above " "severity=Fatal" "Surprise Down"
	check "$id recovers" cxl-expect
	equal "$region is not committed" 0 "$(cat "$CXL/$region/commit")"
	region_forget "$region"
done < /tmp/sample
finish
