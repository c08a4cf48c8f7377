#!/bin/sh
#: summary: a device's label area is read as it was written, through the nvdimm bus and through cxl
. /bench/lib.sh
. /bench/suite/bus.lib

up
idle
nvdimm

size=$(cat $bus/"$memdev"/label_storage_size)
head -c "$size" /dev/urandom >/tmp/written

plan 5
ndctl read-labels -o /tmp/before "$nmem" 2>/tmp/said
equal "the label area has the size that sysfs tells" "$size" "$(stat -c %s /tmp/before)"
check "labels are written" ndctl write-labels -i /tmp/written "$nmem"
ndctl read-labels -o /tmp/read "$nmem" 2>/tmp/said
check "labels are read as written" cmp /tmp/written /tmp/read
cxl read-labels -o /tmp/through-cxl "$memdev" 2>/tmp/said
check "cxl reads the same" cmp /tmp/written /tmp/through-cxl
check "labels are zeroed" sh -c "ndctl zero-labels $nmem && ndctl read-labels -o /tmp/read $nmem && head -c $size /dev/zero | cmp - /tmp/read"
finish
