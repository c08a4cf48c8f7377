# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# For cases: `. /bench/lib.sh`. POSIX sh and what busybox has; no other dependency.
#
# A case reports its result by its exit status (0 pass, 1 fail, 4 skip), by KTAP lines, or both:
#
#   . /bench/lib.sh
#   [ -e /sys/module/cxl_core ] || skip "no CXL in this kernel"
#   poll 10 test -e /sys/bus/cxl/devices/mem0 || fail "mem0 did not come"
#
# or with several judgements:
#
#   plan 2
#   check "mem0 is bound" test -e /sys/bus/cxl/devices/mem0/driver
#   check "endpoint is up" poll 5 test -e /sys/bus/cxl/devices/endpoint2
#   finish

# What is too long to print goes into the boot's folder on the host, whole or not at all (results/README.md):
#
#   cxl-dump | save tree.txt || fail "the listing is not saved"

# Prints what helps to understand a failure. Every line gets the KTAP mark of a diagnostic.
diag() {
	printf '%s\n' "$*" | sed 's/^/# /'
}

# Ends the case as failed.
fail() {
	diag "FAIL: $*"
	exit 1
}

# Ends the case as skipped: it cannot be judged here, and this is why. The judge takes the reason from KTAP.
skip() {
	if [ -z "${_ktap_planned:-}" ]; then
		echo "KTAP version 1"
		echo "1..0 # SKIP $*"
	else
		# What was promised and not judged yet is skipped, result by result.
		while [ "$_ktap_count" -lt "$_ktap_planned" ]; do
			ktap_skip "not judged" "$*"
		done
	fi
	diag "SKIP: $*"
	exit 4
}

# Time since boot in hundredths of a second.
_now() {
	read -r _up _ < /proc/uptime
	_hundredths "$_up"
}

# _hundredths SECONDS.HUNDREDTHS: as a whole number. A leading zero would make it octal, and 0.95 an error.
_hundredths() {
	echo $((${1%.*} * 100 + 1${1#*.} - 100))
}

# poll SECONDS COMMAND…: tries until the command succeeds; fails when it never did. Tries at least once, and
# once more at the very end. On an instrumented kernel it tries TIMEOUT_SCALE times as long, which the host sets.
poll() {
	_until=$(($(_now) + $1 * 100 * ${TIMEOUT_SCALE:-1}))
	shift
	until "$@"; do
		[ "$(_now)" -lt "$_until" ] || return 1
		sleep 0.1 2> /dev/null || sleep 1
	done
}

# plan COUNT: starts KTAP; the count is a promise, a result that is missing is a crash.
plan() {
	echo "KTAP version 1"
	echo "1..$1"
	_ktap_planned=$1
	_ktap_count=0
	_ktap_failed=0
}

# Puts what would end or change the name of a result out of its way.
_ktap_name() {
	printf '%s' "$*" | tr '#\n' '_ '
}

ktap_pass() {
	_ktap_count=$((_ktap_count + 1))
	echo "ok $_ktap_count $(_ktap_name "$*")"
}

ktap_fail() {
	_ktap_count=$((_ktap_count + 1))
	_ktap_failed=$((_ktap_failed + 1))
	echo "not ok $_ktap_count $(_ktap_name "$*")"
}

# ktap_skip NAME REASON
ktap_skip() {
	_ktap_count=$((_ktap_count + 1))
	echo "ok $_ktap_count $(_ktap_name "$1") # SKIP $2"
}

# check NAME COMMAND…: one result, from the command's status. What it prints becomes diagnostics.
check() {
	_name=$1
	shift
	if _said=$("$@" 2>&1); then
		ktap_pass "$_name"
	else
		[ -z "$_said" ] || diag "$_said"
		diag "failed: $*"
		ktap_fail "$_name"
	fi
}

# equal NAME WANTED FOUND: one result.
equal() {
	if [ "$2" = "$3" ]; then
		ktap_pass "$1"
	else
		diag "wanted: $2"
		diag "found:  $3"
		ktap_fail "$1"
	fi
}

# Ends the case by its results: failed when one failed or one is missing.
finish() {
	[ "$_ktap_count" -eq "$_ktap_planned" ] || fail "$_ktap_count results of $_ktap_planned"
	[ "$_ktap_failed" -eq 0 ]
	exit $?
}

# can COMMAND: skips the case if this QEMU has no such command
can() {
	_said=$(host can "$1" 2>&1) || skip "$_said"
}

# service NAME: skips the case if no port has this service of PCIe: aer, pciehp. They need MSI, which a guest of a QEMU before
# 8.1 does without.
service() {
	ls -d "/sys/bus/pci_express/drivers/$1"/*:* > /dev/null 2>&1 || skip "no port has $1 here"
}

# aer_opened PCI-ADDRESS: lets through what QEMU's devices mask, and with it every error of CXL that is reported by AER.
# QEMU has the capability at 0x200 of a cxl-type3: masks of uncorrectable errors at +8, of correctable ones at +0x14.
aer_opened() {
	_config=/sys/bus/pci/devices/$1/config
	[ "$(od -A n -t x2 -j 512 -N 2 "$_config" | tr -d ' ')" = 0001 ] || fail "no AER at 0x200 of $1"
	for _mask in 130 133; do
		printf '\0\0\0\0' | dd of="$_config" bs=4 seek=$_mask conv=notrunc 2> /dev/null
		[ "$(od -A n -t x4 -j $((_mask * 4)) -N 4 "$_config" | tr -d ' ')" = 00000000 ] ||
			fail "an AER mask of $1 does not open"
	done
}
