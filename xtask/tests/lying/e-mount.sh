#!/bin/sh
#: summary: mounts files of its own over what the kernel counts, and clears the log
#: isolate: true
#: timeout: 60s
. /bench/lib.sh
modprobe lkdtm 2>/dev/null || skip "the kernel has no lkdtm"
echo 0 >/tmp/none
mount --bind /tmp/none /proc/sys/kernel/tainted
mount --bind /tmp/none /proc/sys/kernel/printk
dmesg -n 1
echo WARNING >/sys/kernel/debug/provoke-crash/DIRECT
dmesg -C
exit 0
