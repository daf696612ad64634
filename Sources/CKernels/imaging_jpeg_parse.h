#ifndef VERIFAR_IMAGING_JPEG_PARSE_H
#define VERIFAR_IMAGING_JPEG_PARSE_H

#include "imaging_jpeg.h"

/// What a file's headers define. A table counts only when this file defined it.
typedef struct {
    jpeg_frame frame;
    uint16_t quantisation[4][JPEG_ZIGZAG_SIZE];
    int has_quantisation[4];
    jpeg_huffman dc[4], ac[4];
    int has_dc[4], has_ac[4];
    size_t scan_start;  ///< offset of the entropy-coded data
} jpeg_headers;

/// Reads up to the scan; 0 for whatever the region decoder leaves to libjpeg.
int vf_region_parse(jpeg_headers *headers, const uint8_t *bytes, size_t count);

#endif
