/* SPDX-License-Identifier: BSD-2-Clause */

/* Which of the burst functions a queue gets. */

#include "drivers/net/igbvf/igbvf.h"

igbvf_rx_burst_fn *igbvf_rx_burst_of(enum vfnet_simd simd)
{
	switch (simd) {
#ifdef VFNET_X86_SIMD
	case VFNET_SIMD_AVX512:
		return igbvf_rx_burst_avx512;
	case VFNET_SIMD_AVX2:
		return igbvf_rx_burst_avx2;
#endif
	default:
		return igbvf_rx_burst_scalar;
	}
}

igbvf_tx_burst_fn *igbvf_tx_burst_of(enum vfnet_simd simd)
{
	switch (simd) {
#ifdef VFNET_X86_SIMD
	case VFNET_SIMD_AVX512:
		return igbvf_tx_burst_avx512;
	case VFNET_SIMD_AVX2:
		return igbvf_tx_burst_avx2;
#endif
	default:
		return igbvf_tx_burst_scalar;
	}
}
