// The vector type of the AVX2 builds.
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
typedef __m256 vf;
#define VW 8
#define TILE_HEIGHT 6
#define SIMD_SUFFIX avx2
#define INLINE static inline __attribute__((always_inline))
INLINE vf v_load(const float *p) { return _mm256_loadu_ps(p); }
INLINE void v_store(float *p, vf x) { _mm256_storeu_ps(p, x); }
INLINE __m256i v_mask(size_t n) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
INLINE vf v_load_some(const float *p, size_t n) { return _mm256_maskload_ps(p, v_mask(n)); }
INLINE void v_store_some(float *p, vf x, size_t n) { _mm256_maskstore_ps(p, v_mask(n), x); }
INLINE vf v_set(float x) { return _mm256_set1_ps(x); }
INLINE vf v_fma(vf a, vf b, vf c) { return _mm256_fmadd_ps(a, b, c); }
INLINE vf v_sub(vf a, vf b) { return _mm256_sub_ps(a, b); }
INLINE vf v_add(vf a, vf b) { return _mm256_add_ps(a, b); }
// MAXPS and MINPS return the second operand where one is NaN.
INLINE vf v_clip(vf x, vf low, vf high) { return _mm256_min_ps(high, _mm256_max_ps(low, x)); }
INLINE vf v_prelu(vf x, vf slope) {
    return _mm256_blendv_ps(x, _mm256_mul_ps(x, slope), _mm256_cmp_ps(x, _mm256_setzero_ps(), _CMP_LT_OQ));
}
INLINE vf v_swap_pairs(vf x) { return _mm256_permute_ps(x, 0xb1); }
