/* SPDX-License-Identifier: BSD-2-Clause */

/* Receiving with AVX2: as rx_avx512.c, two descriptors in a register. */

#include <immintrin.h>

#include "drivers/net/igbvf/rx.h"

#define GROUP 4
#define PAIR  2

/* In d3 of a value. */
#define FLAGS(flags) ((uint32_t)(flags) << 16)

/* The same four words in each lane. */
static inline __m256i lanes(uint32_t d0, uint32_t d1, uint32_t d2, uint32_t d3)
{
	return _mm256_broadcastsi128_si256(_mm_set_epi32((int)d3, (int)d2, (int)d1, (int)d0));
}

/* Two handles in d0 of their lanes. */
static inline __m256i spread(const uint32_t *handle)
{
	/* the upper half is zero */
	__m256i two = _mm256_zextsi128_si256(_mm_loadl_epi64((const __m128i *)handle));

	return _mm256_permutevar8x32_epi32(two, _mm256_setr_epi32(0, 7, 7, 7, 1, 7, 7, 7));
}

/* @flags in d3, where they are in @from. */
static inline __m256i pick(__m256i from, uint32_t flags)
{
	return _mm256_and_si256(from, lanes(0, 0, 0, FLAGS(flags)));
}

/*
 * Flags in d3; @types and @status are in each word of their lane. Each bit is where a shift puts
 * it, igbvf_rx_flags() says the same in C.
 */
static inline __m256i common_flags(__m256i types, __m256i status)
{
	__m256i flags = pick(_mm256_slli_epi32(status, 14), VFNET_PKT_VLAN | VFNET_PKT_L3_GOOD);
	__m256i ip = _mm256_or_si256(_mm256_slli_epi32(types, 20),
				     pick(_mm256_slli_epi32(types, 19), VFNET_PKT_IP4));

	flags = _mm256_or_si256(flags, pick(_mm256_slli_epi32(status, 17), VFNET_PKT_L4_GOOD));
	flags = _mm256_or_si256(flags, pick(_mm256_slli_epi32(status, 1), VFNET_PKT_LOOPED));
	flags = _mm256_or_si256(flags, pick(_mm256_slli_epi32(types, 18),
					    VFNET_PKT_IP6 | VFNET_PKT_TCP | VFNET_PKT_UDP));
	/* IP with options or extensions is IP too */
	flags = _mm256_or_si256(flags, pick(_mm256_slli_epi32(types, 19), VFNET_PKT_IP6));
	return _mm256_or_si256(flags, pick(ip, VFNET_PKT_IP4));
}

/* As igbvf_rx_rare_flags(). */
static inline __m256i rare_flags(__m256i types, __m256i status, __m256i value)
{
	const __m256i zero = _mm256_setzero_si256();
	__m256i wrong = _mm256_or_si256(pick(_mm256_srli_epi32(status, 10), VFNET_PKT_L3_GOOD),
					pick(_mm256_srli_epi32(status, 7), VFNET_PKT_L4_GOOD));
	__m256i filter = _mm256_srai_epi32(_mm256_slli_epi32(types, 16), 31);
	__m256i no_hash = _mm256_cmpeq_epi32(
	    _mm256_and_si256(types, _mm256_set1_epi32((int)IGBVF_RXD_RSS_TYPE)), zero);
	__m256i ip = pick(filter, VFNET_PKT_IP4 | VFNET_PKT_IP6 | VFNET_PKT_TCP | VFNET_PKT_UDP);

	/* GOOD twice is BAD, the next bit */
	value = _mm256_add_epi32(value, _mm256_and_si256(value, wrong));
	value = _mm256_andnot_si256(ip, value);
	return _mm256_or_si256(value,
			       _mm256_andnot_si256(no_hash, lanes(0, 0, 0, FLAGS(VFNET_PKT_HASH))));
}

/* Whether all have DD, without which the rest of a descriptor means nothing. */
static inline bool all_done(const union igbvf_rx_desc *desc)
{
	uint32_t dd = IGBVF_RXD_DD;

	for (unsigned int i = GROUP; i; i--)
		dd &= vfnet_io_load_dd(&desc[i - 1].wb.status);
	return dd;
}

/*
 * What a run does not take, by 16-bit words: what is too large once what it should be is taken
 * away. @checked: the status bits that matter, and the length.
 */
static inline __m256i odd_words(__m256i checked, uint32_t len_max)
{
	__m256i over = _mm256_sub_epi16(checked, lanes(0, 0, IGBVF_RXD_WHOLE, 1));

	return _mm256_subs_epu16(over, lanes(0, 0, 0, len_max - 1));
}

