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

/// RGBX to RGB, tightly packed.
void vf_rgbx_to_rgb(const uint8_t *rgbx, uint8_t *rgb, size_t pixels, vf_isa level);

/// (value − mean[c]) / std[c] in single precision for each channel of RGB faces; NHWC.
///
/// - swap_channels: write BGR; mean and std are then in that order too.
/// - mirror: reverse each row of pixels.
void vf_normalise(const uint8_t *rgb, float *out, int32_t width, int32_t height, const float mean[3],
                  const float std[3], int swap_channels, int mirror, vf_isa level);

// MARK: The common JPEG

/// Decodes regions of 8-bit sequential Huffman JPEGs with one interleaved scan, grey or YCbCr 4:4:4, 4:2:2 or 4:2:0
/// – nearly every file there is – to exactly what libjpeg-turbo makes of them with its defaults (accurate integer
/// DCT, smooth upsampling), reading no further and transforming no more blocks than the region needs.
/// Declines everything else, and everything suspicious, by returning 0: libjpeg then has the word.
/// For one thread at a time; keeps its buffers.
typedef struct vf_region_jpeg vf_region_jpeg;

/// NULL when memory is short.
vf_region_jpeg *vf_region_jpeg_create(void);
void vf_region_jpeg_destroy(vf_region_jpeg *decoder);

/// Reads the headers and checks that the scan is complete up to the end-of-image marker.
///
/// - bytes: must stay valid until the region is decoded.
/// - width, height: receive the picture's size.
/// - Returns: 1, or 0 to decline.
int vf_region_jpeg_open(vf_region_jpeg *decoder, const uint8_t *bytes, size_t count, int32_t *width,
                        int32_t *height);

/// Decodes a region of the opened picture. Damage in coded data below the region goes unseen.
///
/// - eighths: 8, or 4, 2 or 1 for a picture reduced to so many eighths, rounded up, by libjpeg's smaller inverse
///   DCTs; the region is then in the reduced picture's pixels.
/// - x, y, width, height: inside the picture, not empty.
/// - pixel_bytes: 3 for RGB, 4 for RGBX.
/// - pixels: rows of `stride` bytes. With RGBX up to 64 bytes after each row's end may be overwritten.
/// - Returns: 1, or 0 to decline; the pixels are then undefined.
int vf_region_jpeg_decode(vf_region_jpeg *decoder, int eighths, int32_t x, int32_t y, int32_t width, int32_t height,
                          int pixel_bytes, uint8_t *pixels, size_t stride, vf_isa level);

#endif
