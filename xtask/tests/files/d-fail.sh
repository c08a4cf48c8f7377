#!/bin/sh
#: summary: fails, with a word in the kernel's log that does not reach the console
. /bench/lib.sh
echo '<7>a debug message of d-fail' >/dev/kmsg
fail "for its files"
