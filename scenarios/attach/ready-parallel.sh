#!/bin/sh
#: summary: siblings attach and detach in parallel, while their switch port comes and goes with them
#: needs: { modules: [cxl_attach_test], memdevs: 2 }
#: timeout: 180s
#: isolate: true
# Behind a switch the port is created with the first endpoint and reaped with
# the last. Below a host bridge there is nothing to wait for, or to lose. An
# attach that meets a port on its way out may fail, so failures are counted
# only; the rest is invariant: each device is attached, or has nothing left, and
# when it is alone it attaches.
. /bench/lib.sh
. /bench/suite/attach.lib

need_devs 2
a=$(accel_dev 1)
b=$(accel_dev 2)
accel_take $a
accel_take $b
# Any other device would keep the ports up for these two.
for other in $(memory_devs); do
	case $other in
	$a | $b) continue ;;
	esac
	drv=$(driver_of $BUS/devices/$other)
	[ -z "$drv" ] || echo $other > $BUS/drivers/$drv/unbind
done
poll 10 root_is_up || fail "no CXL root"

# churn DEV ROUNDS: prints how often it was up
churn() {
	_up=0
	_i=0
	while [ $_i -lt $2 ]; do
		_i=$((_i + 1))
		accel_bind $1
		accel_state_is $1 cxl && _up=$((_up + 1))
		accel_unbind $1
	done
	echo $_up
}

churn $a 30 > /tmp/a &
churn $b 30 > /tmp/b &
wait
flush
diag "attached: $(cat /tmp/a) and $(cat /tmp/b) of 30 each, ports left: $(ports | tr '\n' ' ')"

for dev in $a $b; do
	accel_state_is $dev unbound || fail "$dev is $(accel_get $dev state)"
	has_no_memdev $dev || fail "$(memdev_of $dev) is left"
done
for e in $CXL/devices/endpoint*; do
	[ ! -e $e ] || fail "${e##*/} is left"
done

for dev in $a $b; do
	accel_bind $dev || fail "cannot bind $dev"
	expect_state $dev cxl "alone"
	path_is_up $dev || fail "$dev is not attached"
done
tell "both, one after the other"
