#!/bin/sh
#: summary: when the port of its host bridge loses its driver, the accelerator's driver is released, and its region goes
#: needs: { modules: [cxl_mock_accel] }
#: isolate: true
. /bench/lib.sh
. /bench/suite/type2.lib

type2_load
unbind_port() {
	port=$(hb_port)
	echo $port > $CXL/drivers/cxl_port/unbind
}
bind_port() { echo $port > $CXL/drivers/cxl_port/bind; }
end_by unbind_port bind_port
