// The hot loops over pixels, included once for each instruction-set level with LEVEL(name), the level's name for a
// function, and LANES, the 32-bit lanes to write vectors with, defined; with HAS_BLEND_FOUR where the level brings
// blend_four for four pixels at once.

#include <string.h>

#include "imaging_pixels.h"

typedef int32_t ints __attribute__((vector_size(LANES * 4)));
typedef int64_t longs __attribute__((vector_size(LANES * 4)));  // half as many

#if LANES == 16
#define LOW_HALVES(a, b) __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30)
#define HIGH_HALVES(a, b) __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31)
#else
#define LOW_HALVES(a, b) __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14)
#define HIGH_HALVES(a, b) __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15)
#endif

#define SELECT(condition, yes, no) (((condition) & (yes)) | (~(condition) & (no)))

/// Positions of LANES pixels in one direction.
typedef struct {
    longs halves[2];
} positions;

static inline __attribute__((always_inline)) positions first_positions(int64_t start, int64_t step) {
    int64_t values[LANES];
    for (int i = 0; i < LANES; i++) values[i] = start + i * step;
    positions result;
    memcpy(&result, values, sizeof result);
    return result;
}

/// The whole part, held to -1…limit, and WARP_WEIGHT_BITS of fraction, which is zero where the whole part was held:
/// beyond the black border everything is black, so it is enough to stay on it.
static inline __attribute__((always_inline)) void split(const positions *at, int32_t limit, ints *whole,
                                                         ints *fraction) {
    ints all = {0}, most = all + limit, least = all - 1;
    ints found = HIGH_HALVES((ints)at->halves[0], (ints)at->halves[1]);
    ints low = LOW_HALVES((ints)at->halves[0], (ints)at->halves[1]);
    ints is_under = found < least, is_over = found > most;
    *whole = SELECT(is_under, least, SELECT(is_over, most, found));
    *fraction = (low >> (32 - WARP_WEIGHT_BITS)) & ((1 << WARP_WEIGHT_BITS) - 1) & ~(is_under | is_over);
}

/// Works out positions and weights of a chunk; `x` and `y` are those of its first pixel.
static void locate(const warp_source *source, int64_t x, int64_t y, warp_chunk *chunk, int32_t count) {
    const int32_t one = 1 << WARP_WEIGHT_BITS;
    positions at_x = first_positions(x, source->step_x), at_y = first_positions(y, source->step_y);
    for (int32_t i = 0; i < count; i += LANES) {
        ints column, row, right, lower;
        split(&at_x, source->width, &column, &right);
        split(&at_y, source->height, &row, &lower);
        ints both = (right * lower + one / 2) >> WARP_WEIGHT_BITS;
        ints offsets = (column + 1) * 4 + (row + 1) * source->stride;
        ints upper_weights = (one - right - lower + both) | (right - both) << 16;
        ints lower_weights = (lower - both) | both << 16;
        memcpy(chunk->offsets + i, &offsets, sizeof offsets);
        memcpy(chunk->upper + i, &upper_weights, sizeof upper_weights);
        memcpy(chunk->lower + i, &lower_weights, sizeof lower_weights);
        for (int half = 0; half < 2; half++) {
            at_x.halves[half] += source->step_x * LANES;
            at_y.halves[half] += source->step_y * LANES;
        }
    }
}

static void blend_one(const warp_chunk *chunk, int32_t i, const uint8_t *corner, int32_t stride, uint8_t *target) {
    const uint8_t *upper = corner + chunk->offsets[i], *lower = upper + stride;
    uint32_t w0 = chunk->upper[i] & 0xffff, w1 = chunk->upper[i] >> 16;
    uint32_t w2 = chunk->lower[i] & 0xffff, w3 = chunk->lower[i] >> 16;
    for (int c = 0; c < 3; c++) {
        uint32_t sum = upper[c] * w0 + upper[c + 4] * w1 + lower[c] * w2 + lower[c + 4] * w3;
        target[c] = (uint8_t)((sum + (1u << (WARP_WEIGHT_BITS - 1))) >> WARP_WEIGHT_BITS);
    }
}

static void warp_row(const warp_source *source, int64_t x, int64_t y, uint8_t *target, int32_t count) {
    warp_chunk chunk;
    for (int32_t done = 0; done < count; done += WARP_CHUNK) {
        int32_t part = count - done < WARP_CHUNK ? count - done : WARP_CHUNK;
        locate(source, x + done * source->step_x, y + done * source->step_y, &chunk, part);
        int32_t i = 0;
#if defined(HAS_BLEND_FOUR)
        for (; i + 4 <= part; i += 4) {
            blend_four(&chunk, i, source->corner, source->stride, target + (size_t)(done + i) * 3);
        }
#endif
        for (; i < part; i++) {
            blend_one(&chunk, i, source->corner, source->stride, target + (size_t)(done + i) * 3);
        }
    }
}

enum { NORMALISE_CHUNK = 48 };  // bytes: whole pixels and whole vectors

/// Copies pixels in the order in which they are written.
static void arrange(const uint8_t *rgb, uint8_t *out, int32_t count, int swap_channels, int64_t step) {
    int first = swap_channels ? 2 : 0, last = 2 - first;
    for (int32_t i = 0; i < count; i++, rgb += step, out += 3) {
        out[0] = rgb[first];
        out[1] = rgb[1];
        out[2] = rgb[last];
    }
}

static void normalise(const uint8_t *rgb, float *out, int32_t width, int32_t height, const float mean[3],
                      const float std[3], int swap_channels, int mirror) {
    float offsets[NORMALISE_CHUNK], divisors[NORMALISE_CHUNK];
    for (int i = 0; i < NORMALISE_CHUNK; i++) {
        offsets[i] = mean[i % 3];
        divisors[i] = std[i % 3];
    }
    const int32_t pixels = NORMALISE_CHUNK / 3;
    for (int32_t y = 0; y < height; y++, rgb += 3 * (size_t)width) {
        const uint8_t *first = mirror ? rgb + 3 * (size_t)(width - 1) : rgb;
        int64_t step = mirror ? -3 : 3;
        for (int32_t x = 0; x < width; x += pixels) {
            uint8_t arranged[NORMALISE_CHUNK];
            const uint8_t *bytes = first + step * x;
            int32_t part = width - x < pixels ? width - x : pixels;
            if (mirror || swap_channels) {
                arrange(bytes, arranged, part, swap_channels, step);
                bytes = arranged;
            }
            if (part == pixels) {
                for (int i = 0; i < NORMALISE_CHUNK; i++) out[i] = ((float)bytes[i] - offsets[i]) / divisors[i];
            } else {
                for (int32_t i = 0; i < 3 * part; i++) out[i] = ((float)bytes[i] - offsets[i]) / divisors[i];
            }
            out += 3 * part;
        }
    }
}

const pixel_functions LEVEL(vf_pixel_functions) = {warp_row, normalise};
