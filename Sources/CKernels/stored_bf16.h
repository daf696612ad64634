// bfloat16 at one or both ends (IN_BF16, OUT_BF16); sums, biases and non-linearities in single precision.
// Values are rounded to nearest even when stored. Needs AVX-512 BF16.
typedef uint16_t bf16_t;

INLINE vf bf16_load(const bf16_t *p) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)p)), 16));
}
INLINE vf bf16_load_some(const bf16_t *p, size_t n) {
    const __m256i x = _mm256_maskz_loadu_epi16((__mmask16)((1u << n) - 1), p);
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(x), 16));
}
INLINE void bf16_store(bf16_t *p, vf x) { _mm256_storeu_si256((__m256i *)p, (__m256i)_mm512_cvtneps_pbh(x)); }
INLINE void bf16_store_some(bf16_t *p, vf x, size_t n) {
    _mm256_mask_storeu_epi16(p, (__mmask16)((1u << n) - 1), (__m256i)_mm512_cvtneps_pbh(x));
}

#if IN_BF16
typedef bf16_t in_t;
typedef bf16_t weight_t;
typedef __m512bh step_v;
#define STEP 2
INLINE vf in_load(const in_t *p) { return bf16_load(p); }
INLINE vf in_load_some(const in_t *p, size_t n) { return bf16_load_some(p, n); }
INLINE step_v step_load(const weight_t *p) { return (__m512bh)_mm512_loadu_si512(p); }
INLINE step_v step_set(const in_t *p) {
    int32_t pair;
    __builtin_memcpy(&pair, p, sizeof pair);
    return (__m512bh)_mm512_set1_epi32(pair);
}
INLINE vf step_fma(step_v x, step_v y, vf z) { return _mm512_dpbf16_ps(z, x, y); }
#else
typedef float in_t;
typedef float weight_t;
typedef vf step_v;
#define STEP 1
INLINE vf in_load(const in_t *p) { return v_load(p); }
INLINE vf in_load_some(const in_t *p, size_t n) { return v_load_some(p, n); }
INLINE step_v step_load(const weight_t *p) { return v_load(p); }
INLINE step_v step_set(const in_t *p) { return v_set(*p); }
INLINE vf step_fma(step_v x, step_v y, vf z) { return v_fma(x, y, z); }
#endif

#if OUT_BF16
typedef bf16_t out_t;
INLINE vf out_load(const out_t *p) { return bf16_load(p); }
INLINE vf out_load_some(const out_t *p, size_t n) { return bf16_load_some(p, n); }
INLINE void out_store(out_t *p, vf x) { bf16_store(p, x); }
INLINE void out_store_some(out_t *p, vf x, size_t n) { bf16_store_some(p, x, n); }
#else
typedef float out_t;
INLINE vf out_load(const out_t *p) { return v_load(p); }
INLINE vf out_load_some(const out_t *p, size_t n) { return v_load_some(p, n); }
INLINE void out_store(out_t *p, vf x) { v_store(p, x); }
INLINE void out_store_some(out_t *p, vf x, size_t n) { v_store_some(p, x, n); }
#endif
