#!/bin/sh
#: summary: takes the console away from the serial port
#: isolate: true
#: timeout: 60s
. /bench/lib.sh
modprobe lkdtm 2>/dev/null || skip "the kernel has no lkdtm"
echo N >/sys/class/tty/ttyS0/console
echo WARNING >/sys/kernel/debug/provoke-crash/DIRECT
exit 0
