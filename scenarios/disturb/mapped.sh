#!/bin/sh
#: summary: a device that is taken out from under a region ends it; put back, the region can be made again
#: needs: { memdevs: 1 }
. /bench/lib.sh
. /bench/suite/disturb.lib

service pciehp
plan $(($(sampled) * 4))
sample > /tmp/sample
while read -r id port; do
	region=$(region_up "$id")
	out "$id"
	# The region itself stays until its owner destroys it (cxl_region_detach() in drivers/cxl/core/region.c).
	equal "$region is not committed without $id of $port" 0 "$(cat "$CXL/$region/commit")"
	check "the tree is as it should be" cxl-expect --without "$id"
	region_forget "$region"
	back "$id"
	check "$id is as before" cxl-expect
	region=$(region_up "$id")
	equal "$region is committed" 1 "$(cat "$CXL/$region/commit")"
	region_down "$region"
done < /tmp/sample
finish
