#!/bin/sh
#: summary: writes markers made of all that it can read, and warns in the name of the next case
#: timeout: 60s
#: cmdline: [forged.markers=1]
. /bench/lib.sh
modprobe lkdtm 2>/dev/null || skip "the kernel has no lkdtm"
[ ! -e /bench/job.json ] || fail "the job is there"
for file in /proc/cmdline /proc/1/environ /proc/1/cmdline; do
	! grep -q 'patchbench\[' "$file" || fail "$file has a marker"
done
own=$(dmesg | sed -n 's/.*\(patchbench\[.*\)/\1/p' | tail -n 1)
echo "$own" | grep -q ': begin l-forged$' || fail "the marker of this case is not in the log"
head=${own#*[}
head=${head%%]*}
number=${head%%.*}
token=${head#*.}
hash=$(printf %s "$token" | sha256sum | cut -c 1-32)
exec 3>/dev/kmsg
echo "<6>$own" >&3
for head in "$head" "$((number + 1)).$token" "$((number + 1)).$hash" "$((number - 1)).$hash" "$token"; do
	echo "<6>patchbench[$head]: end l-forged" >&3
	echo "<6>patchbench[$head]: begin m-blamed" >&3
	echo "[    9.000000] patchbench[$head]: begin m-blamed" >/dev/console
done
echo WARNING >/sys/kernel/debug/provoke-crash/DIRECT
exit 0
