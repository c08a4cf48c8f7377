#!/bin/sh
#: summary: exits 0, but one of its subtests is not ok
echo 'KTAP version 1'
echo '1..2'
echo 'ok 1 first'
echo 'not ok 2 second'
