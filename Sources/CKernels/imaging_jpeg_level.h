// The hot loops of the region decoder, included once for each instruction-set level with
// LEVEL(name), the level's name for a function, and LANES, the 32-bit lanes to write vectors with, defined.
// Plain C on vector types: the same integers at each level.

#include <string.h>

#include "imaging_jpeg.h"

#define INLINE static inline __attribute__((always_inline))

/// Blocks that the inverse DCT takes at once: each has a lane for each of its eight columns.
enum { BLOCKS = LANES / 8 };

typedef uint32_t lanes __attribute__((vector_size(LANES * 4)));
typedef int32_t signed_lanes __attribute__((vector_size(LANES * 4)));
typedef int16_t coefficients __attribute__((vector_size(LANES * 2)));
typedef uint8_t samples __attribute__((vector_size(LANES)));

// MARK: Bits

/// A window of at least 56 bits over big-endian data; the next bit is the highest.
typedef struct {
    uint64_t bits;
    unsigned count;  ///< valid bits of the window
    const uint8_t *next;
} bit_reader;

INLINE void refill(bit_reader *reader) {
    uint64_t word;
    memcpy(&word, reader->next, 8);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    reader->bits |= word >> reader->count;
    reader->next += (63 - reader->count) >> 3;
    reader->count |= 56;
}

static void start_segment(bit_reader *reader, const uint8_t *data) {
    *reader = (bit_reader){.next = data};
    refill(reader);
}

/// Bits taken since `start`.
static size_t bits_taken(const bit_reader *reader, const uint8_t *start) {
    return (size_t)(reader->next - start) * 8 - reader->count;
}

/// The entry of a code that is longer than the lookup's index; 0 when there is none.
static __attribute__((noinline)) uint32_t long_code(const jpeg_huffman *table, uint64_t bits) {
    uint32_t window = (uint32_t)(bits >> 48);
    unsigned length = JPEG_LOOKUP_BITS + 1;
    while (length <= 16 && window >= table->limit[length]) length++;
    if (length > 16) return 0;
    uint32_t symbol = table->symbols[(int32_t)(window >> (16 - length)) + table->offset[length]];
    uint32_t size = symbol & 15, run = symbol >> 4;
    uint32_t advance = size || run == 15 ? run + 1 : JPEG_END_OF_BLOCK;
    return (length + size) | advance << 8 | size << 16 | length << 24;
}

INLINE uint32_t next_code(const jpeg_huffman *table, const bit_reader *reader) {
    uint32_t code = table->lookup[reader->bits >> (64 - JPEG_LOOKUP_BITS)];
    return __builtin_expect(code == 0, 0) ? long_code(table, reader->bits) : code;
}

INLINE void take(bit_reader *reader, uint32_t code) {
    reader->bits <<= code & 63;
    reader->count -= code & 63;
}

/// The signed value that follows a code, by the standard's EXTEND; 0 when it has no bits.
INLINE int32_t value_of(uint32_t code, uint64_t bits) {
    unsigned size = code >> 16 & 15;
    uint64_t from_value = bits << (code >> 24);
    int32_t magnitude = (int32_t)((from_value >> 1) >> (63 - size));
    int32_t is_negative = ~(int32_t)((int64_t)from_value >> 63);
    return magnitude - (is_negative & (int32_t)((1u << size) - 1));
}

// MARK: Blocks

/// Pictures of eight bits stay within ±1024; far beyond, the arithmetic of libjpeg's own variants parts ways.
INLINE int is_plausible_dc(int32_t value) { return value >= -2048 && value <= 2047; }

/// Consumes a block whose samples nobody needs; 0 when it is damaged.
INLINE int skip_block(bit_reader *stream, const jpeg_huffman *dc, const jpeg_huffman *ac, int32_t *predictor) {
    bit_reader reader = *stream;
    refill(&reader);
    uint32_t code = next_code(dc, &reader);
    if (!code) return 0;
    *predictor += value_of(code, reader.bits);
    take(&reader, code);
    unsigned index = 1;
    for (;;) {
        // Two codes with their values are at most 54 bits.
        code = next_code(ac, &reader);
        if (!code) return 0;
        take(&reader, code);
        index += code >> 8 & 255;
        if (index >= 64) break;
        refill(&reader);
        code = next_code(ac, &reader);
        if (!code) return 0;
        take(&reader, code);
        index += code >> 8 & 255;
        if (index >= 64) break;
    }
    *stream = reader;
    return (index == 64 || index > JPEG_END_OF_BLOCK) && is_plausible_dc(*predictor);
}

