#!/bin/sh
#: summary: exits 0 while the kernel prints a splat
. /bench/lib.sh
modprobe lkdtm 2>/dev/null || skip "the kernel has no lkdtm"
echo WARNING >/sys/kernel/debug/provoke-crash/DIRECT
exit 0
