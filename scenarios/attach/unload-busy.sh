#!/bin/sh
#: summary: cxl_mem and cxl_port cannot be unloaded under the accelerator's driver, which needs them
#: needs: { modules: [cxl_attach_test], memdevs: 1 }
#: timeout: 60s
#: isolate: true
. /bench/lib.sh
. /bench/suite/attach.lib

dev=$(accel_dev 1)
accel_up $dev
# rmmod tells the errno, modprobe -r looks at the use count itself
for module in cxl_mem cxl_port; do
	if said=$(rmmod $module 2>&1); then
		fail "$module was unloaded under the accelerator"
	fi
	case $said in
	*"Resource temporarily unavailable"* | *"resource busy"* | *"Device or resource busy"*) ;;
	*) fail "$module is refused, but not as busy: $said" ;;
	esac
	diag "$said"
	[ -d /sys/module/$module ] || fail "$module is gone"
done
flush
accel_state_is $dev cxl || fail "$dev is $(accel_get $dev state)"
path_is_up $dev || fail "$dev is not attached"