/// Where zigzag positions go in a coefficient buffer that interleaves the rows of BLOCKS blocks. Positions past 63
/// (end of block, damage) go to a spare place.
enum { SPARE = 64 * BLOCKS, COEFFICIENTS = 64 * BLOCKS + 16 };

typedef struct {
    uint8_t position[JPEG_ZIGZAG_SIZE];
} zigzag;

static void make_zigzag(zigzag *order) {
    for (int i = 0; i < JPEG_ZIGZAG_SIZE; i++) {
        int natural = i < 64 ? vf_region_natural_order[i] : 0;
        order->position[i] = (uint8_t)(i < 64 ? (natural >> 3) * 8 * BLOCKS + (natural & 7) : SPARE);
    }
}

INLINE void place(int16_t *block, const zigzag *order, const uint16_t *steps, unsigned index, uint32_t code,
                  uint64_t bits) {
    block[order->position[index]] = (int16_t)(value_of(code, bits) * steps[index]);
}

/// Decodes a block to dequantised coefficients.
///
/// - Returns: 0 when it is damaged, 1 when only its DC is present, 2 otherwise.
INLINE int decode_block(bit_reader *stream, const jpeg_huffman *dc, const jpeg_huffman *ac, const uint16_t *steps,
                        const zigzag *order, int32_t *predictor, int16_t *block) {
    bit_reader reader = *stream;
    refill(&reader);
    uint32_t code = next_code(dc, &reader);
    if (!code) return 0;
    *predictor += value_of(code, reader.bits);
    take(&reader, code);
    block[0] = (int16_t)(*predictor * steps[0]);
    unsigned index = 0;
    int is_flat = 1;
    for (;;) {
        code = next_code(ac, &reader);
        if (!code) return 0;
        index += code >> 8 & 255;
        place(block, order, steps, index, code, reader.bits);
        take(&reader, code);
        if (index >= 63) break;
        is_flat = 0;
        refill(&reader);
        code = next_code(ac, &reader);
        if (!code) return 0;
        index += code >> 8 & 255;
        place(block, order, steps, index, code, reader.bits);
        take(&reader, code);
        if (index >= 63) break;
    }
    *stream = reader;
    if ((index != 63 && index < JPEG_END_OF_BLOCK) || !is_plausible_dc(*predictor)) return 0;
    return is_flat && index >= JPEG_END_OF_BLOCK ? 1 : 2;
}

// MARK: Inverse DCT

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

INLINE lanes clamp_to_byte(lanes v) {
    signed_lanes value = (signed_lanes)v, zero = {0}, most = zero + 255;
    signed_lanes low = value > zero;
    value &= low;
    signed_lanes high = value > most;
    return (lanes)((value & ~high) | (most & high));
}

INLINE void load_rows(const int16_t *block, lanes v[8]) {
    for (int row = 0; row < 8; row++) {
        coefficients loaded;
        memcpy(&loaded, block + row * 8 * BLOCKS, sizeof loaded);
        v[row] = (lanes)__builtin_convertvector(loaded, signed_lanes);
    }
}

/// Four columns of bytes, one row per lane, to words of four neighbouring samples.
INLINE lanes four_columns(const lanes v[4]) { return v[0] | v[1] << 8 | v[2] << 16 | v[3] << 24; }

/// Rounds away the second pass's bits and shifts the samples' zero to 128.
#define OUTPUT_BIAS(shift) ((1u << ((shift)-1)) + (128u << (shift)))

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

/// What both transforms make of a block without AC.
INLINE void fill_flat(int32_t dc, int size, uint8_t *target, size_t stride) {
    int32_t value = ((dc * (1 << PASS_BITS) + (1 << (PASS_BITS + 2))) >> (PASS_BITS + 3)) + 128;
    uint64_t bytes = 0x0101010101010101u * (uint64_t)(value < 0 ? 0 : value > 255 ? 255 : value);
    for (int row = 0; row < size; row++) memcpy(target + stride * (size_t)row, &bytes, (size_t)size);
}

