#ifndef VERIFAR_JPEG_CODEC_H
#define VERIFAR_JPEG_CODEC_H

#include "codec_types.h"

/// A libjpeg-turbo decompressor that is opened on one picture at a time. For one thread at a time.
typedef struct vf_jpeg_decoder vf_jpeg_decoder;

/// NULL when memory is short.
vf_jpeg_decoder *vf_jpeg_decoder_create(void);
void vf_jpeg_decoder_destroy(vf_jpeg_decoder *decoder);

/// Reads the header. `bytes` must stay valid until the picture is decoded or another one is opened.
vf_codec_status vf_jpeg_open(vf_jpeg_decoder *decoder, const uint8_t *bytes, size_t count, vf_image_info *info,
                             vf_codec_message *message);

/// Decodes the opened picture: accurate integer DCT and smooth chroma upsampling, libjpeg's defaults. CMYK is taken
/// as stored inverted, as Adobe writes it and as OpenCV and Pillow read it. Only the blocks of the part that is asked
/// for are transformed, but all entropy-coded data are read: data that end early or hold invalid codes anywhere are
/// failures, not greyed-out blocks.
///
/// - scale_eighths: 1…8, the DCT scale in eighths: the picture has ceil(width·scale/8) × ceil(height·scale/8) pixels.
vf_codec_status vf_jpeg_decode(vf_jpeg_decoder *decoder, int scale_eighths, const vf_codec_target *target,
                               vf_codec_message *message);

/// Encodes RGB.
///
/// - chroma_x, chroma_y: luma samples per chroma sample, 1 or 2.
/// - encoded: receives a buffer to be released with `vf_jpeg_free`.
vf_codec_status vf_jpeg_encode(const uint8_t *pixels, int32_t width, int32_t height, size_t stride, int quality,
                               int progressive, int chroma_x, int chroma_y, uint8_t **encoded, size_t *count,
                               vf_codec_message *message);
void vf_jpeg_free(uint8_t *encoded);

#endif
