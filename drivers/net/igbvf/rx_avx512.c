/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Receiving with AVX-512 (F, BW, DQ, VL): four descriptors of the ring at a time. A descriptor and
 * a value both have 16 bytes, so nothing crosses a 128-bit lane but the handles:
 *
 *              d0             d1               d2               d3
 *     desc     types          hash             status           len | vlan
 *     value    buf            off | len        hash             vlan | flags
 */

#include <immintrin.h>

#include "drivers/net/igbvf/rx.h"

#define GROUP	4
#define LANE_D3 0x8888 /* d3 of each lane, in a mask of 32-bit words */

/* In d3 of a value. */
#define FLAGS(flags) ((uint32_t)(flags) << 16)

/* The same four words in each lane. */
static inline __m512i lanes(uint32_t d0, uint32_t d1, uint32_t d2, uint32_t d3)
{
	return _mm512_broadcast_i32x4(_mm_set_epi32((int)d3, (int)d2, (int)d1, (int)d0));
}

/* @bits of @from into d3 of @to. */
static inline __m512i take_bits(uint32_t bits, __m512i from, __m512i to)
{
	return _mm512_ternarylogic_epi32(_mm512_set1_epi32((int)bits), from, to, 0xca);
}

/*
 * Flags in d3, beside rubbish that the caller cuts off; @types and @status are in each word of
 * their lane. Each bit is where a shift puts it, igbvf_rx_flags() says the same in C.
 */
static inline __m512i common_flags(__m512i types, __m512i status)
{
	__m512i flags = _mm512_slli_epi32(status, 14);

	flags = take_bits(FLAGS(VFNET_PKT_L4_GOOD), _mm512_slli_epi32(status, 17), flags);
	flags = take_bits(FLAGS(VFNET_PKT_LOOPED), _mm512_slli_epi32(status, 1), flags);
	flags = take_bits(FLAGS(VFNET_PKT_IP6 | VFNET_PKT_TCP | VFNET_PKT_UDP),
			  _mm512_slli_epi32(types, 18), flags);
	flags = take_bits(FLAGS(VFNET_PKT_IP4), _mm512_slli_epi32(types, 20), flags);
	/* IP with options or extensions is IP too */
	return _mm512_ternarylogic_epi32(
	    flags, _mm512_slli_epi32(types, 19),
	    _mm512_set1_epi32((int)FLAGS(VFNET_PKT_IP4 | VFNET_PKT_IP6)), 0xf8);
}
#define COMMON_FLAGS                                                                               \
	(VFNET_PKT_VLAN | VFNET_PKT_LOOPED | VFNET_PKT_L3_GOOD | VFNET_PKT_L4_GOOD |               \
	 VFNET_PKT_IP4 | VFNET_PKT_IP6 | VFNET_PKT_TCP | VFNET_PKT_UDP)

/* As igbvf_rx_rare_flags(). */
static inline __m512i rare_flags(__m512i types, __m512i status, __m512i value)
{
	const __m512i ip = _mm512_set1_epi32(
	    (int)FLAGS(VFNET_PKT_IP4 | VFNET_PKT_IP6 | VFNET_PKT_TCP | VFNET_PKT_UDP));
	__mmask16 filter =
	    _mm512_mask_test_epi32_mask(LANE_D3, types, _mm512_set1_epi32((int)IGBVF_RXD_ETQF));
	__mmask16 hash =
	    _mm512_mask_test_epi32_mask(LANE_D3, types, _mm512_set1_epi32((int)IGBVF_RXD_RSS_TYPE));
	__m512i wrong = _mm512_and_si512(_mm512_srli_epi32(status, 10),
					 lanes(0, 0, 0, FLAGS(VFNET_PKT_L3_GOOD)));

	wrong = _mm512_or_si512(wrong, _mm512_and_si512(_mm512_srli_epi32(status, 7),
							lanes(0, 0, 0, FLAGS(VFNET_PKT_L4_GOOD))));
	/* GOOD twice is BAD, the next bit */
	value = _mm512_add_epi32(value, _mm512_and_si512(value, wrong));
	value = _mm512_mask_andnot_epi32(value, filter, ip, value);
	return _mm512_mask_or_epi32(value, hash, value,
				    _mm512_set1_epi32((int)FLAGS(VFNET_PKT_HASH)));
}

