#ifndef VERIFAR_CODEC_TYPES_H
#define VERIFAR_CODEC_TYPES_H

#include <stddef.h>
#include <stdint.h>

/// How a call of this module ended. The libraries' error jumps stop inside the call that made them.
typedef enum {
    VF_CODEC_OK = 0,
    VF_CODEC_TRUNCATED = 1,    ///< the bytes end before the picture does
    VF_CODEC_MALFORMED = 2,    ///< the bytes do not follow the format
    VF_CODEC_UNSUPPORTED = 3,  ///< well-formed, but not handled (12-bit or lossless JPEG …)
    VF_CODEC_TOO_LARGE = 4,    ///< over the caller's limits
    VF_CODEC_NO_MEMORY = 5,
} vf_codec_status;

/// The text of the last failure, written by the call that returned it.
typedef struct {
    char text[200];
} vf_codec_message;

/// What the header says.
typedef struct {
    int32_t width;
    int32_t height;
    int32_t components;   ///< of the coded picture, before conversion to RGB
    int32_t bit_depth;    ///< per component
    int32_t orientation;  ///< EXIF, 1…8; 1 when absent or invalid
    int32_t progressive;  ///< progressive JPEG or interlaced PNG
} vf_image_info;

/// Part of a picture, and where its pixels go.
typedef struct {
    int32_t x;  ///< of the decoded (and so perhaps scaled) picture; the part must lie inside it
    int32_t y;
    int32_t width;
    int32_t height;
    uint8_t *pixels;
    size_t stride;        ///< bytes from row to row
    int32_t pixel_bytes;  ///< 3 for RGB, 4 for RGB and a byte without meaning
} vf_codec_target;

/// The orientation (1…8) in a TIFF structure as EXIF stores it; 1 when there is none or it is damaged.
int vf_exif_orientation(const uint8_t *tiff, size_t count);

#endif
