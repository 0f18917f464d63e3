/* SPDX-License-Identifier: BSD-2-Clause */

/* Sending with AVX2: as tx_avx512.c, two values in a register. */

#include <immintrin.h>

#include "drivers/net/igbvf/tx.h"

#define GROUP 4
#define PAIR  2

/* The same two halves in each lane. */
static inline __m256i halves(uint64_t low, uint64_t high)
{
	return _mm256_setr_epi64x((long long)low, (long long)high, (long long)low, (long long)high);
}

/* Whether a value is not of @kind, by 16-bit words: 0 but for the length, which has a range. */
static inline __m256i odd_words(__m256i values, const struct igbvf_tx_kind *kind)
{
	__m256i telling = _mm256_and_si256(values, halves(UINT64_C(0xffff) << 48, kind->mask));
	__m256i asks = halves((uint64_t)kind->len_min << 48, kind->asks);
	__m256i range = halves((uint64_t)(kind->len_max - kind->len_min) << 48, 0);

	return _mm256_subs_epu16(_mm256_sub_epi16(telling, asks), range);
}

/* The lengths, where the card wants them in the command. */
static inline __m256i lens_of(__m256i values)
{
	const __m256i bytes = _mm256_broadcastsi128_si256(
	    _mm_setr_epi8(4, 5, -1, -1, -1, -1, -1, -1, 6, 7, -1, -1, -1, -1, -1, -1));

	return _mm256_shuffle_epi8(values, bytes);
}

static inline __m256i desc_of(__m256i values, __m256i lens, const struct igbvf_tx_kind *kind)
{
	const __m256i bytes = _mm256_broadcastsi128_si256(
	    _mm_setr_epi8(0, 1, 2, 3, -1, -1, -1, -1, -1, -1, -1, -1, -1, 6, 7, -1));
	__m256i high = _mm256_and_si256(_mm256_shuffle_epi8(values, bytes),
					halves(VFNET_PLACE_MASK, UINT64_MAX));

	high = _mm256_slli_epi64(high, VFNET_PLACE_SHIFT);
	high =
	    _mm256_add_epi64(high, halves(VFNET_IOVA_BASE, kind->cmd | (uint64_t)kind->info << 32));
	return _mm256_add_epi64(high, lens);
}

static inline __m128i handles_of(__m256i a, __m256i b)
{
	__m256i bufs = _mm256_castps_si256(
	    _mm256_shuffle_ps(_mm256_castsi256_ps(a), _mm256_castsi256_ps(b), 0x00));

	return _mm256_castsi256_si128(
	    _mm256_permutevar8x32_epi32(bufs, _mm256_setr_epi32(0, 4, 2, 6, 0, 0, 0, 0)));
}

static inline unsigned int run(const struct igbvf_tx_kind *kind, union igbvf_tx_desc *desc,
			       uint32_t *handle, const struct vfnet_pkt *pkt, unsigned int n,
			       uint32_t *bytes)
{
	__m256i sum = _mm256_setzero_si256();
	unsigned int i;

	for (i = 0; i + GROUP <= n; i += GROUP) {
		__m256i a = _mm256_loadu_si256((const __m256i *)&pkt[i]);
		__m256i b = _mm256_loadu_si256((const __m256i *)&pkt[i + PAIR]);
		__m256i odd = _mm256_or_si256(odd_words(a, kind), odd_words(b, kind));
		__m256i a_lens = lens_of(a), b_lens = lens_of(b);

		if (!_mm256_testz_si256(odd, odd))
			break;
		_mm256_storeu_si256((__m256i *)&desc[i], desc_of(a, a_lens, kind));
		_mm256_storeu_si256((__m256i *)&desc[i + PAIR], desc_of(b, b_lens, kind));
		_mm_storeu_si128((__m128i *)&handle[i], handles_of(a, b));
		sum = _mm256_add_epi32(sum, _mm256_add_epi32(a_lens, b_lens));
	}
	if (i)
		*bytes +=
		    (uint32_t)_mm256_extract_epi32(sum, 2) + (uint32_t)_mm256_extract_epi32(sum, 6);
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

int igbvf_tx_burst_avx2(struct vfnet_txq *txq, const struct vfnet_pkt *pkt, unsigned int n)
{
	return n < GROUP ? igbvf_tx_burst_scalar(txq, pkt, n) : many(txq, pkt, n);
}
