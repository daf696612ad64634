#if defined(__x86_64__)
#include <immintrin.h>

#include "imaging_pixels.h"

#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)

/// The upper pair of pixels in the low half, the lower pair in the high half.
static inline __attribute__((always_inline)) __m128i neighbours(const uint8_t *upper, int32_t stride) {
    __m128i pair = _mm_loadl_epi64((const __m128i *)upper);
    return _mm_castpd_si128(_mm_loadh_pd(_mm_castsi128_pd(pair), (const double *)(upper + stride)));
}

/// Two pixels as dwords of red, green, blue and the fourth byte.
static inline __attribute__((always_inline)) __m256i blend_two(const warp_chunk *chunk, int32_t i,
                                                                const uint8_t *corner, int32_t stride) {
    const __m256i upper_pairs = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, -1, 4, -1, 1, -1, 5, -1, 2, -1, 6, -1, 3, -1, 7, -1));
    const __m256i lower_pairs = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(8, -1, 12, -1, 9, -1, 13, -1, 10, -1, 14, -1, 11, -1, 15, -1));
    const __m256i spread = _mm256_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1);
    __m256i pixels = _mm256_inserti128_si256(_mm256_castsi128_si256(neighbours(corner + chunk->offsets[i], stride)),
                                             neighbours(corner + chunk->offsets[i + 1], stride), 1);
    __m256i upper = _mm256_castsi128_si256(_mm_loadl_epi64((const __m128i *)(chunk->upper + i)));
    __m256i lower = _mm256_castsi128_si256(_mm_loadl_epi64((const __m128i *)(chunk->lower + i)));
    __m256i sum = _mm256_add_epi32(_mm256_madd_epi16(_mm256_shuffle_epi8(pixels, upper_pairs),
                                                     _mm256_permutevar8x32_epi32(upper, spread)),
                                   _mm256_madd_epi16(_mm256_shuffle_epi8(pixels, lower_pairs),
                                                     _mm256_permutevar8x32_epi32(lower, spread)));
    return _mm256_srli_epi32(_mm256_add_epi32(sum, _mm256_set1_epi32(1 << (WARP_WEIGHT_BITS - 1))),
                             WARP_WEIGHT_BITS);
}

#define HAS_BLEND_FOUR
static inline __attribute__((always_inline)) void blend_four(const warp_chunk *chunk, int32_t i,
                                                              const uint8_t *corner, int32_t stride,
                                                              uint8_t *target) {
    __m256i words = _mm256_packus_epi32(blend_two(chunk, i, corner, stride), blend_two(chunk, i + 2, corner, stride));
    __m128i bytes = _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
    // Packing by lanes has put the pixels in the order 0, 2, 1, 3.
    __m128i rgb = _mm_shuffle_epi8(bytes, _mm_setr_epi8(0, 1, 2, 8, 9, 10, 4, 5, 6, 12, 13, 14, -1, -1, -1, -1));
    _mm_storel_epi64((__m128i *)target, rgb);
    int32_t rest = _mm_extract_epi32(rgb, 2);
    __builtin_memcpy(target + 8, &rest, 4);
}

#define LEVEL(name) name##_avx2
#define LANES 8
#include "imaging_pixels_level.h"
#pragma clang attribute pop
#endif
