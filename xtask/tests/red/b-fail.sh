#!/bin/sh
#: summary: exits 1
. /bench/lib.sh
fail "the answer is 41"
