// Inverse DCT for `imaging_jpeg_level.h`, which includes this file once for each instruction-set level.

#if LANES == 16
#define UNPACK_LOW(a, b) __builtin_shufflevector(a, b, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29)
#define UNPACK_HIGH(a, b) __builtin_shufflevector(a, b, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31)
#define PAIRS_LOW(a, b) __builtin_shufflevector(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29)
#define PAIRS_HIGH(a, b) __builtin_shufflevector(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31)
#define HALVES_LOW(a, b) __builtin_shufflevector(a, b, 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27)
#define HALVES_HIGH(a, b) __builtin_shufflevector(a, b, 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31)
#else
#define UNPACK_LOW(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 4, 12, 5, 13)
#define UNPACK_HIGH(a, b) __builtin_shufflevector(a, b, 2, 10, 3, 11, 6, 14, 7, 15)
#define PAIRS_LOW(a, b) __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13)
#define PAIRS_HIGH(a, b) __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15)
#define HALVES_LOW(a, b) __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11)
#define HALVES_HIGH(a, b) __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15)
#endif

/// Transposes each block of 8×8 lanes.
INLINE void transpose(lanes v[8]) {
    lanes pairs[8], quads[8];
    for (int i = 0; i < 4; i++) {
        pairs[2 * i] = UNPACK_LOW(v[2 * i], v[2 * i + 1]);
        pairs[2 * i + 1] = UNPACK_HIGH(v[2 * i], v[2 * i + 1]);
    }
    for (int i = 0; i < 2; i++) {
        quads[4 * i] = PAIRS_LOW(pairs[4 * i], pairs[4 * i + 2]);
        quads[4 * i + 1] = PAIRS_HIGH(pairs[4 * i], pairs[4 * i + 2]);
        quads[4 * i + 2] = PAIRS_LOW(pairs[4 * i + 1], pairs[4 * i + 3]);
        quads[4 * i + 3] = PAIRS_HIGH(pairs[4 * i + 1], pairs[4 * i + 3]);
    }
    for (int i = 0; i < 4; i++) {
        v[i] = HALVES_LOW(quads[i], quads[i + 4]);
        v[i + 4] = HALVES_HIGH(quads[i], quads[i + 4]);
    }
}

/// Bits of fraction in the cosine products, and those kept between the passes; libjpeg's.
enum { CONST_BITS = 13, PASS_BITS = 2 };

#define COSINE(value) ((uint32_t)(int32_t)((value) * 8192 + ((value) < 0 ? -0.5 : 0.5)))

/// The eight-point inverse DCT of Loeffler, Ligtenberg and Moschytz (ICASSP 1989) with 11 multiplications, in the
/// fixed-point form that JPEG decoders agree on, on every lane. `bias` is added before the shift.
INLINE void inverse_dct_8(lanes v[8], uint32_t bias, int shift) {
    lanes sum = (v[2] + v[6]) * COSINE(0.541196100);
    lanes even2 = sum - v[6] * COSINE(1.847759065);
    lanes even3 = sum + v[2] * COSINE(0.765366865);
    lanes even0 = ((v[0] + v[4]) << CONST_BITS) + bias;
    lanes even1 = ((v[0] - v[4]) << CONST_BITS) + bias;
    lanes a0 = even0 + even3, a3 = even0 - even3, a1 = even1 + even2, a2 = even1 - even2;

    lanes z1 = (v[7] + v[1]) * COSINE(-0.899976223), z2 = (v[5] + v[3]) * COSINE(-2.562915447);
    lanes z3 = v[7] + v[3], z4 = v[5] + v[1];
    lanes z5 = (z3 + z4) * COSINE(1.175875602);
    z3 = z3 * COSINE(-1.961570560) + z5;
    z4 = z4 * COSINE(-0.390180644) + z5;
    lanes b0 = v[7] * COSINE(0.298631336) + z1 + z3, b1 = v[5] * COSINE(2.053119869) + z2 + z4;
    lanes b2 = v[3] * COSINE(3.072711026) + z2 + z3, b3 = v[1] * COSINE(1.501321110) + z1 + z4;

    lanes results[8] = {a0 + b3, a1 + b2, a2 + b1, a3 + b0, a3 - b0, a2 - b1, a1 - b2, a0 - b3};
    for (int i = 0; i < 8; i++) v[i] = (lanes)((signed_lanes)results[i] >> shift);
}

/// The four-point inverse DCT that libjpeg derives from the eight-point one by leaving out every second output's
/// neighbour: reads all frequencies but the fourth, writes v[0…3].
INLINE void inverse_dct_4(lanes v[8], uint32_t bias, int shift) {
    lanes even0 = (v[0] << (CONST_BITS + 1)) + bias;
    lanes even2 = v[2] * COSINE(1.847759065) + v[6] * COSINE(-0.765366865);
    lanes a0 = even0 + even2, a1 = even0 - even2;
    lanes odd0 = v[7] * COSINE(-0.211164243) + v[5] * COSINE(1.451774981) + v[3] * COSINE(-2.172734803) +
                 v[1] * COSINE(1.061594337);
    lanes odd2 = v[7] * COSINE(-0.509795579) + v[5] * COSINE(-0.601344887) + v[3] * COSINE(0.899976223) +
                 v[1] * COSINE(2.562915447);
    lanes results[4] = {a0 + odd2, a1 + odd0, a1 - odd0, a0 - odd2};
    for (int i = 0; i < 4; i++) v[i] = (lanes)((signed_lanes)results[i] >> shift);
}

