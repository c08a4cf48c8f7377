#!/bin/sh
#: summary: overwrites the log in memory before anyone has read it
#: isolate: true
#: timeout: 60s
. /bench/lib.sh
modprobe lkdtm 2>/dev/null || skip "the kernel has no lkdtm"
dmesg -n 1
echo WARNING >/sys/kernel/debug/provoke-crash/DIRECT
exec 3>/dev/kmsg
i=0
while [ $i -lt 20000 ]; do
	echo "<6>a line of which there are twenty thousand, which is more than the kernel keeps" >&3
	i=$((i + 1))
done
dmesg -n 8
exit 0
