#!/bin/sh
#: summary: after a surprise-down error of its port, the accelerator's driver is released with attach
#: needs: { modules: [cxl_attach_test], memdevs: 1 }
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
# The error makes the PCI core reset the link, which the error handler of the
# driver answers by detaching the memdev. This stands in for a link that is lost.
. /bench/lib.sh
. /bench/suite/attach.lib

dev=$(accel_dev 1)
[ -e $BUS/devices/$dev/aer_dev_fatal ] || skip "no AER"
accel_up $dev
mem=$(memdev_of $dev)
r=$(accel_get $dev removes)
e=$(accel_get $dev err_detected)
host aer hb0.rp0 SDN || fail "the host refuses"
err_seen() { [ $(accel_get $dev err_detected) -gt $e ]; }
poll 20 err_seen || fail "the error handler was not called"
expect_released $dev "after surprise-down"
flush
nothing_left $dev $mem "after surprise-down"
[ $(($(accel_get $dev removes) - r)) = 1 ] || fail "not exactly one remove"
tell "after surprise-down"

# The reset lost the configuration of the device, and the driver that would have
# restored it may have been released before it got to that. Enumerate it anew.
sleep 2
echo 1 > $BUS/devices/$dev/remove
echo 1 > $BUS/rescan
poll 10 test -e $BUS/devices/$dev || fail "$dev does not come back"
accel_up $dev
tell "enumerated and bound again"
