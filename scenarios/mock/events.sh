#!/bin/sh
#: summary: a device's event logs become trace events, each record once
. /bench/lib.sh
. /bench/suite/bus.lib

up
idle
tracing=/sys/kernel/tracing

# seen EVENT: how many of them this device has traced.
seen() {
	grep -c " $1: memdev=$memdev " $tracing/trace
}

echo >$tracing/trace
echo 1 >$tracing/events/cxl/enable
echo 1 >"$platform/$host/event_trigger"
echo 0 >$tracing/events/cxl/enable

plan 5
check "an overflow of a log" [ "$(seen cxl_overflow)" -eq 1 ]
check "general media events" [ "$(seen cxl_general_media)" -ge 1 ]
check "DRAM events" [ "$(seen cxl_dram)" -ge 1 ]
check "memory module events" [ "$(seen cxl_memory_module)" -ge 1 ]
for log in Informational Failure Fatal; do
	diag "$log: $(grep -c "memdev=$memdev .*log=$log" $tracing/trace)"
done
# 3, 16 and 2 are what the mock device puts into these logs (mem.c); the failures overflow, and the log is read to its end.
equal "records of the three logs" "3 16 2" "$(for log in Informational Failure Fatal; do
	grep -c "memdev=$memdev .*log=$log" $tracing/trace
done | xargs)"
finish
