#!/bin/sh
#: summary: saves four megabytes of noise, prints their hash and how long it took
#: timeout: 120s
. /bench/lib.sh
dd if=/dev/urandom of=/tmp/noise bs=65536 count=64 2>/dev/null
sha256sum </tmp/noise
begun=$(_now)
save noise.bin </tmp/noise || fail "it is not saved"
echo "saved in $(($(_now) - begun)) hundredths of a second"
save empty </dev/null || fail "an empty one is not saved"
save noise.bin </dev/null && fail "a name is taken twice"
save ../noise.bin </dev/null
[ $? -eq 2 ] || fail "a name leaves the folder"
rm /tmp/noise
