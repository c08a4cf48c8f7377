#!/bin/sh
#: summary: a passphrase is set, locks the device, unlocks it and is removed, as sysfs tells
. /bench/lib.sh
. /bench/suite/bus.lib

up
idle
nvdimm
keys=/etc/ndctl/keys

security() {
	cat "/sys/bus/nd/devices/$nmem/security"
}

keyctl new_session >/dev/null 2>&1
keyctl link @u @s
master=$(head -c 32 /dev/urandom | keyctl padd user nvdimm-master @u)
keyctl pipe "$master" >$keys/nvdimm-master.blob
ndctl disable-region -b cxl_test all >/tmp/said 2>&1

plan 6
equal "no passphrase is set" disabled "$(security)"
check "a passphrase is set" ndctl setup-passphrase "$nmem" -k user:nvdimm-master
equal "the device is unlocked" unlocked "$(security)"
ndctl disable-dimm "$nmem" >/tmp/said 2>&1
echo 1 >"$platform/$host/security_lock"
equal "the device is locked" locked "$(security)"
check "the passphrase unlocks it" sh -c "ndctl enable-dimm $nmem && grep -qx unlocked /sys/bus/nd/devices/$nmem/security"
check "the passphrase is removed" sh -c "ndctl disable-region -b cxl_test all; ndctl remove-passphrase $nmem && grep -qx disabled /sys/bus/nd/devices/$nmem/security"
rm -f $keys/*
finish