// MARK: Scan

/// Blocks that wait for enough company to be transformed together.
typedef struct {
    _Alignas(64) int16_t coefficients[COEFFICIENTS];
    uint8_t *targets[BLOCKS];
    size_t strides[BLOCKS];
    int count;
    int block_size;
} block_queue;

INLINE void clear(block_queue *queue) {
    memset(queue->coefficients, 0, sizeof queue->coefficients);
    queue->count = 0;
}

static void flush(block_queue *queue) {
    if (!queue->count) return;
    for (int i = queue->count; i < BLOCKS; i++) {
        queue->targets[i] = queue->targets[0];
        queue->strides[i] = queue->strides[0];
    }
    // A lonely block is transformed with an empty one, whose samples must not overwrite its own.
    uint8_t nowhere[64];
    if (queue->count < BLOCKS) {
        queue->targets[BLOCKS - 1] = nowhere;
        queue->strides[BLOCKS - 1] = 8;
    }
    if (queue->block_size == 8) {
        transform_8x8(queue->coefficients, queue->targets, queue->strides);
    } else {
        transform_4x4(queue->coefficients, queue->targets, queue->strides);
    }
    clear(queue);
}

typedef struct {
    const jpeg_region *region;
    zigzag order;
    block_queue queues[2];  ///< of 8×8 and 4×4 blocks
    int32_t predictors[JPEG_COMPONENTS];
} scan;

INLINE int decode_needed(scan *state, bit_reader *reader, int c, int32_t column, int32_t row) {
    const jpeg_region *region = state->region;
    const jpeg_plane *plane = &region->planes[c];
    block_queue *queue = &state->queues[plane->block_size == 4];
    int16_t *block = queue->coefficients + queue->count * 8;
    int outcome = decode_block(reader, region->dc[c], region->ac[c], region->quantisation[c], &state->order,
                               &state->predictors[c], block);
    if (!outcome) return 0;
    size_t size = (size_t)plane->block_size;
    uint8_t *target = plane->samples + ((size_t)row * plane->stride + (size_t)column) * size;
    if (outcome == 1) {
        fill_flat(block[0], plane->block_size, target, plane->stride);
        block[0] = 0;
        return 1;
    }
    queue->targets[queue->count] = target;
    queue->strides[queue->count] = plane->stride;
    if (++queue->count == BLOCKS) flush(queue);
    return 1;
}

INLINE int decode_mcu(scan *state, bit_reader *reader, int32_t mcu_x, int32_t mcu_y) {
    const jpeg_region *region = state->region;
    for (int c = 0; c < region->frame->component_count; c++) {
        const jpeg_component *component = &region->frame->components[c];
        const jpeg_plane *plane = &region->planes[c];
        for (int32_t v = 0; v < component->vertical; v++) {
            int32_t row = mcu_y * component->vertical + v - plane->block_y;
            for (int32_t h = 0; h < component->horizontal; h++) {
                int32_t column = mcu_x * component->horizontal + h - plane->block_x;
                int is_needed = (uint32_t)row < (uint32_t)plane->blocks_high &&
                                (uint32_t)column < (uint32_t)plane->blocks_wide;
                int is_sound = is_needed ? decode_needed(state, reader, c, column, row)
                                         : skip_block(reader, region->dc[c], region->ac[c], &state->predictors[c]);
                if (!is_sound) return 0;
            }
        }
    }
    return 1;
}

/// Whether a finished segment was used up: nothing invented, nothing left but padding.
static int is_used_up(const bit_reader *reader, const uint8_t *start, size_t count) {
    size_t taken = bits_taken(reader, start);
    return taken <= count * 8 && count * 8 - taken < 8;
}

