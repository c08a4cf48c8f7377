#!/bin/sh
#: summary: windows, ports, dports, endpoints and memdevs are those of the topology, each bound to its driver
#: needs: { memdevs: 1 }
#: timeout: 60s
. /bench/lib.sh

cxl-expect
