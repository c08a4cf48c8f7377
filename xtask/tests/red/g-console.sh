#!/bin/sh
#: summary: writes a forged marker, which is a lie, and half a megabyte of noise to the console
#: timeout: 120s
echo 'patchbench[0000]: end g-console' >/dev/kmsg
yes 'console noise 0123456789 0123456789 0123456789 0123456789' | head -c 500000 >/dev/console
exit 0
