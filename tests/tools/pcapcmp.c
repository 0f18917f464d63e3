/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pcapcmp A B: whether two captures hold the same frames in the same order. Time stamps do not
 * count. Exit code 0: equal, 1: they differ (the first difference is named), 2: cannot be read.
 */
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>

#define EXIT_DIFFERENT	1
#define EXIT_UNREADABLE 2

static pcap_t *open_capture(const char *name)
{
	char text[PCAP_ERRBUF_SIZE];
	pcap_t *capture = pcap_open_offline(name, text);

	if (!capture) {
		fprintf(stderr, "pcapcmp: %s\n", text);
		exit(EXIT_UNREADABLE);
	}
	return capture;
}

/* The next frame; NULL at the end of the file. */
static const u_char *next_frame(pcap_t *capture, const char *name, struct pcap_pkthdr **header)
{
	const u_char *bytes;
	int result = pcap_next_ex(capture, header, &bytes);

	if (result == PCAP_ERROR_BREAK)
		return NULL;
	if (result != 1) {
		fprintf(stderr, "pcapcmp: %s: %s\n", name, pcap_geterr(capture));
		exit(EXIT_UNREADABLE);
	}
	return bytes;
}

/* Prints how frame @number differs; returns whether it does. */
static int differ(unsigned long number, const struct pcap_pkthdr *a_header, const u_char *a,
		  const struct pcap_pkthdr *b_header, const u_char *b)
{
	if (a_header->caplen != b_header->caplen || a_header->len != b_header->len) {
		printf("frame %lu: %u of %u bytes in one, %u of %u in the other\n", number,
		       a_header->caplen, a_header->len, b_header->caplen, b_header->len);
		return 1;
	}
	for (bpf_u_int32 i = 0; i < a_header->caplen; i++) {
		if (a[i] != b[i]) {
			printf("frame %lu: byte %u is 0x%02x in one, 0x%02x in the other\n", number,
			       i, a[i], b[i]);
			return 1;
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct pcap_pkthdr *a_header, *b_header;
	const u_char *a, *b;
	pcap_t *a_file, *b_file;
	unsigned long number = 0;

	if (argc != 3) {
		fprintf(stderr, "usage: pcapcmp A.pcap B.pcap\n");
		return EXIT_UNREADABLE;
	}
	a_file = open_capture(argv[1]);
	b_file = open_capture(argv[2]);
	for (;;) {
		a = next_frame(a_file, argv[1], &a_header);
		b = next_frame(b_file, argv[2], &b_header);
		if (!a || !b)
			break;
		if (differ(++number, a_header, a, b_header, b))
			return EXIT_DIFFERENT;
	}
	pcap_close(a_file);
	pcap_close(b_file);
	if (a || b) {
		printf("%s ends after %lu frames, the other goes on\n", argv[a ? 2 : 1], number);
		return EXIT_DIFFERENT;
	}
	printf("%lu frames, all equal\n", number);
	return EXIT_SUCCESS;
}
