#!/bin/sh
#: summary: an idle device is sanitized in the background and says when it is done; one in a region refuses
. /bench/lib.sh
. /bench/suite/bus.lib

up
idle
# Milliseconds that the mock device takes.
echo 2000 >"$platform/$host/sanitize_timeout"

plan 4
equal "nothing is going on" disabled "$(cat $bus/"$memdev"/security/state)"
check "sanitize is begun" sh -c "echo 1 >$bus/$memdev/security/sanitize"
equal "it goes on" sanitize "$(cat $bus/"$memdev"/security/state)"
check "its end is told" cxl wait-sanitize -t 20000 "$memdev"
finish
