#!/bin/sh
#: summary: leaves a processor spinning in the kernel, and passes before anyone notices
#: timeout: 60s
. /bench/lib.sh
modprobe lkdtm 2>/dev/null || skip "the kernel has no lkdtm"
(sleep 1 && echo SOFTLOCKUP >/sys/kernel/debug/provoke-crash/DIRECT) &
sleep 2
exit 0
