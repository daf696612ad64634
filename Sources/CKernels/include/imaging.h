#ifndef VERIFAR_IMAGING_H
#define VERIFAR_IMAGING_H

#include <stddef.h>
#include <stdint.h>

#include "dispatch.h"

// Pictures that are sampled are RGBX: four bytes a pixel, the fourth without meaning. Results are equal at every
// level, to the bit; a level above the CPU's must not be asked for.

// MARK: Warping

/// Samples `source` at (m[0]·x + m[1]·y + m[2], m[3]·x + m[4]·y + m[5]) for each pixel (x, y) of `target`,
/// bilinearly, rounded half up. Positions are kept to 2⁻³² pixel, weights to 2⁻¹⁴.
///
/// - source: the first pixel of a picture of width × height, in a frame of one pixel before and two after it in each
///   direction; positions beyond the frame read its outermost pixels. In all less than 2³¹ bytes.
/// - map: finite, with every position within ±2²⁹.
/// - target: [target_height, target_width, 3], tightly packed RGB.
void vf_warp_bilinear(const uint8_t *source, size_t stride, int32_t width, int32_t height, const double map[6],
                      uint8_t *target, int32_t target_width, int32_t target_height, vf_isa level);

/// RGB, tightly packed, to RGBX.
void vf_rgb_to_rgbx(const uint8_t *rgb, uint8_t *rgbx, size_t pixels);

/// (value − mean[c]) / std[c] in single precision for each channel of RGB faces; NHWC.
///
/// - swap_channels: write BGR; mean and std are then in that order too.
/// - mirror: reverse each row of pixels.
void vf_normalise(const uint8_t *rgb, float *out, int32_t width, int32_t height, const float mean[3],
                  const float std[3], int swap_channels, int mirror, vf_isa level);

#endif
