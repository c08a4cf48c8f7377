#!/bin/sh
#: summary: lowers the level of the console, warns, and puts it back
#: isolate: true
#: timeout: 60s
. /bench/lib.sh
modprobe lkdtm 2>/dev/null || skip "the kernel has no lkdtm"
dmesg -n 1
echo WARNING >/sys/kernel/debug/provoke-crash/DIRECT
dmesg -n 8
exit 0
