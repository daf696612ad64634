#ifndef VERIFAR_IMAGING_PIXELS_H
#define VERIFAR_IMAGING_PIXELS_H

#include "imaging.h"

enum {
    WARP_CHUNK = 64,         ///< pixels whose positions are worked out at once
    WARP_WEIGHT_BITS = 14,
};

/// Where a chunk of target pixels reads: four neighbours each, two rows of two.
typedef struct {
    _Alignas(64) int32_t offsets[WARP_CHUNK];  ///< of the upper left neighbour, in bytes from the pixel at (-1, -1)
    uint32_t upper[WARP_CHUNK];   ///< weights of the upper two: left | right << 16
    uint32_t lower[WARP_CHUNK];
} warp_chunk;

/// One call's constants. Positions are fixed point with 32 bits of fraction.
typedef struct {
    const uint8_t *corner;  ///< the pixel at (-1, -1)
    int32_t stride;
    int32_t width, height;
    int64_t step_x, step_y;  ///< per target column
} warp_source;

typedef struct {
    void (*warp_row)(const warp_source *source, int64_t x, int64_t y, uint8_t *target, int32_t count);
    void (*normalise)(const uint8_t *rgb, float *out, int32_t width, int32_t height, const float mean[3],
                      const float std[3], int swap_channels, int mirror);
} pixel_functions;

extern const pixel_functions vf_pixel_functions_portable;
#if defined(__x86_64__)
extern const pixel_functions vf_pixel_functions_avx2;
extern const pixel_functions vf_pixel_functions_avx512;
#endif

#endif
