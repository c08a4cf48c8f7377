#!/bin/sh
#: summary: has done nothing; an expectation of it would cover the warning of the case before
#: timeout: 60s
#: cmdline: [forged.markers=1]
exit 0
