#!/bin/sh
#: summary: a device that is taken out leaves nothing, and put back into its slot it is as it was
#: needs: { memdevs: 1 }
. /bench/lib.sh
. /bench/suite/disturb.lib

service pciehp
cxl-expect > /dev/null || fail "the topology is not what it should be: see the suite enumerate"
plan $(($(sampled) * 3))
sample > /tmp/sample
while read -r id port; do
	mem=$(cxl-topology memdev "$id")
	pci=$(cxl-topology pci "$id")
	out "$id"
	check "without $id of $port the tree is as it should be" cxl-expect --without "$id"
	check "nothing of $id is left" test ! -e "/dev/cxl/$mem" -a ! -e "/sys/bus/pci/devices/$pci"
	back "$id"
	check "$id is as before" cxl-expect
done < /tmp/sample
finish
