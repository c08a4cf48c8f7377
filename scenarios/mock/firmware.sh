#!/bin/sh
#: summary: firmware is transferred whole, staged in the next slot, and a transfer can be cancelled
. /bench/lib.sh
. /bench/suite/bus.lib

up
idle
head -c $((1 << 20)) /dev/urandom >/tmp/firmware

state() {
	cxl list -m "$memdev" -F | jq -r ".[].firmware.$1"
}

idle_again() {
	[ "$(state fw_update_in_progress)" = false ]
}

plan 5
slots=$(state num_slots) active=$(state active_slot)
check "the device tells its slots" [ "$active" -ge 1 -a "$active" -le "$slots" ]
check "firmware is transferred" cxl update-firmware -F /tmp/firmware --wait "$memdev"
equal "it arrived whole" "$(sha256sum /tmp/firmware | cut -d' ' -f1)" "$(cat "$platform/$host/fw_buf_checksum")"
equal "it is staged in the slot after the active one" "$((active % slots + 1))" "$(state staged_slot)"
cxl update-firmware -F /tmp/firmware "$memdev" >/tmp/said 2>&1
cxl update-firmware --cancel "$memdev" >/tmp/said 2>&1
check "a transfer that is cancelled ends" poll 20 idle_again
finish
