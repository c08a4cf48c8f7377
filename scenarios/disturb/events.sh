#!/bin/sh
#: summary: event records are traced with device, log and address, and where it is mapped with region and host address
#: needs: { memdevs: 1 }
. /bench/lib.sh
. /bench/suite/disturb.lib

can cxl-inject-general-media-event
plan $(($(sampled) * 5))

# event NAME TRACE TEXT… -- WORD…: one result of what the host was asked for
event() {
	_name=$1
	_seen=$2
	shift 2
	_texts=
	while [ "$1" != -- ]; do
		_texts="$_texts
$1"
		shift
	done
	shift
	trace_anew
	_said=$(host "$@" 2>&1) || fail "$*: $_said"
	_ifs=$IFS
	IFS='
'
	# shellcheck disable=SC2086 # A text a line.
	set -- $_texts
	IFS=$_ifs
	expect_traced "$_name" "$_seen" "$@"
}

sample > /tmp/sample
while read -r id port; do
	mem=$(cxl-topology memdev "$id")
	of="memdev=$mem "
	event "general media, $id of $port, not mapped" cxl_general_media "$of" "log=Informational" " dpa=1000 " \
		"region= " -- inject-general-media-event "$id" log=informational dpa=0x1000
	event "memory module, $id" cxl_memory_module "$of" "log=Warning" -- \
		inject-memory-module-event "$id" log=warning temperature=40

	region=$(region_up "$id")
	read -r dpa hpa _ <<- END
		$(cxl-topology mapped "$id" 0x2040)
	END
	event "general media, $id, mapped" cxl_general_media "$of" "log=Failure" " dpa=${dpa#0x} " "hpa=${hpa#0x} " \
		"region=$region " -- inject-general-media-event "$id" log=failure "dpa=$dpa"
	event "DRAM, $id, mapped" cxl_dram "$of" "log=Fatal" " dpa=${dpa#0x} " "hpa=${hpa#0x} " "region=$region " -- \
		inject-dram-event "$id" log=fatal "dpa=$dpa" bank=3
	region_down "$region"
	event "DRAM, $id, not mapped" cxl_dram "$of" "log=Warning" " dpa=80 " "region= " -- \
		inject-dram-event "$id" log=warning dpa=0x80
done < /tmp/sample
finish
