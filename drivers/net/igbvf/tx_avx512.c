/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Sending with AVX-512 (F, BW, DQ, VL): four values at a time.
 *
 *              d0             d1               d2               d3
 *     value    buf            off | len        txo              vlan | flags
 *     desc     I/O address                     command | len    PAYLEN, ...
 *
 * Both the place and PAYLEN stand six bits above a byte: once they are in their bytes one shift
 * serves both.
 */

#include <immintrin.h>

#include "drivers/net/igbvf/tx.h"

#define GROUP 4

static_assert(VFNET_PLACE_SHIFT == 6 && IGBVF_TXD_PAYLEN >> 14 << 14 == IGBVF_TXD_PAYLEN,
	      "one shift for both");

/* The same four words in each lane. */
static inline __m512i lanes(uint32_t d0, uint32_t d1, uint32_t d2, uint32_t d3)
{
	return _mm512_broadcast_i32x4(_mm_set_epi32((int)d3, (int)d2, (int)d1, (int)d0));
}

static inline __m512i halves(uint64_t low, uint64_t high)
{
	return _mm512_broadcast_i32x4(_mm_set_epi64x((long long)high, (long long)low));
}

/* Whether one is not of @kind, by 16-bit words: 0 but for the length, which has a range. */
static inline bool any_odd(__m512i values, const struct igbvf_tx_kind *kind)
{
	__m512i telling = _mm512_and_si512(values, halves(UINT64_C(0xffff) << 48, kind->mask));
	__m512i asks = halves((uint64_t)kind->len_min << 48, kind->asks);
	__m512i range = halves((uint64_t)(kind->len_max - kind->len_min) << 48, 0);

	return _mm512_cmpgt_epu16_mask(_mm512_sub_epi16(telling, asks), range);
}

static inline __attribute__((always_inline)) unsigned int
run(const struct igbvf_tx_kind *kind, union igbvf_tx_desc *desc, uint32_t *handle,
    const struct vfnet_pkt *pkt, unsigned int n, uint32_t *bytes)
{
	const __m512i shifted = _mm512_broadcast_i32x4(
	    _mm_setr_epi8(0, 1, 2, 3, -1, -1, -1, -1, -1, -1, -1, -1, -1, 6, 7, -1));
	const __m512i plain = _mm512_broadcast_i32x4(
	    _mm_setr_epi8(4, 5, -1, -1, -1, -1, -1, -1, 6, 7, -1, -1, -1, -1, -1, -1));
	const __m512i place = lanes(VFNET_PLACE_MASK, 0, UINT32_MAX, UINT32_MAX);
	const __m512i base = halves(VFNET_IOVA_BASE, kind->cmd | (uint64_t)kind->info << 32);
	const __m512i bufs = _mm512_castsi128_si512(_mm_setr_epi32(0, 4, 8, 12));
	__m512i sum = _mm512_setzero_si512();
	unsigned int i;

	for (i = 0; i + GROUP <= n; i += GROUP) {
		__m512i values = _mm512_loadu_si512(&pkt[i]);
		__m512i lens, high;

		if (any_odd(values, kind))
			break;
		high = _mm512_and_si512(_mm512_shuffle_epi8(values, shifted), place);
		high = _mm512_slli_epi64(high, VFNET_PLACE_SHIFT);
		lens = _mm512_shuffle_epi8(values, plain);
		_mm512_storeu_si512(&desc[i], _mm512_add_epi64(_mm512_add_epi64(high, base), lens));
		_mm_storeu_si128((__m128i *)&handle[i],
				 _mm512_castsi512_si128(_mm512_permutexvar_epi32(bufs, values)));
		sum = _mm512_add_epi32(sum, lens);
	}
	if (i)
		*bytes += (uint32_t)_mm512_mask_reduce_add_epi32(0x4444, sum);
	return i + igbvf_tx_run(kind, &desc[i], &handle[i], &pkt[i], n - i, bytes);
}

__attribute__((noinline)) static unsigned int more(struct igbvf_txq *q, const struct vfnet_pkt *pkt,
						   unsigned int n, unsigned int taken)
{
	return igbvf_tx_more_by(q, pkt, n, taken, run);
}

__attribute__((noinline)) static int many(struct vfnet_txq *txq, const struct vfnet_pkt *pkt,
					  unsigned int n)
{
	return igbvf_tx_burst_by(txq, pkt, n, run, more);
}

int igbvf_tx_burst_avx512(struct vfnet_txq *txq, const struct vfnet_pkt *pkt, unsigned int n)
{
	return n < GROUP ? igbvf_tx_burst_scalar(txq, pkt, n) : many(txq, pkt, n);
}
