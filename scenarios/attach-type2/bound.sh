#!/bin/sh
#: summary: the accelerator is bound with its memdev attached and its region committed; unbound, nothing of it is left
#: needs: { modules: [cxl_mock_accel] }
#: isolate: true
. /bench/lib.sh
. /bench/suite/type2.lib

type2_load
expect_operation "after cxl_test was loaded"
region=$CXL/devices/$(entries 'region*')
# The size is that of the accelerator (tools/testing/cxl/test/accel.c).
[ "$(cat $region/size)" = 0x20000000 ] || fail "the region has size $(cat $region/size)"
[ "$(cat $region/interleave_ways)" = 1 ] || fail "the region has $(cat $region/interleave_ways) ways"
case $(cat $region/target0) in
decoder*) ;;
*) fail "the region has no target" ;;
esac
tell "bound"
# It belongs to the accelerator's driver: user space cannot take it away.
if echo 0 2> /dev/null > $region/commit; then
	fail "the region of an attached accelerator can be decommitted"
fi
accel_unbind || fail "cannot unbind the accelerator"
nothing_left "after unbind"
# no polling: it is there when bind returns
accel_bind || fail "cannot bind the accelerator"
in_operation || fail "bind returned without operation"
tell "bound again"
modprobe -r cxl_test 2> /dev/null
[ ! -d /sys/module/cxl_test ] || fail "cxl_test does not go"
[ -z "$(entries '*')" ] || fail "left without cxl_test: $(entries '*')"
