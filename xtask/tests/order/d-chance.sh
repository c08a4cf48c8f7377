#!/bin/sh
#: summary: fails every other time
. /bench/lib.sh
case $(cat /proc/sys/kernel/random/uuid) in
[0-7]*) ;;
*) fail "bad luck" ;;
esac
