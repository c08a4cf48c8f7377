#!/bin/sh
#: summary: saves a file without end, which is refused at the limit and not kept; what comes after it is
#: timeout: 120s
. /bench/lib.sh
save endless </dev/zero
status=$?
echo "status $status"
[ "$status" -eq 1 ] || fail "the file is saved"
echo "still here" | save after || fail "nothing is saved any more"
