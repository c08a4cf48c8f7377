#!/bin/sh
#: summary: after a surprise-down error of its port, the device recovers, then its driver is released, and can be bound again
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
# The reset takes the configuration of the device along: it is for the driver to
# restore that, so it must not be released before.
. /bench/lib.sh
. /bench/suite/attach.lib

dev=$(accel_dev 1)
[ -e $BUS/devices/$dev/aer_dev_fatal ] || skip "no AER"
accel_up $dev
mem=$(memdev_of $dev)
events_clear
host aer hb0.rp0 SDN || fail "the host refuses"
poll 20 happened $dev err_detected || fail "the error handler was not called"
expect_released $dev "after surprise-down"
flush
nothing_left $dev $mem "after surprise-down"
diag "$(events $dev)"
# The end of the recovery and the release are nobody's to order.
case "$(events $dev)" in
"err_detected err_slot_reset err_resume remove released") ;;
"err_detected err_slot_reset remove released") ;;
*) fail "released in the middle of the recovery: $(events $dev)" ;;
esac
tell "after surprise-down"

accel_bind $dev || fail "cannot bind $dev"
accel_state_is $dev cxl || fail "state is $(accel_get $dev state), after the recovery and bind"
path_is_up $dev || { tell "after bind"; fail "$dev is not attached"; }
tell "bound again"
