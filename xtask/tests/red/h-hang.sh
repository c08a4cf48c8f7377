#!/bin/sh
#: summary: never ends
#: timeout: 3s
echo "going to sleep"
sleep 1000
