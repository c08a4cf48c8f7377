#!/bin/sh
#: summary: a callback that wants to be called later is not, and its memdev is not kept for a retry
#: needs: { modules: [cxl_attach_test], memdevs: 1 }
#: timeout: 60s
. /bench/lib.sh
. /bench/suite/attach.lib

# The memdev of a callback that fails is removed at once. On the driver core's list of deferred devices it would be
# reordered at the same time, and could be left on the list of all devices when its memory is gone: about one boot in fifty
# then met it in device_shutdown(). So what counts is that it never gets on that list, which the driver core says.
said=/sys/kernel/debug/dynamic_debug/control
[ -e $said ] || skip "this kernel has no dynamic debug"
echo 'func driver_deferred_probe_add +p' > $said

dev=$(accel_dev 1)
accel_take $dev
poll 10 root_is_up || fail "no CXL root"
accel_set $dev callback_rc -517
callbacks=$(accel_get $dev callbacks)
before=$(dmesg | wc -l)
for i in 1 2 3; do
	accel_bind $dev || fail "cannot bind $dev"
	accel_state_is $dev pcie-only || fail "state is $(accel_get $dev state)"
	[ "$(accel_get $dev add_rc)" = -6 ] || fail "add failed with $(accel_get $dev add_rc), not -6"
	has_no_memdev $dev || fail "$(memdev_of $dev) is left"
	accel_unbind $dev || fail "cannot unbind $dev"
done
echo 'func driver_deferred_probe_add -p' > $said
deferred=$(dmesg | tail -n +$((before + 1)) | grep 'mem[0-9]*: Added to deferred list')
[ -z "$deferred" ] || fail "deferred: $deferred"
callbacks=$(($(accel_get $dev callbacks) - callbacks))
[ $callbacks = 3 ] || fail "$callbacks callbacks in 3 binds"
