#!/bin/sh
#: summary: the release of a driver waits for the recovery of its device, but no longer than the PCI core would, a minute
#: needs: { modules: [cxl_attach_test], memdevs: 2 }
#: isolate: true
# Another device of the link takes its time to restore itself. Its handler holds
# the lock of that device alone.
. /bench/lib.sh
. /bench/suite/attach.lib

service aer
recover_slowly 75000
sleep 40
[ "$(events $a)" = err_detected ] || fail "released in the middle of the recovery: $(events $a)"
poll 30 happened $a released || fail "not released after more than a minute: $(events $a)"
! happened $b err_resume || fail "the recovery is over, nothing to be seen here"
[ "$(events $a)" = "err_detected remove released" ] || fail "events: $(events $a)"
poll 60 happened $b err_resume || fail "no end of the recovery: $(events $b)"
enumerate_anew $a
accel_up $a
