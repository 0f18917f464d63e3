/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The far end of the tests in the virtual machine: sends probes over the card's emulated wire and
 * checks what comes back. tests/vm/run starts it on the host when a guest script asks for it; in
 * the guest it uses a network interface. Exit code: 0 passed, 1 failed, 2 wrong usage.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire_end.h"

#define HELLO_MS 20000

struct options {
	const char *mode;
	uint16_t local;
	uint16_t remote;
	const char *interface;
	uint64_t count;
	uint64_t seconds;
	uint64_t losses;
	uint64_t window;
	uint64_t frame_bytes;
};

static const char usage_text[] =
    "usage: wire_test --local PORT --remote PORT --src MAC --dst MAC [options] MODE\n"
    "       wire_test --interface NAME --src MAC --dst MAC [options] MODE\n"
    "\n"
    "  stream           frames of 60 to 1514 bytes, several on their way\n"
    "  bounce           one frame on its way; prints round-trip times\n"
    "  prime            frames at once, and nothing comes back\n"
    "\n"
    "  --local PORT     UDP port here (QEMU: -netdev socket,udp=127.0.0.1:PORT)\n"
    "  --remote PORT    UDP port of QEMU (localaddr=127.0.0.1:PORT)\n"
    "  --interface NAME instead: an interface of this machine; needs CAP_NET_RAW\n"
    "  --src MAC        address of this end: source of all frames, destination of what returns\n"
    "  --dst MAC        destination of all frames\n"
    "  --from MAC       source that returning frames must have (default: any)\n"
    "  --count N        frames (stream: 10000, bounce: 1000000, prime: 512)\n"
    "  --seconds S      bounce: so long, in place of --count\n"
    "  --losses N       bounce: so many frames may fail to come back in 2 s (0)\n"
    "  --window N       stream: frames on their way (64)\n"
    "  --size N         bounce, prime: bytes of a frame without CRC, 60 to 1514 (60)\n"
    "  --help           this text\n";

static _Noreturn void wrong(const char *what, const char *value)
{
	fprintf(stderr, "wire_test: %s%s%s\n%s", what, value != NULL ? ": " : "",
		value != NULL ? value : "", usage_text);
	exit(2);
}

static uint64_t number(const char *text, uint64_t min, uint64_t max)
{
	char *end;
	unsigned long long value = strtoull(text, &end, 10);

	if (end == text || *end != '\0' || value < min || value > max)
		wrong("bad number", text);
	return value;
}

static void address(const char *text, uint8_t *mac)
{
	if (vfnet_mac_parse(text, mac) != 0)
		wrong("bad MAC", text);
}

static void take_option(int name, struct options *opts, struct wire_end *end)
{
	switch (name) {
	case 'l':
		opts->local = (uint16_t)number(optarg, 1, 65535);
		break;
	case 'r':
		opts->remote = (uint16_t)number(optarg, 1, 65535);
		break;
	case 's':
		address(optarg, end->mac);
		break;
	case 'd':
		address(optarg, end->to);
		break;
	case 'f':
		address(optarg, end->from);
		end->check_from = true;
		break;
	case 'c':
		opts->count = number(optarg, 1, UINT64_C(1000000000000));
		break;
	case 'i':
		opts->interface = optarg;
		break;
	case 'S':
		opts->seconds = number(optarg, 1, 86400);
		break;
	case 'L':
		opts->losses = number(optarg, 0, UINT64_MAX);
		break;
	case 'w':
		opts->window = number(optarg, 1, 4096);
		break;
	case 'z':
		opts->frame_bytes = number(optarg, WIRE_FRAME_MIN, WIRE_FRAME_MAX);
		break;
	case 'h':
		printf("%s", usage_text);
		exit(0);
	default:
		wrong("see the usage", NULL);
	}
}

static void parse_options(int argc, char **argv, struct options *opts, struct wire_end *end)
{
	static const struct option names[] = {
	    {"local", required_argument, NULL, 'l'},
	    {"remote", required_argument, NULL, 'r'},
	    {"src", required_argument, NULL, 's'},
	    {"dst", required_argument, NULL, 'd'},
	    {"from", required_argument, NULL, 'f'},
	    {"count", required_argument, NULL, 'c'},
	    {"window", required_argument, NULL, 'w'},
	    {"size", required_argument, NULL, 'z'},
	    {"interface", required_argument, NULL, 'i'},
	    {"seconds", required_argument, NULL, 'S'},
	    {"losses", required_argument, NULL, 'L'},
	    {"help", no_argument, NULL, 'h'},
	    {NULL, 0, NULL, 0},
	};
	int name;

	while ((name = getopt_long(argc, argv, "", names, NULL)) != -1)
		take_option(name, opts, end);
	if (optind + 1 != argc ||
	    (opts->interface == NULL && (opts->local == 0 || opts->remote == 0)))
		wrong("a port, the interface or the mode is missing", NULL);
	opts->mode = argv[optind];
}

/* Return: 0 when the first frame has come back, or need not; -errno. */
static int open_end(struct wire_end *end, const struct options *opts, bool answers)
{
	int ret = opts->interface != NULL ? wire_open_interface(end, opts->interface)
					  : wire_open(end, opts->local, opts->remote);

	if (ret == 0 && answers)
		ret = wire_hello(end, HELLO_MS);
	return ret;
}

static bool run_stream(struct wire_end *end, const struct options *opts)
{
	return wire_stream_run(end, &(struct wire_stream){
					.count = opts->count != 0 ? opts->count : 10000,
					.window = opts->window,
				    });
}

static bool run_bounce(struct wire_end *end, const struct options *opts)
{
	return wire_bounce_run(
	    end, &(struct wire_bounce){
		     .count = opts->count != 0 || opts->seconds != 0 ? opts->count : 1000000,
		     .seconds = opts->seconds,
		     .losses = opts->losses,
		     .frame_bytes = opts->frame_bytes,
		 });
}

static bool run_prime(struct wire_end *end, const struct options *opts)
{
	return wire_prime_run(end, &(struct wire_prime){
				       .count = opts->count != 0 ? opts->count : 512,
				       .frame_bytes = opts->frame_bytes,
				   });
}

static const struct mode {
	const char *name;
	bool answers;
	bool (*run)(struct wire_end *end, const struct options *opts);
} modes[] = {
    {"stream", true, run_stream}, {"bounce", true, run_bounce}, {"prime", false, run_prime}};

static const struct mode *find_mode(const char *name)
{
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(modes[i].name, name) == 0)
			return &modes[i];
	wrong("no such mode", name);
}

int main(int argc, char **argv)
{
	struct options opts = {.window = 64, .frame_bytes = WIRE_FRAME_MIN};
	struct wire_end end = {.fd = -1};
	const struct mode *mode;
	int ret;

	parse_options(argc, argv, &opts, &end);
	mode = find_mode(opts.mode);
	ret = open_end(&end, &opts, mode->answers);
	if (ret != 0) {
		printf("no answer to the first frames: %s (%llu damaged%s%s)\n", strerror(-ret),
		       (unsigned long long)end.corrupt, end.corrupt != 0 ? ": " : "", end.bad);
		return 1;
	}
	return mode->run(&end, &opts) ? 0 : 1;
}
