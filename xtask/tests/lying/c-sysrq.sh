#!/bin/sh
#: summary: lowers the level by sysrq
#: isolate: true
#: timeout: 60s
. /bench/lib.sh
modprobe lkdtm 2>/dev/null || skip "the kernel has no lkdtm"
echo 0 >/proc/sysrq-trigger
echo WARNING >/sys/kernel/debug/provoke-crash/DIRECT
exit 0
