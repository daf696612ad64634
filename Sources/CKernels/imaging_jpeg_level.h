// The hot loops of the region decoder, included once for each instruction-set level with
// LEVEL(name), the level's name for a function, and LANES, the 32-bit lanes to write vectors with, defined.
// Plain C on vector types: the same integers at each level.

#include <string.h>

#include "imaging_jpeg.h"

#define INLINE static inline __attribute__((always_inline))

/// Blocks that the inverse DCT takes at once: each has a lane for each of its eight columns.
enum { BLOCKS = LANES / 8 };

typedef uint32_t lanes __attribute__((vector_size(LANES * 4)));
typedef int32_t signed_lanes __attribute__((vector_size(LANES * 4)));
typedef int16_t coefficients __attribute__((vector_size(LANES * 2)));
typedef uint8_t samples __attribute__((vector_size(LANES)));

INLINE lanes clamp_to_byte(lanes v) {
    signed_lanes value = (signed_lanes)v, zero = {0}, most = zero + 255;
    signed_lanes low = value > zero;
    value &= low;
    signed_lanes high = value > most;
    return (lanes)((value & ~high) | (most & high));
}

#include "imaging_jpeg_colour.h"
#include "imaging_jpeg_entropy.h"
#include "imaging_jpeg_transform.h"

/// Blocks that wait for enough company to be transformed together.
typedef struct {
    _Alignas(64) int16_t coefficients[COEFFICIENTS];
    uint8_t *targets[BLOCKS];
    size_t strides[BLOCKS];
    int count;
    int block_size;
} block_queue;

INLINE void clear(block_queue *queue) {
    memset(queue->coefficients, 0, sizeof queue->coefficients);
    queue->count = 0;
}

static __attribute__((noinline)) void flush(block_queue *queue) {
    if (!queue->count) return;
    // A lonely block is transformed with an empty one, whose samples must not overwrite its own.
    uint8_t nowhere[64];
    for (int i = queue->count; i < BLOCKS; i++) {
        queue->targets[i] = nowhere;
        queue->strides[i] = 8;
    }
    if (queue->block_size == 8) {
        transform_8x8(queue->coefficients, queue->targets, queue->strides);
    } else if (queue->block_size == 4) {
        transform_4x4(queue->coefficients, queue->targets, queue->strides);
    } else {
        transform_2x2(queue->coefficients, queue->targets, queue->strides);
    }
    clear(queue);
}

enum { MCU_BLOCKS = 6, QUEUES = 2 };

/// One of the blocks of an MCU: how it is coded, and which of its kind in a row of MCUs are needed.
typedef struct {
    const jpeg_huffman *dc, *ac;
    const uint16_t *steps;
    int32_t *predictor;
    block_queue *queue;
    int32_t column;          ///< in the first MCU, counted from the first needed column
    int32_t columns_per_mcu;
    int32_t needed_columns;  ///< 0 when the row is not needed
    uint8_t *row_start;      ///< samples of the first needed column
    size_t stride;
    int block_size;
} mcu_block;

typedef struct {
    const jpeg_region *region;
    zigzag order;
    block_queue queues[QUEUES];  ///< for luma and chroma, which may differ in block size
    int32_t predictors[JPEG_COMPONENTS];
    mcu_block blocks[MCU_BLOCKS];
    int block_count;
} scan;

