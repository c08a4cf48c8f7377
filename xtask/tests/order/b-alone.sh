#!/bin/sh
#: summary: cannot stand what was left behind
. /bench/lib.sh
[ ! -e /tmp/left ] || fail "somebody left something"
