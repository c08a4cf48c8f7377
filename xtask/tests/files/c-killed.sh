#!/bin/sh
#: summary: is killed at its deadline while it saves
#: timeout: 5s
. /bench/lib.sh
mkfifo /tmp/never-ends
exec 3<>/tmp/never-ends
echo "the first line" >&3
save torn <&3
