#!/bin/sh
#: summary: has the kernel log an error while the console is silent
#: isolate: true
#: timeout: 60s
#: kmsg: { forbid: [err] }
. /bench/lib.sh
mkdir -p /tmp/mnt
dmesg -n 1
mount -t tmpfs -o size=none none /tmp/mnt
dmesg -n 8
exit 0
