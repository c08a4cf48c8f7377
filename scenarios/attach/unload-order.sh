#!/bin/sh
#: summary: cxl_acpi goes before the accelerator's module, and after it; either way nothing is left
#: needs: { modules: [cxl_attach_test], memdevs: 1 }
#: timeout: 120s
#: isolate: true
. /bench/lib.sh
. /bench/suite/attach.lib

dev=$(accel_dev 1)
empty() {
	for _e in $CXL/devices/mem* $CXL/devices/endpoint*; do
		[ ! -e $_e ] || case $(readlink -f $_e) in */$dev/*) return 1 ;; esac
	done
}

for round in 1 2 3; do
	# cxl_acpi first: it takes the driver along
	accel_up $dev
	unload cxl_acpi || fail "round $round: cxl_acpi does not go, with the accelerator bound"
	expect_released $dev "without cxl_acpi"
	unload $DRV || fail "round $round: $DRV does not go after cxl_acpi"
	empty || fail "round $round: something is left of $dev"
	modprobe cxl_acpi || fail "cannot load cxl_acpi"

	# the accelerator's module first: the driver takes its memdev along
	accel_up $dev
	unload $DRV || fail "round $round: $DRV does not go, with $dev bound"
	empty || fail "round $round: something is left of $dev"
	unload cxl_acpi || fail "round $round: cxl_acpi does not go after $DRV"
	[ -z "$(ports)" ] || fail "round $round: left without cxl_acpi: $(ports)"
	modprobe cxl_acpi || fail "cannot load cxl_acpi"
done
tell "after three rounds"
