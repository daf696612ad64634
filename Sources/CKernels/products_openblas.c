// The portable level's products of matrices: OpenBLAS's, one thread per caller.
//
// OpenBLAS sums a row in an order that depends on how many rows a call has and on where among them it stands (its Haswell
// kernel has two orders within twelve rows). So every call's shape, and a row's place in it, follow from the task alone:
// a task's rows go block by block from its first, its channels panel by panel, its depth piece by piece, and operands lie
// at the same offsets from a cache line. A task that is the same for every face, thread and batch gives the same bytes.

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Debian's name for OpenBLAS's own header, whichever BLAS is the system's choice.
#if __has_include(<cblas-openblas.h>)
#include <cblas-openblas.h>
#else
#include <cblas.h>
#endif

#include "neural_levels.h"
#include "simd_portable.h"
#include "training_levels.h"

/// Most rows and depth of one call.
#define BLOCK_ROWS VF_OPENBLAS_ROWS
#define BLOCK_DEPTH 512
/// Channels that share one gathering of rows.
#define BLOCK_CHANNELS (8 * VF_OPENBLAS_PANEL_WIDTH)
#define SCRATCH_FLOATS (BLOCK_ROWS * (BLOCK_DEPTH + BLOCK_CHANNELS))

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t scratch_key;

static void make_key(void) {
    if (pthread_key_create(&scratch_key, free)) abort();
}

/// The calling thread's memory for gathered rows and sums.
///
/// A thread that comes here for the first time turns OpenBLAS's own threads off. OpenBLAS keeps that setting once per
/// process, built with OpenMP once per thread as well (so every thread asks); a narrower one does not exist. Whoever else
/// uses it in this process and wants threads has to ask again, and then our last bits are no longer those of one thread. At
/// the other levels nothing is set.
static float *thread_scratch(void) {
    pthread_once(&once, make_key);
    float *scratch = pthread_getspecific(scratch_key);
    if (scratch) return scratch;
    void *memory = NULL;
    if (posix_memalign(&memory, 64, SCRATCH_FLOATS * sizeof(float)) || pthread_setspecific(scratch_key, memory)) {
        fputs("verifar: no memory for a thread's matrix products\n", stderr);
        abort();
    }
    openblas_set_num_threads(1);
    return memory;
}

/// Rows whose inputs are runs of consecutive floats, and the weights that they are multiplied with.
typedef struct {
    const float *inputs[BLOCK_ROWS];
    size_t rows;
    size_t run_count, run_length;
    const int32_t *run_offsets;
    const float *weights;  ///< of the first channel
    size_t weight_pitch, panel_pitch;
} row_block;

/// Copies `count` inputs of each row, from `first` on: [rows][count].
static void gather(const row_block *block, size_t first, size_t count, float *restrict gathered) {
    for (size_t row = 0; row < block->rows; row++) {
        size_t run = first / block->run_length, offset = first % block->run_length;
        for (size_t done = 0; done < count; run++, offset = 0) {
            const size_t left = block->run_length - offset;
            const size_t taken = left < count - done ? left : count - done;
            memcpy(gathered + done, block->inputs[row] + block->run_offsets[run] + offset, taken * sizeof(float));
            done += taken;
        }
        gathered += count;
    }
}

/// sums[row][channel] += inputs · weights.
static void add_products(const row_block *block, size_t channels, float *gathered, float *sums) {
    const size_t depth = block->run_count * block->run_length, width = VF_OPENBLAS_PANEL_WIDTH;
    for (size_t first = 0; first < depth; first += BLOCK_DEPTH) {
        const size_t count = depth - first < BLOCK_DEPTH ? depth - first : BLOCK_DEPTH;
        gather(block, first, count, gathered);
        for (size_t channel = 0; channel < channels; channel += width) {
            const size_t present = channels - channel < width ? channels - channel : width;
            const float *weights = block->weights + channel / width * block->panel_pitch + first * block->weight_pitch;
            if (block->rows == 1)
                // A product would copy all weights for one row.
                cblas_sgemv(CblasRowMajor, CblasTrans, (blasint)count, (blasint)present, 1, weights,
                            (blasint)block->weight_pitch, gathered, 1, 1, sums + channel, 1);
            else
                cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (blasint)block->rows, (blasint)present,
                            (blasint)count, 1, gathered, (blasint)count, weights, (blasint)block->weight_pitch, 1,
                            sums + channel, (blasint)channels);
        }
    }
}

// MARK: inference

/// Non-linearity and addend of one row of sums, from channel `first` on.
static void finish_row(const vf_epilogue *e, size_t first, const float *restrict addend, size_t channels,
                       float *restrict sums) {
    if (addend && e->activation_follows_addition)
        for (size_t c = 0; c < channels; c++) sums[c] += addend[c];
    if (e->activation == VF_ACT_PRELU) {
        // Signs are as good as random: no branch.
        const float *slope = e->slope + first;
        size_t c = 0;
        for (; c + VW <= channels; c += VW) v_store(sums + c, v_prelu(v_load(sums + c), v_load(slope + c)));
        const size_t left = channels - c;
        v_store_some(sums + c, v_prelu(v_load_some(sums + c, left), v_load_some(slope + c, left)), left);
    }
    if (e->activation == VF_ACT_CLIP) {
        const float low = e->low, high = e->high;
        for (size_t c = 0; c < channels; c++) {
            const float raised = sums[c] < low ? low : sums[c];
            sums[c] = raised > high ? high : raised;
        }
    }
    if (addend && !e->activation_follows_addition)
        for (size_t c = 0; c < channels; c++) sums[c] += addend[c];
}

