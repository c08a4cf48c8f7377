#!/bin/sh
#: summary: exits 4 with its reason
. /bench/lib.sh
skip "there is nothing to measure"
