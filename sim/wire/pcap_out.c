/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * "pcap-out:FILE": writes what the card sends. Frame n has the time stamp n microseconds, so the
 * same frames always make the same file.
 */
#define VFNET_LOG_TAG "sim/pcap-out"
#include "sim/wire/wire.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/bits.h"
#include "lib/base/err.h"
#include "sim/card.h"

#define SNAPLEN	 65535
#define US_PER_S 1000000u

/** struct pcap_out - the sink; @n frames are written, @failed was said in the log. */
struct pcap_out {
	struct sim_sink base;
	const struct vfnet_log *log;
	pcap_t *pcap;
	pcap_dumper_t *dumper;
	uint64_t n;
	bool failed;
};

static struct pcap_out *pcap_out_of(struct sim_sink *sink)
{
	return VFNET_CONTAINER_OF(sink, struct pcap_out, base);
}

static uint64_t pcap_out_frames(struct sim_sink *sink, const struct sim_frame *frames,
				unsigned int n)
{
	struct pcap_out *out = pcap_out_of(sink);

	for (unsigned int i = 0; i < n; i++, out->n++) {
		struct pcap_pkthdr header = {.caplen = frames[i].len, .len = frames[i].len};

		header.ts.tv_sec = (time_t)(out->n / US_PER_S);
		header.ts.tv_usec = (suseconds_t)(out->n % US_PER_S);
		pcap_dump((u_char *)out->dumper, &header, frames[i].data);
	}
	return 0;
}

static void pcap_out_flush(struct sim_sink *sink)
{
	struct pcap_out *out = pcap_out_of(sink);

	if ((pcap_dump_flush(out->dumper) || ferror(pcap_dump_file(out->dumper))) && !out->failed) {
		out->failed = true;
		vfnet_log(out->log, ERR, "cannot write the capture: %s; it is not complete",
			  strerror(errno));
	}
}

static void pcap_out_close(struct sim_sink *sink)
{
	struct pcap_out *out = pcap_out_of(sink);

	pcap_out_flush(sink);
	pcap_dump_close(out->dumper);
	pcap_close(out->pcap);
	free(out);
}

static const struct sim_sink_ops pcap_out_ops = {
    .frames = pcap_out_frames, .flush = pcap_out_flush, .close = pcap_out_close};

int sim_pcap_out_open(struct sim_card *card, const char *args, struct sim_sink **out,
		      struct vfnet_err *err)
{
	struct pcap_out *it;
	FILE *file;
	int ret;

	if (!args || !*args)
		return vfnet_err_set(err, -EINVAL, "pcap-out: name a file: pcap-out:FILE");
	it = calloc(1, sizeof(*it));
	if (!it)
		return vfnet_err_set(err, -ENOMEM, "pcap-out: no memory");
	it->base.ops = &pcap_out_ops;
	it->log = &card->sim->log;
	it->pcap = pcap_open_dead(DLT_EN10MB, SNAPLEN);
	if (!it->pcap) {
		ret = vfnet_err_set(err, -ENOMEM, "pcap-out: no memory");
		goto err_free;
	}
	file = fopen(args, "wb");
	if (!file) {
		ret = vfnet_err_set(err, -errno, "pcap-out: cannot write %s: %s", args,
				    strerror(errno));
		goto err_pcap;
	}
	it->dumper = pcap_dump_fopen(it->pcap, file);
	if (!it->dumper) {
		ret = vfnet_err_set(err, -EIO, "pcap-out: cannot write %s: %s", args,
				    pcap_geterr(it->pcap));
		fclose(file);
		goto err_pcap;
	}
	*out = &it->base;
	return 0;

err_pcap:
	pcap_close(it->pcap);
err_free:
	free(it);
	return ret;
}
