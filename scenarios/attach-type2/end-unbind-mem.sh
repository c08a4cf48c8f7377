#!/bin/sh
#: summary: when its memdev is unbound, the accelerator's driver is released, and its region goes
#: needs: { modules: [cxl_mock_accel] }
#: isolate: true
. /bench/lib.sh
. /bench/suite/type2.lib

type2_load
unbind_mem() { echo $(entries 'mem*') > $CXL/drivers/cxl_mem/unbind; }
end_by unbind_mem true
unbind_endpoint() { echo $(entries 'endpoint*') > $CXL/drivers/cxl_port/unbind; }
end_by unbind_endpoint true
