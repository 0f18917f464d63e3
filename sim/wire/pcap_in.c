/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * "pcap-in:FILE": sends a capture once, each frame when there are descriptors for it. The whole
 * file is read at open, so that a bad one is refused before anything was sent.
 */
#include "sim/wire/wire.h"

#include <errno.h>
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/bits.h"
#include "lib/base/err.h"
#include "sim/card.h"

/**
 * struct pcap_in - the source
 * @pcap:  the file
 * @next:  the frame that is sent next, in libpcap's buffer until the next read; data NULL = none
 * @ended: the file is read through
 */
struct pcap_in {
	struct sim_source base;
	pcap_t *pcap;
	struct sim_frame next;
	bool ended;
};

static struct pcap_in *pcap_in_of(struct sim_source *source)
{
	return VFNET_CONTAINER_OF(source, struct pcap_in, base);
}

static void read_next(struct pcap_in *in)
{
	struct pcap_pkthdr *header;
	const u_char *data;

	in->next = (struct sim_frame){0};
	if (pcap_next_ex(in->pcap, &header, &data) == 1)
		in->next = (struct sim_frame){data, header->caplen};
	else
		in->ended = true;
}

static unsigned int pcap_in_frames(struct sim_source *source, struct sim_frame *frames,
				   unsigned int max)
{
	struct pcap_in *in = pcap_in_of(source);

	if (in->ended || !max)
		return 0;
	frames[0] = in->next;
	return 1;
}

static void pcap_in_taken(struct sim_source *source, unsigned int n)
{
	if (n)
		read_next(pcap_in_of(source));
}

static bool pcap_in_ended(const struct sim_source *source)
{
	return ((const struct pcap_in *)source)->ended;
}

static void pcap_in_close(struct sim_source *source)
{
	pcap_close(pcap_in_of(source)->pcap);
	free(pcap_in_of(source));
}

static const struct sim_source_ops pcap_in_ops = {.frames = pcap_in_frames,
						  .taken = pcap_in_taken,
						  .ended = pcap_in_ended,
						  .close = pcap_in_close};

/* libpcap says what is wrong, but not which errno it was: fopen does. */
static int open_file(const char *name, pcap_t **out, struct vfnet_err *err)
{
	char text[PCAP_ERRBUF_SIZE];
	FILE *file = fopen(name, "rb");
	pcap_t *pcap;

	if (!file)
		return vfnet_err_set(err, -errno, "pcap-in: cannot open %s: %s", name,
				     strerror(errno));
	pcap = pcap_fopen_offline(file, text);
	if (!pcap) {
		fclose(file);
		return vfnet_err_set(err, -EINVAL, "pcap-in: %s is no capture: %s", name, text);
	}
	if (pcap_datalink(pcap) != DLT_EN10MB) {
		const char *type = pcap_datalink_val_to_name(pcap_datalink(pcap));

		vfnet_err_set(err, -EINVAL,
			      "pcap-in: %s is a capture of %s; only Ethernet (EN10MB) can be sent",
			      name, type ? type : "an unknown link");
		pcap_close(pcap);
		return -EINVAL;
	}
	*out = pcap;
	return 0;
}

static int check_file(const char *name, struct vfnet_err *err)
{
	struct pcap_pkthdr *header;
	uint64_t number = 0;
	const u_char *data;
	pcap_t *pcap;
	int got;
	int ret = open_file(name, &pcap, err);

	if (ret)
		return ret;
	while ((got = pcap_next_ex(pcap, &header, &data)) == 1 && !ret) {
		number++;
		if (header->caplen < header->len)
			ret = vfnet_err_set(err, -EINVAL,
					    "pcap-in: %s: frame %" PRIu64
					    " was captured in part, %u of %u bytes; capture again "
					    "with a larger snapshot length",
					    name, number, header->caplen, header->len);
	}
	if (got < 0 && got != PCAP_ERROR_BREAK)
		ret = vfnet_err_set(err, -EINVAL, "pcap-in: %s: after frame %" PRIu64 ": %s", name,
				    number, pcap_geterr(pcap));
	pcap_close(pcap);
	return ret;
}

int sim_pcap_in_open(struct sim_card *card, const char *args, struct sim_source **out,
		     struct vfnet_err *err)
{
	struct pcap_in *in;
	int ret;

	(void)card;
	if (!args || !*args)
		return vfnet_err_set(err, -EINVAL, "pcap-in: name a file: pcap-in:FILE");
	ret = check_file(args, err);
	if (ret)
		return ret;
	in = calloc(1, sizeof(*in));
	if (!in)
		return vfnet_err_set(err, -ENOMEM, "pcap-in: no memory");
	ret = open_file(args, &in->pcap, err);
	if (ret) {
		free(in);
		return ret;
	}
	in->base.ops = &pcap_in_ops;
	in->base.waits = true;
	read_next(in);
	*out = &in->base;
	return 0;
}
