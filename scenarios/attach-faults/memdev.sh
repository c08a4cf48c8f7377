#!/bin/sh
#: summary: whichever allocation of the bind of a memdev fails, it is attached or has no endpoint, and can be bound after it
#: needs: { memdevs: 1 }
#: timeout: 90s
#: deny: [cxl_pmem]
#: cmdline: ["slab_debug=P"]
#: isolate: true
# Of a memdev of cxl_pci, as any kernel has one. See nvdimm for what its bind does
# besides, with cxl_pmem.
. /bench/lib.sh
. /bench/suite/attach.lib
. /bench/suite/faults.lib

need_failslab
memdev_binds_fail
