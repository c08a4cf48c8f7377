#!/bin/sh
#: summary: whichever allocation of the bind of a memdev with labels fails, its NVDIMM is there or not, and can be had after it
#: needs: { memdevs: 1 }
#: cmdline: ["slab_debug=P"]
#: isolate: true
# As memdev, with cxl_pmem, which makes an NVDIMM of it.
. /bench/lib.sh
. /bench/suite/attach.lib
. /bench/suite/faults.lib

need_failslab
memdev_binds_fail
