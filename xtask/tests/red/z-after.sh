#!/bin/sh
#: summary: would pass, but the kernel is dead by now
exit 0
