#!/bin/sh
#: summary: driver_async_probe= for cxl_mem and cxl_port does not make the attachment of a memdev of cxl_pci asynchronous
#: needs: { memdevs: 1 }
#: timeout: 60s
#: cmdline: ["driver_async_probe=cxl_mem,cxl_port"]
#: isolate: true
. /bench/lib.sh
. /bench/suite/attach.lib

grep -q driver_async_probe=cxl_mem,cxl_port /proc/cmdline || fail "command line lacks the option"
poll 10 root_is_up || fail "no CXL root"
dev=$(accel_dev 1)
i=0
while [ $i -lt 5 ]; do
	i=$((i + 1))
	[ -z "$(driver_of $BUS/devices/$dev)" ] || echo $dev > $BUS/drivers/cxl_pci/unbind
	flush
	echo $dev > $BUS/drivers/cxl_pci/bind || fail "round $i: cannot bind $dev"
	# no polling
	path_is_up $dev || fail "round $i: not attached"
done
