#include "imaging_pixels.h"

#include <math.h>

static const pixel_functions *functions_of(vf_isa level) {
#if defined(__x86_64__)
    if (level == VF_ISA_AVX512) return &vf_pixel_functions_avx512;
    if (level == VF_ISA_AVX2) return &vf_pixel_functions_avx2;
#endif
    (void)level;
    return &vf_pixel_functions_portable;
}

static int64_t fixed(double value) { return (int64_t)llrint(value * 4294967296.0); }

void vf_warp_bilinear(const uint8_t *source, size_t stride, int32_t width, int32_t height, const double map[6],
                      uint8_t *target, int32_t target_width, int32_t target_height, vf_isa level) {
    const pixel_functions *functions = functions_of(level);
    warp_source from = {.corner = source - stride - 4,
                        .stride = (int32_t)stride,
                        .width = width,
                        .height = height,
                        .step_x = fixed(map[0]),
                        .step_y = fixed(map[3])};
    for (int32_t y = 0; y < target_height; y++) {
        int64_t row_x = fixed(map[1] * y + map[2]), row_y = fixed(map[4] * y + map[5]);
        functions->warp_row(&from, row_x, row_y, target + (size_t)y * 3 * (size_t)target_width, target_width);
    }
}

void vf_normalise(const uint8_t *rgb, float *out, int32_t width, int32_t height, const float mean[3],
                  const float std[3], int swap_channels, int mirror, vf_isa level) {
    functions_of(level)->normalise(rgb, out, width, height, mean, std, swap_channels, mirror);
}

void vf_rgb_to_rgbx(const uint8_t *rgb, uint8_t *rgbx, size_t pixels) {
    for (size_t i = 0; i < pixels; i++, rgb += 3, rgbx += 4) {
        rgbx[0] = rgb[0];
        rgbx[1] = rgb[1];
        rgbx[2] = rgb[2];
        rgbx[3] = 0;
    }
}
