// The vector type of the AVX-512 builds.
#include <immintrin.h>
#ifndef SIMD_TARGET
#define SIMD_TARGET "avx512f,avx512bw,avx512dq,avx512vl,fma"
#endif
#pragma clang attribute push(__attribute__((target(SIMD_TARGET))), apply_to = function)
typedef __m512 vf;
#define VW 16
#define TILE_HEIGHT 14
#ifndef SIMD_SUFFIX
#define SIMD_SUFFIX avx512
#endif
#define INLINE static inline __attribute__((always_inline))
INLINE vf v_load(const float *p) { return _mm512_loadu_ps(p); }
INLINE void v_store(float *p, vf x) { _mm512_storeu_ps(p, x); }
INLINE vf v_load_some(const float *p, size_t n) { return _mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), p); }
INLINE void v_store_some(float *p, vf x, size_t n) { _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1), x); }
INLINE vf v_set(float x) { return _mm512_set1_ps(x); }
INLINE vf v_fma(vf a, vf b, vf c) { return _mm512_fmadd_ps(a, b, c); }
INLINE vf v_sub(vf a, vf b) { return _mm512_sub_ps(a, b); }
INLINE vf v_add(vf a, vf b) { return _mm512_add_ps(a, b); }
// MAXPS and MINPS return the second operand where one is NaN.
INLINE vf v_clip(vf x, vf low, vf high) { return _mm512_min_ps(high, _mm512_max_ps(low, x)); }
INLINE vf v_prelu(vf x, vf slope) {
    return _mm512_mask_mul_ps(x, _mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_LT_OQ), x, slope);
}
INLINE vf v_swap_pairs(vf x) { return _mm512_permute_ps(x, 0xb1); }
