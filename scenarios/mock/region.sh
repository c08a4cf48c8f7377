#!/bin/sh
#: summary: cxl makes a region over all ways of each window that has room, and takes it away again
. /bench/lib.sh
. /bench/suite/bus.lib

up
each=$((256 << 20))
# Members of the region that firmware left, where there is one.
taken=none
[ ! -e $bus/region0 ] || taken='cxl_mem.0 cxl_mem.4'

# members DECODER WAYS: as many idle memdevs, one below each target of the window in the order of the targets, below a root
# port of its own where there is one.
members() {
	chosen=
	used=
	for position in $(seq 0 $(($2 - 1))); do
		target=$(cxl list -d "$1" -T | jq -r ".[].targets[] | select(.position == $position) | .target")
		found=
		for candidate in $(cxl list -M -p "$target" | jq -r '.[] | "\(.memdev)/\(.host)"'); do
			case " $taken " in *" ${candidate#*/} "*) continue ;; esac
			case "$chosen " in *" ${candidate%/*} "*) continue ;; esac
			port=$(readlink -f "$platform/${candidate#*/}" | grep -o 'cxl_root_port\.[0-9]*')
			[ -n "$found" ] || found=$candidate/$port
			case "$used " in *" $port "*) continue ;; esac
			found=$candidate/$port
			break
		done
		[ -n "$found" ] || return 1
		chosen="$chosen ${found%%/*}"
		used="$used ${found##*/}"
	done
	echo "$chosen"
}

# shown REGION: what of it counts.
shown() {
	echo "$(cat $bus/"$1"/size) $(cat $bus/"$1"/interleave_ways) $(cat $bus/"$1"/commit) $(basename "$(readlink $bus/"$1"/driver)")"
}

# With a cache the first window has just the room of the region that firmware left, whether it is whole or not.
first=none
! is extended_linear_cache || first=decoder0.0

cxl list -D -d root | jq -r ".[] | select(.decoder != \"$first\") |
	select(.nr_targets > 0 and ((.volatile_capable and (.accelmem_capable | not)) or .pmem_capable)) |
	select(.max_available_extent >= .nr_targets * $each) |
	\"\(.decoder) \(.nr_targets) \(if .pmem_capable then \"pmem\" else \"ram\" end)\"" >/tmp/windows

if is type2_test; then
	# Its memory is all in the region that firmware left, and no other device is there.
	plan 2
	equal "the accelerator's memory is all in its region" "$(documented_region)" "$(region)"
	check "no region can be made without a device" sh -c '! cxl create-region -t ram -d decoder0.1 -w 2 mem0'
	finish
fi

plan $(($(wc -l </tmp/windows) * 3))
while read -r decoder ways type; do
	what="$type region of $ways on $decoder"
	devices=$(members "$decoder" "$ways")
	# shellcheck disable=SC2086
	region=$(cxl create-region -t "$type" -d "$decoder" -w "$ways" -s $((ways * each)) -m $devices 2>/tmp/said | jq -r .region)
	[ -n "$region" ] || diag "$devices: $(cat /tmp/said)"
	check "$what is made" [ -e "$bus/${region:-none}" ]
	udevadm settle
	equal "$what is as wanted" "$(printf '0x%x' $((ways * each))) $ways 1 cxl_region" "$(shown "${region:-none}")"
	said=$(cxl disable-region "$region" 2>&1 && cxl destroy-region "$region" 2>&1) || diag "$said"
	check "$what is gone" poll 5 [ ! -e "$bus/${region:-none}" ]
done </tmp/windows
finish
