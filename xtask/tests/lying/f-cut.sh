#!/bin/sh
#: summary: prints a failure behind a megabyte of noise
#: isolate: true
#: timeout: 60s
. /bench/lib.sh
echo 'KTAP version 1'
echo 1..2
echo 'ok 1 a'
yes 'noise noise noise noise noise noise noise noise noise noise' | head -c 1100000
echo
echo 'not ok 2 b'
exit 0
