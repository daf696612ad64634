#ifndef VERIFAR_IMAGING_JPEG_H
#define VERIFAR_IMAGING_JPEG_H

#include "imaging.h"

// What the parts of the region decoder share: the parsed file and the sample planes between entropy decoding
// and colour.

enum {
    JPEG_LOOKUP_BITS = 10,
    JPEG_COMPONENTS = 3,
    // Added to the coefficient index by an end-of-block code: tells it from a run that leaves the block.
    JPEG_END_OF_BLOCK = 96,
};

/// A Huffman code ready for use.
typedef struct {
    uint8_t counts[16];    ///< codes of each length
    uint8_t symbols[256];  ///< in order of code
    int is_valid;          ///< the code is prefix-free and its symbols are those of 8-bit pictures
    /// Indexed by the next bits. Byte 0: bits of code and value together; 1: how far the coefficient index moves;
    /// 2: bits of the value; 3: bits of the code. 0 where the code is longer than the index, or there is none.
    uint32_t lookup[1 << JPEG_LOOKUP_BITS];
    /// For AC codes: the same in bytes 0 to 3, and the code after it, when that and both values fit into the index.
    /// Byte 0: bits of all; 4: bits of the first code and its value; 5: how far the second moves the coefficient
    /// index, 0 without one; 6 and 7: the second's value, signed.
    uint64_t pairs[1 << JPEG_LOOKUP_BITS];
    uint32_t limit[17];  ///< first 16-bit window beyond the codes of this length
    int32_t offset[17];  ///< index of a symbol minus its code
} jpeg_huffman;

typedef struct {
    uint8_t id;
    uint8_t horizontal;  ///< sampling factors
    uint8_t vertical;
    uint8_t quantisation;
    uint8_t dc_table;
    uint8_t ac_table;
} jpeg_component;

/// One run of entropy-coded data between restart markers, unstuffed.
typedef struct {
    size_t start;
    size_t count;
} jpeg_segment;

typedef struct {
    int32_t width, height;
    int component_count;
    jpeg_component components[JPEG_COMPONENTS];
    int32_t mcu_columns, mcu_rows;
    uint32_t restart_interval;
} jpeg_frame;

/// The blocks of one component that a region needs, and where their samples go.
typedef struct {
    uint8_t *samples;  ///< of the first block
    size_t stride;
    int32_t block_x, block_y;        ///< first block
    int32_t blocks_wide, blocks_high;
    int32_t samples_x, samples_y;    ///< position of `samples` in the component
    int32_t width, height;           ///< of the whole component, in samples
    int block_size;                  ///< samples per block side: 8, 4, 2 or 1
} jpeg_plane;

/// One region to decode.
typedef struct {
    const jpeg_frame *frame;
    const uint8_t *data;            ///< unstuffed, readable far enough past the end
    const jpeg_segment *segments;
    size_t segment_count;
    const jpeg_huffman *dc[JPEG_COMPONENTS];
    const jpeg_huffman *ac[JPEG_COMPONENTS];
    const uint16_t *quantisation[JPEG_COMPONENTS];  ///< in zigzag order, zeros after 64
    jpeg_plane planes[JPEG_COMPONENTS];
    int32_t mcu_row_end;            ///< rows of MCUs that the region needs
} jpeg_region;

/// Room for the zigzag indices that a pair of codes in damaged data can reach from 62 on.
enum { JPEG_ZIGZAG_SIZE = 62 + 16 + JPEG_END_OF_BLOCK + 1 };

/// Bytes that must be readable after the coded data: what one MCU can consume.
enum { JPEG_PADDING = 4096 };

/// The row and column of each zigzag position: row << 3 | column.
extern const uint8_t vf_region_natural_order[64];

// One of each of these for every instruction-set level:
//
// - decode_planes fills the sample planes; 0 when the data are damaged.
// - colour_row turns a row of YCbCr into RGBX; it reads and writes whole vectors, up to 15 pixels past the end.
// - upsample_h2v2 doubles a row of chroma in width by libjpeg's "fancy" triangle filter, weighing the rows `near` and
//   `far` 3 to 1; `count` samples, of which one before and 64 after must be readable; 2 × count bytes, after which 64
//   may be written.
// - upsample_h2v1 does so with one row.
#define DECLARE_LEVEL(level)                                                                                    \
    int vf_region_decode_planes_##level(const jpeg_region *region);                                             \
    void vf_region_colour_row_##level(const uint8_t *y, const uint8_t *cb, const uint8_t *cr, uint8_t *rgbx,    \
                                      size_t pixels);                                                           \
    void vf_region_upsample_h2v2_##level(const uint8_t *near, const uint8_t *far, uint8_t *out, size_t count);  \
    void vf_region_upsample_h2v1_##level(const uint8_t *row, uint8_t *out, size_t count);

DECLARE_LEVEL(portable)
DECLARE_LEVEL(avx2)
DECLARE_LEVEL(avx512)

#endif
