# shellcheck shell=dash
# SPDX-License-Identifier: BSD-2-Clause
#
# Read by main.sh: test programs, built on the host. Each TEST of GoogleTest becomes a result SCRIPT.SUITE.NAME, as root,
# or SCRIPT.user.SUITE.NAME, as the ordinary user; also those that a crash left without one.

GTEST_SECONDS=120 # for a whole program
[ "$VFNET_KERNEL" != debug ] || GTEST_SECONDS=600
for word in $VFNET_ENVIRONMENT; do # --env GTEST_SECONDS=N: more
	case $word in
	GTEST_SECONDS=*) GTEST_SECONDS=${word#*=} ;;
	esac
done

# gtest PROGRAM [ARGUMENT...]: a program below the build folder, as root
gtest() {
	gtest_run "$VFNET_SCRIPT" as_root "$@"
}

# gtest_as_user PROGRAM [ARGUMENT...]
gtest_as_user() {
	gtest_run "$VFNET_SCRIPT.user" as_user "$@"
}

# program NAME as_root|as_user PROGRAM [ARGUMENT...]: one that is no GoogleTest; its exit code is the result
program() {
	local name=$1 who=$2 program=$VFNET_BUILD/$3 code=0
	shift 3
	built "$program" || return
	# shellcheck disable=SC2046 # words
	"$who" /usr/bin/env $(test_environment) /usr/bin/timeout -k 1 "$GTEST_SECONDS" "$program" "$@" \
		>"/share/$VFNET_SCRIPT.$name.out" 2>&1 || code=$?
	if [ "$code" = 0 ]; then
		pass "$VFNET_SCRIPT.$name" "$(tail -n 1 "/share/$VFNET_SCRIPT.$name.out")"
	else
		fail "$VFNET_SCRIPT.$name" "exit $code: $(words "$VFNET_SCRIPT.$name")"
	fi
}

# program32: the same for a 32-bit program; NAME has "32bit" in it. Not every compiler can make one.
program32() {
	if [ -x "$ROOT$VFNET_BUILD/$3" ]; then
		program "$@"
	else
		skip "$VFNET_SCRIPT.$1" "no $VFNET_BUILD/$3: the compiler makes no 32-bit programs (gcc-multilib)"
	fi
}

test_environment() {
	local number=0 path
	echo "VFNET_IOMMU=$VFNET_IOMMU VFNET_KERNEL=$VFNET_KERNEL VFNET_COUNT=$VFNET_COUNT VFNET_USER_ID=$VFNET_UID"
	echo "VFNET_EDU0=$EDU0 VFNET_EDU1=$EDU1 VFNET_EDU2=$EDU2 VFNET_EDU3=$EDU3 VFNET_EDU_BRIDGE=$EDU_BRIDGE"
	echo "VFNET_SMALL0=$SMALL0 $VFNET_ENVIRONMENT"
	while [ "$number" -lt "$VFNET_VFS" ]; do
		path=/sys/bus/pci/devices/0000:01:00.0/virtfn$number
		echo "VFNET_VF$number=$(basename "$(readlink "$path")")"
		number=$((number + 1))
	done
}

gtest_run() { # prefix as_root|as_user program argument...
	local prefix=$1 who=$2 program=$3 out code=0
	shift 3
	out=/share/$prefix.$(basename "$program")
	built "$VFNET_BUILD/$program" || return
	set -- "$VFNET_BUILD/$program" "$@"
	# shellcheck disable=SC2046 # words
	"$who" /usr/bin/env $(test_environment) /usr/bin/timeout -k 1 30 "$@" --gtest_list_tests >"$out.list" 2>&1
	# shellcheck disable=SC2046 # words
	"$who" /usr/bin/env $(test_environment) /usr/bin/timeout -k 1 "$GTEST_SECONDS" "$@" --gtest_color=no \
		>"$out.out" 2>&1 || code=$?
	[ "$code" != 124 ] || echo "killed after $GTEST_SECONDS s" >>"$out.out"
	awk -v mark=VFNET- -v prefix="$prefix." -v code="$code" -f "/host$VFNET_SOURCE/tests/common/gtest_results.awk" \
		"$out.list" "$out.out" >/share/results
	cat /share/results >/dev/console
	if grep -q '^VFNET-FAIL' /share/results; then
		# shellcheck disable=SC2034 # main.sh's
		failed=yes
		return 1
	fi
}

# try FUNCTION NAME CODE PHRASE... -- ARGUMENTS...: calls FUNCTION NAME ARGUMENTS, which leaves the exit code in CODE and
# what was said in /share/NAME.out; sets WRONG to what is not as it should be, "" = nothing
try() {
	local run=$1 name=$2 want=$3 phrases='' phrase
	shift 3
	while [ "$1" != -- ]; do
		phrases="$phrases$1
"
		shift
	done
	shift
	"$run" "$name" "$@"
	WRONG=$(printf %s "$phrases" | while read -r phrase; do
		grep -qF -e "$phrase" "/share/$name.out" || printf ' no "%s";' "$phrase"
	done)
	# shellcheck disable=SC2153 # FUNCTION's
	[ "$CODE" = "$want" ] || WRONG=" exit $CODE, not $want;$WRONG"
}