int LEVEL(vf_region_decode_planes)(const jpeg_region *region) {
    scan state = {.region = region};
    make_zigzag(&state.order);
    for (int i = 0; i < 2; i++) {
        clear(&state.queues[i]);
        state.queues[i].block_size = i ? 4 : 8;
    }
    const jpeg_frame *frame = region->frame;
    const jpeg_segment *segment = region->segments;
    const uint8_t *start = region->data + segment->start;
    bit_reader reader;
    start_segment(&reader, start);
    uint32_t until_restart = frame->restart_interval;
    for (int32_t y = 0; y < region->mcu_row_end; y++) {
        for (int32_t x = 0; x < frame->mcu_columns; x++) {
            if (frame->restart_interval) {
                if (!until_restart) {
                    if (!is_used_up(&reader, start, segment->count)) return 0;
                    segment++;
                    start = region->data + segment->start;
                    start_segment(&reader, start);
                    memset(state.predictors, 0, sizeof state.predictors);
                    until_restart = frame->restart_interval;
                }
                until_restart--;
            }
            if (!decode_mcu(&state, &reader, x, y)) return 0;
            if (bits_taken(&reader, start) > segment->count * 8) return 0;
        }
    }
    for (int i = 0; i < 2; i++) flush(&state.queues[i]);
    return region->mcu_row_end < frame->mcu_rows || is_used_up(&reader, start, segment->count);
}

// MARK: Colour

INLINE lanes widen(const uint8_t *bytes) {
    samples loaded;
    memcpy(&loaded, bytes, sizeof loaded);
    return __builtin_convertvector(loaded, lanes);
}

#define FIXED_16(value) ((uint32_t)(int32_t)((value) * 65536 + ((value) < 0 ? -0.5 : 0.5)))

void LEVEL(vf_region_colour_row)(const uint8_t *y, const uint8_t *cb, const uint8_t *cr, uint8_t *rgbx, size_t pixels) {
    const uint32_t to_red = FIXED_16(1.40200), to_blue = FIXED_16(1.77200);
    const uint32_t blue_to_green = FIXED_16(-0.34414), red_to_green = FIXED_16(-0.71414);
    const uint32_t half = 1u << 15, centre = 128;
    for (size_t i = 0; i < pixels; i += LANES) {
        lanes luma = widen(y + i) << 16, blue = widen(cb + i), red = widen(cr + i);
        lanes r = luma + red * to_red + (half - centre * to_red);
        lanes b = luma + blue * to_blue + (half - centre * to_blue);
        lanes g = luma + blue * blue_to_green + red * red_to_green + (half - centre * (blue_to_green + red_to_green));
        r = clamp_to_byte((lanes)((signed_lanes)r >> 16));
        g = clamp_to_byte((lanes)((signed_lanes)g >> 16));
        b = clamp_to_byte((lanes)((signed_lanes)b >> 16));
        lanes packed = r | g << 8 | b << 16;
        memcpy(rgbx + i * 4, &packed, sizeof packed);
    }
}

typedef uint16_t wide __attribute__((vector_size(LANES * 4)));
typedef uint8_t bytes_of_wide __attribute__((vector_size(LANES * 2)));

INLINE wide widen_to_16(const uint8_t *bytes) {
    bytes_of_wide loaded;
    memcpy(&loaded, bytes, sizeof loaded);
    return __builtin_convertvector(loaded, wide);
}

void LEVEL(vf_region_upsample_h2v2)(const uint8_t *near, const uint8_t *far, uint8_t *out, size_t count) {
    for (size_t i = 0; i < count; i += LANES * 2) {
        wide here = widen_to_16(near + i) * 3 + widen_to_16(far + i);
        wide before = widen_to_16(near + i - 1) * 3 + widen_to_16(far + i - 1);
        wide after = widen_to_16(near + i + 1) * 3 + widen_to_16(far + i + 1);
        wide pairs = (here * 3 + before + 8) >> 4 | ((here * 3 + after + 7) >> 4) << 8;
        memcpy(out + 2 * i, &pairs, sizeof pairs);
    }
}

void LEVEL(vf_region_upsample_h2v1)(const uint8_t *row, uint8_t *out, size_t count) {
    for (size_t i = 0; i < count; i += LANES * 2) {
        wide here = widen_to_16(row + i) * 3, before = widen_to_16(row + i - 1), after = widen_to_16(row + i + 1);
        wide pairs = (here + before + 1) >> 2 | ((here + after + 2) >> 2) << 8;
        memcpy(out + 2 * i, &pairs, sizeof pairs);
    }
}
