# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Read by tests/vm/run: boots the machine, understands what the guest says on its console (the VFNET- lines of
# README.md), starts wire_test, and prints the results. Uses run's options, PREFIX, DIR, LOG and BEGAN, and machine.sh.

readonly BOOT_ATTEMPTS=3 POWER_OFF_SECONDS=10

# One machine: reads its console line by line until it ends or a limit passes.

RESULTS=() ATTEMPT=0 GUEST_CODE=''

now_ms() {
	local time=${EPOCHREALTIME//[.,]/}
	printf '%s' "${time%???}"
}

result() { # PASS|FAIL|SKIP name text...
	local word=$1 name=$2
	shift 2
	RESULTS+=("$word $PREFIX.$name $*")
}

seconds_since() { # ms
	local ms=$(($(now_ms) - $1))
	printf '%d.%01d' $((ms / 1000)) $((ms % 1000 / 100))
}

# The guest waits in stage NAME: run wire_test, tell the guest its exit code.
run_wire() { # name arguments...
	local name=$1 code=0 out=$DIR/share/wire.$1.out
	shift
	if [[ ! -x $BUILD/tests/vm/wire_test ]]; then
		result FAIL "$name" "no $BUILD/tests/vm/wire_test: build it"
		echo 1 >"$DIR/share/done.$name"
		return
	fi
	say "$name: wire_test $*"
	setpriv --pdeathsig KILL "$BUILD/tests/vm/wire_test" --local "${PORTS[0]}" --remote "${PORTS[1]}" \
		--src "$WIRE_MAC" "$@" >"$out" 2> >(tee -a "$LOG" >&2) &
	WIRE_PID=$!
	wait "$WIRE_PID" || code=$?
	WIRE_PID=''
	cat "$out" >>"$LOG"
	if ((code == 0)); then
		result PASS "$name" "$(tail -n 1 "$out")"
	else
		result FAIL "$name" "$(tail -n 1 "$out") (exit $code)"
	fi
	echo "$code" >"$DIR/share/done.$name.tmp"
	mv "$DIR/share/done.$name.tmp" "$DIR/share/done.$name"
}

console_line() { # line
	local word rest name events
	printf '%s\n' "$1" >>"$LOG"
	if [[ -n $VERBOSE ]]; then
		printf '%s\n' "$1"
	fi
	if [[ $1 != VFNET-* ]]; then
		return 0
	fi
	read -r word name rest <<<"$1"
	case $word in
	VFNET-BOOT)
		SEEN=yes
		say "$KERNEL: first line of $name after $(seconds_since "$STARTED") s"
		;;
	VFNET-START) say "$KERNEL: guest script $name starts after $(seconds_since "$STARTED") s" ;;
	VFNET-PASS) result PASS "$name" "$rest" ;;
	VFNET-FAIL) result FAIL "$name" "$rest" ;;
	VFNET-SKIP) result SKIP "$name" "$rest" ;;
	VFNET-NOTE) say "$name $rest" ;;
	VFNET-READY)
		# shellcheck disable=SC2086 # the rest of the line is options, split at blanks
		run_wire "$name" $rest
		;;
	VFNET-UNPLUG) unplug_device "$name" ;;
	VFNET-PLUG) plug_device "$name" ;;
	VFNET-TRACE)
		read -ra events <<<"$rest"
		trace_events "$name" "${events[@]}"
		;;
	VFNET-EXIT) GUEST_CODE=$name ;;
	esac
}

# Reads what the console has new. A line may arrive in parts.
read_console() {
	local part
	while IFS= read -r part <&3; do
		PARTIAL+=$part
		console_line "${PARTIAL//$'\r'/}"
		PARTIAL=''
	done
	PARTIAL+=$part
}