void vf_dense_run_portable(const vf_dense *t) {
    float *gathered = thread_scratch(), *sums = gathered + BLOCK_ROWS * BLOCK_DEPTH;
    row_block block = {
        .run_count = t->run_count, .run_length = t->run_length, .run_offsets = t->run_offsets,
        .weight_pitch = VF_OPENBLAS_PANEL_WIDTH,
        .panel_pitch = t->run_count * t->run_length * VF_OPENBLAS_PANEL_WIDTH,
    };
    for (size_t tile = 0, last; tile < t->tile_count; tile = last) {
        block.rows = 0;
        for (last = tile; last < t->tile_count && block.rows + (size_t)t->tiles[last].count <= BLOCK_ROWS; last++)
            for (int32_t pixel = 0; pixel < t->tiles[last].count; pixel++)
                block.inputs[block.rows++] =
                    (const float *)t->input + t->tiles[last].input + (size_t)pixel * t->input_stride;
        for (size_t first = 0; first < t->channels; first += BLOCK_CHANNELS) {
            const size_t channels = t->channels - first < BLOCK_CHANNELS ? t->channels - first : BLOCK_CHANNELS;
            block.weights = (const float *)t->weights + first / VF_OPENBLAS_PANEL_WIDTH * block.panel_pitch;
            for (size_t row = 0; row < block.rows; row++)
                memcpy(sums + row * channels, t->epilogue.bias + first, channels * sizeof(float));
            add_products(&block, channels, gathered, sums);
            float *row = sums;
            for (size_t i = tile; i < last; i++) {
                for (int32_t pixel = 0; pixel < t->tiles[i].count; pixel++, row += channels) {
                    const float *addend = t->addend;
                    if (addend) addend += t->tiles[i].addend + (size_t)pixel * t->addend_stride + first;
                    finish_row(&t->epilogue, first, addend, channels, row);
                    memcpy((float *)t->output + t->tiles[i].output + (size_t)pixel * t->output_stride + first, row,
                           channels * sizeof(float));
                }
            }
        }
    }
}

// MARK: training

void vt_dense_run_portable(const vt_dense *t) {
    float *gathered = thread_scratch(), *sums = gathered + BLOCK_ROWS * BLOCK_DEPTH;
    row_block block = {
        .run_count = t->run_count, .run_length = t->run_length, .run_offsets = t->run_offsets,
        .weight_pitch = t->weight_pitch, .panel_pitch = t->panel_pitch,
    };
    float *outputs[BLOCK_ROWS];
    const size_t pixels = t->rows * t->columns;
    for (size_t pixel = 0; pixel < pixels; pixel += BLOCK_ROWS) {
        block.rows = pixels - pixel < BLOCK_ROWS ? pixels - pixel : BLOCK_ROWS;
        for (size_t i = 0; i < block.rows; i++) {
            const size_t y = (pixel + i) / t->columns, x = (pixel + i) % t->columns;
            block.inputs[i] = t->input + y * t->input_row_pitch + x * t->input_pixel_pitch;
            outputs[i] = t->output + y * t->output_row_pitch + x * t->output_pixel_pitch;
        }
        for (size_t first = 0; first < t->channels; first += BLOCK_CHANNELS) {
            const size_t channels = t->channels - first < BLOCK_CHANNELS ? t->channels - first : BLOCK_CHANNELS;
            block.weights = t->weights + first / VF_OPENBLAS_PANEL_WIDTH * t->panel_pitch;
            for (size_t i = 0; i < block.rows; i++) {
                const float *start = t->accumulates ? outputs[i] + first : t->bias ? t->bias + first : NULL;
                if (start) memcpy(sums + i * channels, start, channels * sizeof(float));
                else memset(sums + i * channels, 0, channels * sizeof(float));
            }
            add_products(&block, channels, gathered, sums);
            for (size_t i = 0; i < block.rows; i++)
                memcpy(outputs[i] + first, sums + i * channels, channels * sizeof(float));
        }
    }
}

static void add_outer(const vt_outer *t, size_t pixels, const float *left, size_t left_pitch, const float *right,
                      size_t right_pitch) {
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (blasint)t->left_count, (blasint)t->right_count, (blasint)pixels,
                1, left, (blasint)left_pitch, right, (blasint)right_pitch, 1, t->output, (blasint)t->output_pitch);
}

void vt_outer_run_portable(const vt_outer *t) {
    float *scratch = thread_scratch();
    if (t->rows == 1 && t->left_pixel_pitch >= t->left_count && t->right_pixel_pitch >= t->right_count) {
        add_outer(t, t->columns, t->left, t->left_pixel_pitch, t->right, t->right_pixel_pitch);
        return;
    }
    // Rows of few pixels, or pixels whose inputs overlap: as many as fit are copied next to each other.
    const size_t fitting = SCRATCH_FLOATS / (t->left_count + t->right_count), pixels = t->rows * t->columns;
    float *lefts = scratch, *rights = scratch + fitting * t->left_count;
    size_t copied = 0;
    for (size_t pixel = 0; pixel < pixels; pixel++) {
        const size_t y = pixel / t->columns, x = pixel % t->columns;
        const float *left = t->left + y * t->left_row_pitch + x * t->left_pixel_pitch;
        const float *right = t->right + y * t->right_row_pitch + x * t->right_pixel_pitch;
        if (fitting == 0) {
            add_outer(t, 1, left, t->left_count, right, t->right_count);
            continue;
        }
        memcpy(lefts + copied * t->left_count, left, t->left_count * sizeof(float));
        memcpy(rights + copied * t->right_count, right, t->right_count * sizeof(float));
        if (++copied < fitting && pixel + 1 < pixels) continue;
        add_outer(t, copied, lefts, t->left_count, rights, t->right_count);
        copied = 0;
    }
}
