#!/bin/sh
#: summary: floods its output with two megabytes of noise and escape codes, and passes
#: timeout: 120s
printf '\033[31mred\033[0m \033]0;title\007 <script>alert(1)</script> not ok 1 - no result\n'
i=0
while [ $i -lt 256 ]; do
	dd if=/dev/urandom bs=8192 count=1 2>/dev/null
	i=$((i + 1))
done
exit 0