/* Whether all have DD, without which the rest of a descriptor means nothing. */
static inline bool all_done(const union igbvf_rx_desc *desc)
{
	__mmask16 missing =
	    _mm512_testn_epi32_mask(_mm512_loadu_si512(desc), _mm512_set1_epi32((int)IGBVF_RXD_DD));

	vfnet_io_rmb();
	return !(missing & 0x4444);
}

/*
 * What a run does not take, by 16-bit words: @checked, the status bits that matter and the length,
 * has a word that is too large once what it should be is taken away.
 */
static inline bool any_odd(__m512i checked, uint32_t len_max)
{
	__m512i over = _mm512_sub_epi16(checked, lanes(0, 0, IGBVF_RXD_WHOLE, 1));

	return _mm512_cmpgt_epu16_mask(over, lanes(0, 0, 0, len_max - 1));
}

static inline __m512i value_of(__m512i desc, const uint32_t *handle, uint32_t off)
{
	const __m512i bytes = _mm512_broadcast_i32x4(
	    _mm_setr_epi8(-1, -1, -1, -1, -1, -1, 12, 13, 4, 5, 6, 7, 14, 15, -1, -1));
	const __m512i spread = _mm512_setr_epi32(0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0);
	__m512i types = _mm512_shuffle_epi32(desc, _MM_PERM_AAAA);
	__m512i status = _mm512_shuffle_epi32(desc, _MM_PERM_CCCC);
	__m128i four = _mm_loadu_si128((const __m128i *)handle);
	__m512i place = _mm512_mask_permutexvar_epi32(lanes(0, off, 0, 0), 0x1111, spread,
						      _mm512_castsi128_si512(four));
	__m512i value = _mm512_or_si512(_mm512_shuffle_epi8(desc, bytes), place);

	value = _mm512_ternarylogic_epi32(lanes(0, 0, 0, FLAGS(COMMON_FLAGS)),
					  common_flags(types, status), value, 0xca);
	if (vfnet_unlikely(_mm512_test_epi32_mask(
		desc, lanes(IGBVF_RX_RARE_TYPES, 0, IGBVF_RXD_L4E | IGBVF_RXD_IPE, 0))))
		value = rare_flags(types, status, value);
	return value;
}

static inline __attribute__((always_inline)) unsigned int
run(const struct igbvf_rxq *q, const union igbvf_rx_desc *desc, const uint32_t *handle,
    struct vfnet_pkt *pkt, unsigned int n, uint64_t *bytes)
{
	const uint32_t len_max = igbvf_min(q->room, UINT16_MAX);
	__m512i sum = _mm512_setzero_si512();
	unsigned int i;

	for (i = 0; i + GROUP <= n && all_done(&desc[i]); i += GROUP) {
		/* behind the look for DD: within one load of 64 bytes nothing has an order */
		__m512i group = _mm512_loadu_si512(&desc[i]);
		__m512i checked = _mm512_and_si512(
		    group, lanes(0, 0, IGBVF_RXD_WHOLE | IGBVF_RXD_BAD, UINT16_MAX));

		if (any_odd(checked, len_max))
			break;
		_mm512_storeu_si512(&pkt[i], value_of(group, &handle[i], q->off));
		sum = _mm512_add_epi32(sum, checked);
	}
	if (i)
		*bytes += (uint32_t)_mm512_mask_reduce_add_epi32(LANE_D3, sum);
	return i + igbvf_rx_run(q, &desc[i], &handle[i], &pkt[i], n - i, bytes);
}

static inline void fill(const struct igbvf_rxq *q, union igbvf_rx_desc *desc,
			const uint32_t *handle, uint32_t n)
{
	const __m512i spread = _mm512_setr_epi32(0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0);
	const __m512i iova = _mm512_maskz_set1_epi64(0x55, (long long)q->iova);
	const __m128i mask = _mm_set1_epi32((int)VFNET_PLACE_MASK);
	uint32_t i;

	for (i = 0; i + GROUP <= n; i += GROUP) {
		__m128i four = _mm_and_si128(_mm_loadu_si128((const __m128i *)&handle[i]), mask);
		__m512i place =
		    _mm512_maskz_permutexvar_epi32(0x1111, spread, _mm512_castsi128_si512(four));

		place = _mm512_slli_epi64(place, VFNET_PLACE_SHIFT);
		_mm512_storeu_si512(&desc[i], _mm512_add_epi64(place, iova));
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

int igbvf_rx_burst_avx512(struct vfnet_rxq *rxq, struct vfnet_pkt *pkt, unsigned int n)
{
	return n < GROUP ? igbvf_rx_burst_scalar(rxq, pkt, n) : many(rxq, pkt, n);
}
