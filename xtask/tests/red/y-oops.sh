#!/bin/sh
#: summary: crashes the kernel
echo "about to crash"
echo c >/proc/sysrq-trigger
sleep 10
