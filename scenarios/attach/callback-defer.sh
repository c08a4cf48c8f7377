#!/bin/sh
#: summary: a callback that wants to be called later is not; no deferred memdev outlives its removal
#: needs: { modules: [cxl_attach_test], memdevs: 1 }
#: timeout: 90s
#: isolate: true
. /bench/lib.sh
. /bench/suite/attach.lib

# A memdev on the driver core's list of deferred devices races with its own removal, which is next: the callback is called
# again, or, about once in fifty tries on a busy machine, the removed memdev is left on the list of all devices. That shows
dev=$(accel_dev 1)
accel_take $dev
poll 10 root_is_up || fail "no CXL root"
accel_set $dev callback_rc -517
callbacks=$(accel_get $dev callbacks)
times=40
i=0
while [ $i -lt $times ]; do
	accel_bind $dev || fail "cannot bind $dev"
	accel_state_is $dev pcie-only || fail "state is $(accel_get $dev state)"
	[ "$(accel_get $dev add_rc)" = -6 ] || fail "add failed with $(accel_get $dev add_rc), not -6"
	has_no_memdev $dev || fail "$(memdev_of $dev) is left"
	accel_unbind $dev || fail "cannot unbind $dev"
	i=$((i + 1))
done
flush
callbacks=$(($(accel_get $dev callbacks) - callbacks))
diag "$times times bound, $callbacks callbacks"
[ $callbacks = $times ] || fail "$callbacks callbacks in $times binds"
