#if defined(__x86_64__)
#include <immintrin.h>

#include "imaging_pixels.h"

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"))), apply_to = function)

/// The upper pair of pixels in the low half, the lower pair in the high half.
static inline __attribute__((always_inline)) __m128i neighbours(const uint8_t *upper, int32_t stride) {
    __m128i pair = _mm_loadl_epi64((const __m128i *)upper);
    return _mm_castpd_si128(_mm_loadh_pd(_mm_castsi128_pd(pair), (const double *)(upper + stride)));
}

#define HAS_BLEND_FOUR
/// A pixel in each quarter of a vector: dwords of red, green, blue and the fourth byte.
static inline __attribute__((always_inline)) void blend_four(const warp_chunk *chunk, int32_t i,
                                                              const uint8_t *corner, int32_t stride,
                                                              uint8_t *target) {
    const __m512i upper_pairs =
        _mm512_broadcast_i32x4(_mm_setr_epi8(0, -1, 4, -1, 1, -1, 5, -1, 2, -1, 6, -1, 3, -1, 7, -1));
    const __m512i lower_pairs =
        _mm512_broadcast_i32x4(_mm_setr_epi8(8, -1, 12, -1, 9, -1, 13, -1, 10, -1, 14, -1, 11, -1, 15, -1));
    const __m512i spread = _mm512_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
    const int32_t *offsets = chunk->offsets + i;
    __m256i low = _mm256_inserti128_si256(_mm256_castsi128_si256(neighbours(corner + offsets[0], stride)),
                                          neighbours(corner + offsets[1], stride), 1);
    __m256i high = _mm256_inserti128_si256(_mm256_castsi128_si256(neighbours(corner + offsets[2], stride)),
                                           neighbours(corner + offsets[3], stride), 1);
    __m512i pixels = _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
    __m512i upper = _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)(chunk->upper + i)));
    __m512i lower = _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)(chunk->lower + i)));
    __m512i sum = _mm512_add_epi32(
        _mm512_madd_epi16(_mm512_shuffle_epi8(pixels, upper_pairs), _mm512_permutexvar_epi32(spread, upper)),
        _mm512_madd_epi16(_mm512_shuffle_epi8(pixels, lower_pairs), _mm512_permutexvar_epi32(spread, lower)));
    sum = _mm512_srli_epi32(_mm512_add_epi32(sum, _mm512_set1_epi32(1 << (WARP_WEIGHT_BITS - 1))), WARP_WEIGHT_BITS);
    __m128i rgb = _mm_shuffle_epi8(_mm512_cvtepi32_epi8(sum),
                                   _mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1));
    _mm_storel_epi64((__m128i *)target, rgb);
    int32_t rest = _mm_extract_epi32(rgb, 2);
    __builtin_memcpy(target + 8, &rest, 4);
}

#define LEVEL(name) name##_avx512
#define LANES 16
#include "imaging_pixels_level.h"
#pragma clang attribute pop
#endif
