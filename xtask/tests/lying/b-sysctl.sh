#!/bin/sh
#: summary: lowers the level by sysctl and leaves it so
#: isolate: true
#: timeout: 60s
. /bench/lib.sh
modprobe lkdtm 2>/dev/null || skip "the kernel has no lkdtm"
echo '1 1 1 1' >/proc/sys/kernel/printk
echo WARNING >/sys/kernel/debug/provoke-crash/DIRECT
exit 0
