/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shm_peer LIFE - the side of a conversation that process_test.cc kills and starts again. It ends
 * with code 0 when its standard input does, and with 1 when a frame is missing or wrong.
 */
#include <poll.h>
#include <unistd.h>

#include "tests/sim/shm/talk.h"

int main(int argc, char **argv)
{
	guest::Talk talk(1, "shm:t");
	pollfd in = {STDIN_FILENO, POLLIN, 0};

	talk.life = argc > 1 ? strtoull(argv[1], nullptr, 10) : 0;
	talk.first_may_be_any = true;
	for (uint64_t round = 1; round % 64 || !poll(&in, 1, 0); round++) {
		if (!talk.Round()) {
			fprintf(stderr, "shm_peer %s: not frame %llu\n", argv[1],
				static_cast<unsigned long long>(talk.expected));
			return 1;
		}
	}
	return 0;
}
