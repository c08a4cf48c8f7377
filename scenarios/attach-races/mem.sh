#!/bin/sh
#: summary: attach races with user space that unbinds the new memdev, and its endpoint
#: needs: { modules: [cxl_attach_test], memdevs: 1 }
. /bench/lib.sh
. /bench/suite/attach.lib

dev=$(accel_dev 1)
accel_take $dev
poll 10 root_is_up || fail "no CXL root"
hits=0

# as soon as it is there
unbind_mem() {
	_n=0
	while [ $_n -lt 200 ]; do
		_n=$((_n + 1))
		for _m in $BUS/devices/$dev/mem[0-9]*; do
			cxl_unbind cxl_mem ${_m##*/} && hits=$((hits + 1)) && return
		done
	done
}

unbind_endpoint() {
	_n=0
	while [ $_n -lt 200 ]; do
		_n=$((_n + 1))
		for _m in $BUS/devices/$dev/mem[0-9]*; do
			[ -d $_m ] || continue
			_e=$(endpoint_of ${_m##*/})
			[ -n "$_e" ] && cxl_unbind cxl_port $_e && hits=$((hits + 1)) && return
		done
	done
}
race $dev 200 unbind_mem true
diag "$hits memdevs unbound"
[ $hits -gt 0 ] || fail "no memdev was ever met"
accel_unbind $dev || fail "cannot unbind $dev"
hits=0
race $dev 100 unbind_endpoint true
diag "$hits endpoints unbound"