# Returns 0 when the machine has ended or must end, 1 when it never said a word.
watch_machine() {
	local limit=$((STARTED + TIME_LIMIT * 1000)) first=$((STARTED + FIRST_LINE_SECONDS * 1000)) time
	PARTIAL='' SEEN=''
	while kill -0 "$QEMU_PID" 2>/dev/null; do
		read_console
		monitor_listen
		time=$(now_ms)
		if [[ -z $SEEN ]] && ((time > first)); then
			say "$KERNEL: no first line in $FIRST_LINE_SECONDS s"
			return 1
		fi
		if [[ -n $GUEST_CODE ]]; then
			limit=$((limit < time + POWER_OFF_SECONDS * 1000 ? limit : time + POWER_OFF_SECONDS * 1000))
		fi
		if ((time > limit)); then
			if [[ -z $GUEST_CODE ]]; then
				result FAIL limit "the machine did not end in $TIME_LIMIT s"
			fi
			return 0
		fi
		sleep 0.05
	done
	read_console
	if [[ -z $SEEN ]]; then
		say "$KERNEL: QEMU ended before the guest's first line: $(tail -n 3 "$DIR/qemu.err") $(last_words)"
		return 1
	fi
}

boot_once() {
	local code=0
	choose_ports
	qemu_arguments
	GUEST_CODE=''
	: >"$DIR/console"
	STARTED=$(now_ms)
	monitor_open
	exec_qemu "${MONITOR[@]}" -serial "file:$DIR/console" >"$DIR/qemu.err" 2>&1 </dev/null &
	QEMU_PID=$!
	exec 3<"$DIR/console"
	watch_machine || code=1
	exec 3<&-
	monitor_close
	reap QEMU_PID
	return "$code"
}

boot() {
	mkdir -p "${LOG%/*}"
	: >"$LOG"
	for ((ATTEMPT = 1; ATTEMPT <= BOOT_ATTEMPTS; ATTEMPT++)); do
		if ((ATTEMPT > 1)); then
			say "$KERNEL: boot attempt $ATTEMPT of $BOOT_ATTEMPTS"
		fi
		rm -rf "$DIR"/share/{done,gone}.*
		if boot_once; then
			return
		fi
	done
	result FAIL boot "no first line from the guest in $BOOT_ATTEMPTS attempts of $FIRST_LINE_SECONDS s"
}

# What the guest left in the share goes beside the log.
keep_output() {
	local file base=${LOG%.log}
	for file in "$DIR"/share/*; do
		case $file in
		*/dmesg | *.out | *.json | *.pcap | *.trace) cp "$file" "$base.${file##*/}" ;;
		esac
	done
}

# What a machine that ended early said last.
last_words() {
	grep -m 1 -E 'Kernel panic|BUG:|Oops' "$LOG" || tail -n 1 "$LOG"
}

# The guest's last words and the kernel's, for whoever looks for the reason; results are printed below anyway.
show_logs() {
	local messages=${LOG%.log}.dmesg
	say "the end of the guest's console ($LOG):"
	grep -vE '^(VFNET-[A-Z]*|monitor:) ' "$LOG" | tail -n 30 | sed 's/^/  | /' >&2
	if [[ -s $DIR/share/dmesg ]]; then
		say "the kernel's last messages ($messages):"
		tail -n 20 "$messages" | sed 's/^/  | /' >&2
	fi
}

report() {
	local line code=0 killed="FAIL ${PREFIX//./\\.}\.(limit|boot) "
	if [[ -z $GUEST_CODE && ! "${RESULTS[*]}" =~ $killed ]]; then
		result FAIL "$SCRIPT" "the machine ended before the guest script did: $(tail -n 3 "$DIR/qemu.err" | tr "\n" " ")$(last_words)"
	elif [[ -n $GUEST_CODE && $GUEST_CODE != 0 && "${RESULTS[*]}" != *"FAIL vm."* ]]; then
		result FAIL "$SCRIPT" "guest script: exit $GUEST_CODE; see $LOG"
	fi
	if [[ -z $VERBOSE && ($GUEST_CODE != 0 || "${RESULTS[*]}" == *"FAIL vm."*) ]]; then
		show_logs
	fi
	printf 'INFO %s.%s boots %s, %s s, console in %s\n' \
		"$PREFIX" "$SCRIPT" "$ATTEMPT" "$(seconds_since "$BEGAN")" "$LOG"
	for line in "${RESULTS[@]}"; do
		printf '%s\n' "$line"
		[[ $line != FAIL* ]] || code=1
	done
	[[ $GUEST_CODE == 0 ]] || code=1
	return "$code"
}