static inline __m256i value_of(__m256i desc, const uint32_t *handle, uint32_t off)
{
	const __m256i bytes = _mm256_broadcastsi128_si256(
	    _mm_setr_epi8(-1, -1, -1, -1, -1, -1, 12, 13, 4, 5, 6, 7, 14, 15, -1, -1));
	const __m256i rare = lanes(IGBVF_RX_RARE_TYPES, 0, IGBVF_RXD_L4E | IGBVF_RXD_IPE, 0);
	__m256i types = _mm256_shuffle_epi32(desc, 0x00);
	__m256i status = _mm256_shuffle_epi32(desc, 0xaa);
	__m256i value = _mm256_or_si256(_mm256_shuffle_epi8(desc, bytes), lanes(0, off, 0, 0));

	value = _mm256_or_si256(value, common_flags(types, status));
	value = _mm256_or_si256(value, spread(handle));
	if (vfnet_unlikely(!_mm256_testz_si256(desc, rare)))
		value = rare_flags(types, status, value);
	return value;
}

static inline void store(void *to, __m256i val)
{
	_mm256_storeu_si256((__m256i *)to, val);
}

static inline unsigned int run(const struct igbvf_rxq *q, const union igbvf_rx_desc *desc,
			       const uint32_t *handle, struct vfnet_pkt *pkt, unsigned int n,
			       uint64_t *bytes)
{
	const __m256i check = lanes(0, 0, IGBVF_RXD_WHOLE | IGBVF_RXD_BAD, UINT16_MAX);
	const uint32_t len_max = igbvf_min(q->room, UINT16_MAX);
	__m256i sum = _mm256_setzero_si256();
	unsigned int i;

	for (i = 0; i + GROUP <= n && all_done(&desc[i]); i += GROUP) {
		/* behind the look for DD: within one load of 32 bytes nothing has an order */
		__m256i a = _mm256_loadu_si256((const __m256i *)&desc[i]);
		__m256i b = _mm256_loadu_si256((const __m256i *)&desc[i + PAIR]);
		__m256i a_checked = _mm256_and_si256(a, check);
		__m256i b_checked = _mm256_and_si256(b, check);
		__m256i odd =
		    _mm256_or_si256(odd_words(a_checked, len_max), odd_words(b_checked, len_max));

		if (!_mm256_testz_si256(odd, odd))
			break;
		store(&pkt[i], value_of(a, &handle[i], q->off));
		store(&pkt[i + PAIR], value_of(b, &handle[i + PAIR], q->off));
		sum = _mm256_add_epi32(sum, _mm256_add_epi32(a_checked, b_checked));
	}
	if (i)
		*bytes +=
		    (uint32_t)_mm256_extract_epi32(sum, 3) + (uint32_t)_mm256_extract_epi32(sum, 7);
	return i + igbvf_rx_run(q, &desc[i], &handle[i], &pkt[i], n - i, bytes);
}

static inline void fill(const struct igbvf_rxq *q, union igbvf_rx_desc *desc,
			const uint32_t *handle, uint32_t n)
{
	const __m256i mask = _mm256_set1_epi32((int)VFNET_PLACE_MASK);
	const __m256i iova = _mm256_setr_epi64x((long long)q->iova, 0, (long long)q->iova, 0);
	uint32_t i;

	for (i = 0; i + PAIR <= n; i += PAIR) {
		__m256i place = _mm256_and_si256(spread(&handle[i]), mask);

		place = _mm256_slli_epi64(place, VFNET_PLACE_SHIFT);
		store(&desc[i], _mm256_add_epi64(place, iova));
	}
	igbvf_rx_fill(q, &desc[i], &handle[i], n - i);
}

__attribute__((noinline)) static unsigned int more(struct igbvf_rxq *q, struct vfnet_pkt *pkt,
						   unsigned int n, unsigned int got)
{
	return igbvf_rx_more_by(q, pkt, n, got, run);
}

__attribute__((noinline)) static void refill(struct igbvf_rxq *q, uint32_t n_free)
{
	igbvf_rx_refill_by(q, n_free, fill);
}

__attribute__((noinline)) static int many(struct vfnet_rxq *rxq, struct vfnet_pkt *pkt,
					  unsigned int n)
{
	return igbvf_rx_burst_by(rxq, pkt, n, run, more, refill);
}

int igbvf_rx_burst_avx2(struct vfnet_rxq *rxq, struct vfnet_pkt *pkt, unsigned int n)
{
	return n < GROUP ? igbvf_rx_burst_scalar(rxq, pkt, n) : many(rxq, pkt, n);
}
