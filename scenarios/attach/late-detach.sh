#!/bin/sh
#: summary: with NULL, detach work that is late, for an endpoint of the past, neither detaches the memdev nor keeps it
#: needs: { modules: [cxl_attach_test], memdevs: 2 }
#: timeout: 60s
. /bench/lib.sh
. /bench/suite/attach.lib

a=$(accel_dev 1)
b=$(accel_dev 2)
# First: its number becomes free by that, and may be lower than that of the other.
accel_take $b
accel_up $a N
mem=$(memdev_of $a)
hold_queue $b
# The work of the first loss is still on its way when the second one comes.
for loss in first second; do
	cxl_unbind cxl_mem $mem || fail "cannot unbind $mem, $loss loss"
	cxl_bind cxl_mem $mem || fail "cannot bind $mem while work is on its way, $loss loss"
done
queue_was_held $b
wait
flush
is_attached $mem || fail "$mem was detached for an endpoint of the past"
path_is_up $a || fail "$mem has no endpoint"
accel_state_is $a cxl || fail "$a is $(accel_get $a state)"

# Nothing holds the memdev when it is gone: its number is free.
accel_unbind $a || fail "cannot unbind $a"
flush
accel_bind $a || fail "cannot bind $a"
[ "$(memdev_of $a)" = $mem ] || fail "$mem is still held, the next one is $(memdev_of $a)"
