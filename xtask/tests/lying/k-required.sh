#!/bin/sh
#: summary: writes the message that the kernel has to log itself
#: isolate: true
#: timeout: 60s
#: kmsg: { require: ["cxl_sample: attached"] }
. /bench/lib.sh
echo '<6>cxl_sample: attached' >/dev/kmsg
exit 0
