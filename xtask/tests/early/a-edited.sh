#!/bin/sh
#: summary: the module that is loaded is the one of the edit
. /bench/lib.sh
[ -d /sys/module/cxl_mem ] || fail "cxl_mem is not loaded"
[ ! -e /bench/wait ] || fail "it still waits"
grep -o 'patchbench=[0-9]*' "$(modinfo -n cxl_mem)"
