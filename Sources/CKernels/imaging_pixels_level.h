// The hot loops over pixels, included once for each instruction-set level with LEVEL(name) defined, and
// blend_four(chunk, first, corner, stride, target) where the level has vectors for four pixels at once.

#include <string.h>

#include "imaging_pixels.h"

static inline int32_t held(int32_t value, int32_t low, int32_t high) {
    return value < low ? low : value > high ? high : value;
}

/// Works out positions and weights; `x` and `y` are those of the first pixel.
static void locate(const warp_source *source, int64_t x, int64_t y, warp_chunk *chunk, int32_t count) {
    const int32_t one = 1 << WARP_WEIGHT_BITS;
    for (int32_t i = 0; i < count; i++) {
        int64_t at_x = x + i * source->step_x, at_y = y + i * source->step_y;
        int32_t column = (int32_t)(at_x >> 32), row = (int32_t)(at_y >> 32);
        int32_t right = (int32_t)((uint32_t)at_x >> (32 - WARP_WEIGHT_BITS));
        int32_t lower = (int32_t)((uint32_t)at_y >> (32 - WARP_WEIGHT_BITS));
        // Beyond the black border everything is black: stay on it.
        int32_t held_column = held(column, -1, source->width), held_row = held(row, -1, source->height);
        right = held_column == column ? right : 0;
        lower = held_row == row ? lower : 0;
        int32_t both = (right * lower + one / 2) >> WARP_WEIGHT_BITS;
        chunk->offsets[i] = (int64_t)(held_column + 1) * 4 + (int64_t)(held_row + 1) * source->stride;
        chunk->upper[i] = (uint32_t)(one - right - lower + both) | (uint32_t)(right - both) << 16;
        chunk->lower[i] = (uint32_t)(lower - both) | (uint32_t)both << 16;
    }
}

static void blend_one(const warp_chunk *chunk, int32_t i, const uint8_t *corner, int64_t stride, uint8_t *target) {
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
            uint8_t bytes[NORMALISE_CHUNK];
            int32_t part = width - x < pixels ? width - x : pixels;
            arrange(first + step * x, bytes, part, swap_channels, step);
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
