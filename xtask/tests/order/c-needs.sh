#!/bin/sh
#: summary: cannot do without it
. /bench/lib.sh
[ -e /tmp/left ] || fail "nobody left anything"
