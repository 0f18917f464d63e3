# SPDX-License-Identifier: BSD-2-Clause
#
# Counts what QEMU wrote down of a closed loop through VF 0's transmit and VF 1's receive ring: one line of JSON. The
# window begins with the first doorbell and ends before the last, so that it holds whole bursts. QEMU writes a transmit
# descriptor back exactly if it has the bit RS, and each descriptor that it fills.
#
#   e1000e_core_write Write to register 0xe018, 4 byte(s), value: 0x2e0
#   e1000e_core_read  Read from register 0x3c0c, 4 byte(s), value: 0x0
#   e1000e_tx_descr 0x1181413bc0 : 2b30003c f0000        address, command with length, and what follows
#   e1000e_rx_descr Next RX descriptor: ring #1, PA: 0x1180a67980, length: 16
#
# Variables: contender, burst.

function command_has(digits) { # those of bits 27:24 in which the bit is set
	return length($4) == 8 && index(digits, substr($4, 2, 1)) > 0
}

function keep() {
	kept_frames = frames; kept_rs = rs; kept_filled = filled; kept_writes = writes; kept_reads = reads
	kept_doorbells = doorbells; kept_descriptors = descriptors
}

/^e1000e_core_write .* 0xe018,/ {
	if (began)
		keep()
	began = 1
	doorbells++
}
!began { next }
/^e1000e_core_write / { writes++ }
/^e1000e_core_read / { reads++ }
/^e1000e_tx_descr / {
	descriptors++
	frames += command_has("13579bdf") # EOP
	rs += command_has("89abcdef")
}
/^e1000e_rx_descr / { filled++ }

END {
	if (kept_frames < 1000) {
		printf "counts.awk: %s at bursts of %s: %d frames in %s are too few\n", contender, burst, kept_frames, FILENAME >"/dev/stderr"
		exit 1
	}
	printf "{\"contender\":\"%s\",\"burst\":%d,\"frames\":%d,\"doorbells\":%d,\"register_writes\":%d,\"register_reads\":%d,", contender, burst, kept_frames, kept_doorbells, kept_writes, kept_reads
	printf "\"sent_descriptors\":%d,\"rs\":%d,\"write_backs\":%d}\n", kept_descriptors, kept_rs, kept_rs + kept_filled
}