/// The two-point one: reads the first and the odd frequencies, writes v[0…1].
INLINE void inverse_dct_2(lanes v[8], uint32_t bias, int shift) {
    lanes even = (v[0] << (CONST_BITS + 2)) + bias;
    lanes odd = v[7] * COSINE(-0.720959822) + v[5] * COSINE(0.850430095) + v[3] * COSINE(-1.272758580) +
                v[1] * COSINE(3.624509785);
    v[0] = (lanes)((signed_lanes)(even + odd) >> shift);
    v[1] = (lanes)((signed_lanes)(even - odd) >> shift);
}

/// Rounds away the second pass's bits and shifts the samples' zero to 128.
#define OUTPUT_BIAS(shift) ((1u << ((shift)-1)) + (128u << (shift)))

INLINE void load_rows(const int16_t *block, lanes v[8]) {
    for (int row = 0; row < 8; row++) {
        coefficients loaded;
        memcpy(&loaded, block + row * 8 * BLOCKS, sizeof loaded);
        v[row] = (lanes)__builtin_convertvector(loaded, signed_lanes);
    }
}

/// Four columns of bytes, one row per lane, to words of four neighbouring samples.
INLINE lanes four_columns(const lanes v[4]) { return v[0] | v[1] << 8 | v[2] << 16 | v[3] << 24; }

INLINE void transform_8x8(const int16_t *blocks, uint8_t *const *targets, const size_t *strides) {
    lanes v[8];
    load_rows(blocks, v);
    inverse_dct_8(v, 1u << (CONST_BITS - PASS_BITS - 1), CONST_BITS - PASS_BITS);
    transpose(v);
    inverse_dct_8(v, OUTPUT_BIAS(CONST_BITS + PASS_BITS + 3), CONST_BITS + PASS_BITS + 3);
    for (int i = 0; i < 8; i++) v[i] = clamp_to_byte(v[i]);
    lanes left = four_columns(v), right = four_columns(v + 4);
    // Each half of a row is a lane; side by side they are the row.
    lanes rows[2] = {UNPACK_LOW(left, right), UNPACK_HIGH(left, right)};
    uint64_t words[8 * BLOCKS];
    memcpy(words, rows, sizeof rows);
    for (int block = 0; block < BLOCKS; block++) {
        for (int row = 0; row < 8; row++) {
            int word = (row >> 1 & 1) * 4 * BLOCKS + block * 4 + (row >> 2) * 2 + (row & 1);
            memcpy(targets[block] + strides[block] * (size_t)row, words + word, 8);
        }
    }
}

INLINE void transform_4x4(const int16_t *blocks, uint8_t *const *targets, const size_t *strides) {
    lanes v[8];
    load_rows(blocks, v);
    inverse_dct_4(v, 1u << (CONST_BITS - PASS_BITS), CONST_BITS - PASS_BITS + 1);
    for (int i = 4; i < 8; i++) v[i] = (lanes){0};
    transpose(v);
    inverse_dct_4(v, OUTPUT_BIAS(CONST_BITS + PASS_BITS + 4), CONST_BITS + PASS_BITS + 4);
    for (int i = 0; i < 4; i++) v[i] = clamp_to_byte(v[i]);
    lanes rows = four_columns(v);
    uint32_t words[LANES];
    memcpy(words, &rows, sizeof rows);
    for (int block = 0; block < BLOCKS; block++) {
        for (int row = 0; row < 4; row++) {
            memcpy(targets[block] + strides[block] * (size_t)row, words + block * 8 + row, 4);
        }
    }
}

INLINE void transform_2x2(const int16_t *blocks, uint8_t *const *targets, const size_t *strides) {
    lanes v[8];
    load_rows(blocks, v);
    inverse_dct_2(v, 1u << (CONST_BITS - PASS_BITS + 1), CONST_BITS - PASS_BITS + 2);
    for (int i = 2; i < 8; i++) v[i] = (lanes){0};
    transpose(v);
    inverse_dct_2(v, OUTPUT_BIAS(CONST_BITS + PASS_BITS + 5), CONST_BITS + PASS_BITS + 5);
    lanes rows = clamp_to_byte(v[0]) | clamp_to_byte(v[1]) << 8;
    uint32_t words[LANES];
    memcpy(words, &rows, sizeof rows);
    for (int block = 0; block < BLOCKS; block++) {
        for (int row = 0; row < 2; row++) {
            memcpy(targets[block] + strides[block] * (size_t)row, words + block * 8 + row, 2);
        }
    }
}

/// What all transforms make of a block without AC.
INLINE void fill_flat(int32_t dc, int size, uint8_t *target, size_t stride) {
    int32_t value = ((dc + 4) >> 3) + 128;
    uint64_t bytes = 0x0101010101010101u * (uint64_t)(value < 0 ? 0 : value > 255 ? 255 : value);
    for (int row = 0; row < size; row++) memcpy(target + stride * (size_t)row, &bytes, (size_t)size);
}
