#!/bin/sh
#: summary: a reset of the bus below a region is told, since it takes the device's decoders along
#: needs: { memdevs: 1 }
#: isolate: true
#: kmsg:
#:   allow:
#:   - match: '^cxl_pci \S+: (SBR happened without memory regions removal|System may be unstable if regions hosted system memory)\.$'
#:     because: cxl_reset_done() (drivers/cxl/pci.c) says so, which is what is asked for
#:   - match: '^cxl_pci \S+: reset(ting| done)$'
#:     because: pci_reset_function() (drivers/pci/pci.c of 7.3) says so of each device
#:   require:
#:   - '^cxl_pci \S+: SBR happened without memory regions removal\.$'
. /bench/lib.sh
. /bench/suite/disturb.lib

# told: how often so far
told() {
	dmesg | grep -c 'SBR happened'
}

plan $(($(sampled) * 2))
sample > /tmp/sample
while read -r id port; do
	reset=/sys/bus/pci/devices/$(cxl-topology pci "$id")/reset
	[ -e "$reset" ] || fail "$id has no method of reset"
	diag "$id of $port is reset by $(cat "${reset}_method")"
	region=$(region_up "$id")
	before=$(told)
	check "$id is reset" sh -c "echo 1 > $reset"
	equal "that its decoders are gone is told once" $((before + 1)) "$(told)"
	region_forget "$region"
done < /tmp/sample
finish
