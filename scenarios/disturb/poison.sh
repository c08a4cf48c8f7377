#!/bin/sh
#: summary: poison is traced with its device and its address, and where it is mapped with region and host address
#: needs: { memdevs: 1 }
. /bench/lib.sh
. /bench/suite/disturb.lib

can cxl-inject-poison
plan $(($(sampled) * 2))
sample > /tmp/sample
while read -r id port; do
	mem=$(cxl-topology memdev "$id")
	host inject-poison "$id" 0x1000 64 > /tmp/said 2>&1 || fail "$(cat /tmp/said)"
	trace_anew
	echo 1 > "$CXL/$mem/trigger_poison_list"
	expect_traced "poison of $id of $port, not mapped" cxl_poison "memdev=$mem " "region= " \
		"dpa=0x1000 " "dpa_length=0x40 " "source=Internal"

	region=$(region_up "$id")
	read -r dpa hpa _ <<- END
		$(cxl-topology mapped "$id" 0x3240)
	END
	host inject-poison "$id" "$dpa" 128 > /tmp/said 2>&1 || fail "$(cat /tmp/said)"
	trace_anew
	echo 1 > "$CXL/$mem/trigger_poison_list"
	expect_traced "poison of $id, mapped" cxl_poison "memdev=$mem " "region=$region " "hpa=$hpa " "dpa=$dpa " \
		"dpa_length=0x80 "
	region_down "$region"
done < /tmp/sample
finish