/// Lists the blocks of a row of MCUs.
static void start_mcu_row(scan *state, int32_t mcu_y) {
    const jpeg_region *region = state->region;
    mcu_block *block = state->blocks;
    for (int c = 0; c < region->frame->component_count; c++) {
        const jpeg_component *component = &region->frame->components[c];
        const jpeg_plane *plane = &region->planes[c];
        for (int32_t v = 0; v < component->vertical; v++) {
            int32_t row = mcu_y * component->vertical + v - plane->block_y;
            int is_needed = row >= 0 && row < plane->blocks_high;
            size_t first_row = is_needed ? (size_t)row * (size_t)plane->block_size : 0;
            for (int32_t h = 0; h < component->horizontal; h++) {
                *block++ = (mcu_block){.dc = region->dc[c],
                                       .ac = region->ac[c],
                                       .steps = region->quantisation[c],
                                       .predictor = &state->predictors[c],
                                       .queue = &state->queues[c > 0],
                                       .column = h - plane->block_x,
                                       .columns_per_mcu = component->horizontal,
                                       .needed_columns = is_needed ? plane->blocks_wide : 0,
                                       .row_start = plane->samples + first_row * plane->stride,
                                       .stride = plane->stride,
                                       .block_size = plane->block_size};
            }
        }
    }
    state->block_count = (int)(block - state->blocks);
}

INLINE int decode_needed(scan *state, bit_reader *reader, const mcu_block *block, int32_t column) {
    uint8_t *target = block->row_start + (size_t)column * (size_t)block->block_size;
    if (block->block_size == 1) {
        if (!skip_block(reader, block->dc, block->ac, block->predictor)) return 0;
        fill_flat((int16_t)(*block->predictor * block->steps[0]), 1, target, block->stride);
        return 1;
    }
    block_queue *queue = block->queue;
    int16_t *coefficients = queue->coefficients + queue->count * 8;
    int outcome = decode_block(reader, block->dc, block->ac, block->steps, &state->order, block->predictor,
                               coefficients);
    if (!outcome) return 0;
    if (outcome == 1) {
        fill_flat(coefficients[0], block->block_size, target, block->stride);
        coefficients[0] = 0;
        return 1;
    }
    queue->targets[queue->count] = target;
    queue->strides[queue->count] = block->stride;
    if (++queue->count == BLOCKS) flush(queue);
    return 1;
}

INLINE int decode_mcu(scan *state, bit_reader *reader, int32_t mcu_x) {
    for (int i = 0; i < state->block_count; i++) {
        const mcu_block *block = &state->blocks[i];
        int32_t column = mcu_x * block->columns_per_mcu + block->column;
        int is_needed = (uint32_t)column < (uint32_t)block->needed_columns;
        int is_sound = is_needed ? decode_needed(state, reader, block, column)
                                 : skip_block(reader, block->dc, block->ac, block->predictor);
        if (!is_sound) return 0;
    }
    return 1;
}

/// Whether a finished segment was used up: nothing invented, nothing left but padding.
static int is_used_up(const bit_reader *reader, const uint8_t *start, size_t count) {
    size_t taken = bits_taken(reader, start);
    return taken <= count * 8 && count * 8 - taken < 8;
}

int LEVEL(vf_region_decode_planes)(const jpeg_region *region) {
    scan state = {.region = region};
    make_zigzag(&state.order);
    const jpeg_frame *frame = region->frame;
    for (int i = 0; i < QUEUES; i++) {
        clear(&state.queues[i]);
        state.queues[i].block_size = region->planes[i].block_size;
    }
    const jpeg_segment *segment = region->segments;
    const uint8_t *start = region->data + segment->start;
    bit_reader reader;
    start_segment(&reader, start);
    uint32_t until_restart = frame->restart_interval;
    for (int32_t y = 0; y < region->mcu_row_end; y++) {
        start_mcu_row(&state, y);
        for (int32_t x = 0; x < frame->mcu_columns; x++) {
            if (frame->restart_interval) {
                if (!until_restart) {
                    if (!is_used_up(&reader, start, segment->count)) return 0;
                    segment++;
                    start = region->data + segment->start;
                    start_segment(&reader, start);
                    memset(state.predictors, 0, sizeof state.predictors);
                    until_restart = frame->restart_interval;
                }
                until_restart--;
            }
            if (!decode_mcu(&state, &reader, x)) return 0;
            if (bits_taken(&reader, start) > segment->count * 8) return 0;
        }
    }
    for (int i = 0; i < QUEUES; i++) flush(&state.queues[i]);
    return region->mcu_row_end < frame->mcu_rows || is_used_up(&reader, start, segment->count);
}
