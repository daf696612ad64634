#ifndef VERIFAR_PNG_CODEC_H
#define VERIFAR_PNG_CODEC_H

#include "codec_types.h"

/// A libpng reader opened on one picture.
typedef struct vf_png_decoder vf_png_decoder;

/// Reads the header. `bytes` must stay valid until the decoder is closed. On failure nothing needs closing.
vf_codec_status vf_png_open(const uint8_t *bytes, size_t count, vf_png_decoder **decoder, vf_image_info *info,
                            vf_codec_message *message);

/// Decodes to 8-bit RGB as OpenCV's colour reading does: palettes and grey expanded, the low byte of 16-bit
/// samples and alpha dropped, gamma ignored. Call once. The whole file is read whatever part is asked for.
vf_codec_status vf_png_decode(vf_png_decoder *decoder, const vf_codec_target *target, vf_codec_message *message);
void vf_png_close(vf_png_decoder *decoder);

/// Encodes RGB.
///
/// - level: zlib's, 0…9.
/// - encoded: receives a buffer to be released with `vf_png_free`.
vf_codec_status vf_png_encode(const uint8_t *pixels, int32_t width, int32_t height, size_t stride, int level,
                              uint8_t **encoded, size_t *count, vf_codec_message *message);
void vf_png_free(uint8_t *encoded);

#endif
