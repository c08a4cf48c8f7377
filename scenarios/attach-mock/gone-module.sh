#!/bin/sh
#: summary: cxl_test goes while its memdevs are attached, each accelerator is released once, and nothing is left
#: needs: { modules: [cxl_attach_test] }
#: timeout: 90s
#: isolate: true
. /bench/lib.sh
. /bench/suite/attach.lib

a=$(accel_dev 1)
b=$(accel_dev 2)
for round in 1 2 3; do
	accel_up $a
	accel_up $b N
	ra=$(accel_get $a removes)
	rb=$(accel_get $b removes)
	# The exit code of busybox' modprobe -r is about what cxl_test depends on as well.
	modprobe -r cxl_test 2> /dev/null
	[ ! -d /sys/module/cxl_test ] || fail "round $round: cxl_test does not go"
	for entry in $CXL/devices/*; do
		[ ! -e $entry ] || fail "round $round: ${entry##*/} is left"
	done
	expect_state $a unbound "without cxl_test"
	expect_state $b unbound "without cxl_test"
	[ $(($(accel_get $a removes) - ra)) = 1 ] || fail "round $round: not exactly one remove, with attach"
	[ $(($(accel_get $b removes) - rb)) = 1 ] || fail "round $round: not exactly one remove, with NULL"
	modprobe cxl_test || fail "round $round: cxl_test does not come back"
	poll 30 mock_is_up || fail "round $round: the mock bus does not come up"
	# What the devices were asked to do is still there: the name is what counts.
	accel_state_is $a cxl || fail "round $round: $a is $(accel_get $a state), with cxl_test again"
done
tell "with cxl_test again"
