#!/bin/sh
#: summary: sanitize and a media event on a memdev of cxl_pci that was never attached
#: needs: { modules: [cxl_attach_test], memdevs: 1 }
#: timeout: 60s
#: deny: [cxl_acpi]
#: isolate: true
. /bench/lib.sh
. /bench/suite/attach.lib

[ ! -d /sys/module/cxl_acpi ] || fail "cxl_acpi is loaded, nothing to be seen here"
dev=$(accel_dev 1)
has_memdev() { [ -n "$(memdev_of $dev)" ]; }
poll 10 has_memdev || fail "$dev has no memdev"
mem=$(memdev_of $dev)
[ "$(driver_of $BUS/devices/$dev)" = cxl_pci ] || fail "$dev is not bound to cxl_pci"
is_detached $mem || fail "$mem is attached"

if [ -e $CXL/devices/$mem/security/sanitize ]; then
	if echo 1 2> /dev/null > $CXL/devices/$mem/security/sanitize; then
		fail "sanitize without an endpoint"
	fi
	diag "sanitize refused"
else
	diag "no sanitize attribute"
fi

e=/sys/kernel/tracing/events/cxl
echo 1 > $e/enable
echo > /sys/kernel/tracing/trace
host inject-general-media-event mem0 || fail "the host refuses"
traced() { grep -q cxl_general_media: /sys/kernel/tracing/trace; }
poll 10 traced || fail "no trace of the media event"
diag "$(grep cxl_general_media: /sys/kernel/tracing/trace | head -n 1 | cut -c 1-120)"
is_detached $mem || fail "$mem is attached"

modprobe cxl_acpi || fail "cannot load cxl_acpi"
flush
poll 10 is_attached $mem || fail "$mem does not attach by itself"
