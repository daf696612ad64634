#ifndef VERIFAR_TRAINING_H
#define VERIFAR_TRAINING_H

#include <stddef.h>
#include <stdint.h>

#include "neural.h"

/// Kernels of the training plan: single precision, channels last. They work on bands of pixels that stay in the L2 cache;
/// pitches and offsets count floats. Sums over pixels are formed in single precision within a call and added to double
/// precision; results depend on the arguments alone, never on threads.

/// Two stretches of memory that the next task will read, fetched into the second-level cache while this one computes.
typedef struct {
    const float *first;
    size_t first_lines;  ///< of 64 bytes
    const float *second;
    size_t second_lines;
} vt_ahead;

/// A dense convolution of a grid of pixels as products of gathered rows with weights.
///
/// An output's inputs are `run_count` runs of `run_length` consecutive floats, at `run_offsets` from its pixel.
typedef struct {
    const float *input;
    size_t input_row_pitch, input_pixel_pitch;
    size_t run_count, run_length;
    const int32_t *run_offsets;
    /// [panel][run_count × run_length][weight_pitch]: packed with vt_panel_width() columns, or the rows of a matrix. Readable
    /// up to whole panels.
    const float *weights;
    size_t weight_pitch, panel_pitch;
    const float *bias;  ///< NULL: none; otherwise whole panels
    size_t rows, columns, channels;
    float *output;
    size_t output_row_pitch, output_pixel_pitch;
    int accumulates;  ///< adds to what the output holds
    vt_ahead ahead;
} vt_dense;

/// Output channels per packed panel.
size_t vt_panel_width(void);
void vt_dense_run(const vt_dense *task);

/// output[m][n] += Σ over pixels of left[pixel][m] · right[pixel][n]: the gradient of a dense layer's weights.
typedef struct {
    const float *left;
    size_t left_row_pitch, left_pixel_pitch, left_count;
    const float *right;
    size_t right_row_pitch, right_pixel_pitch, right_count;
    size_t rows, columns;
    float *output;
    size_t output_pitch;
    vt_ahead ahead;
} vt_outer;

void vt_outer_run(const vt_outer *task);

/// A depthwise convolution of a grid of pixels, or one in groups of two channels in, two out (`paired`).
///
/// `weights` is [kernel_height × kernel_width][channels]; when paired [kernel_height × kernel_width][2][channels]: for each
/// output channel the weight of the input channel of its own number, then of its neighbour.
typedef struct {
    const float *input;  ///< the first tap of the first output
    size_t input_row_pitch, input_pixel_pitch;
    const float *weights;
    const float *bias;  ///< NULL: none
    float *output;
    size_t output_row_pitch, output_pixel_pitch;
    size_t rows, columns, channels;
    size_t kernel_height, kernel_width;
    size_t row_stride, column_stride;
    size_t row_dilation, column_dilation;
    int paired, accumulates;
    vt_ahead ahead;
} vt_depthwise;

void vt_depthwise_run(const vt_depthwise *task);

/// weights[tap][channel] += Σ over pixels of input[pixel at tap][channel] · gradient[pixel][channel], laid out as above.
typedef struct {
    vt_depthwise shape;  ///< input, grid, kernel and `paired` count; the rest is not read
    const float *gradient;
    size_t gradient_row_pitch, gradient_pixel_pitch;
    float *weights;
} vt_depthwise_weights;

void vt_depthwise_weights_run(const vt_depthwise_weights *task);

/// output = activation(input · scale + shift) + addend, per channel.
typedef struct {
    const float *input;
    size_t input_pitch;
    float *output;
    size_t output_pitch;
    size_t rows, channels;
    const float *scale, *shift;  ///< NULL: the input as it is
    vf_activation_kind activation;
    const float *slope;
    float low, high;
    const float *addend;  ///< NULL: none; may be the output
    size_t addend_pitch;
} vt_load;

void vt_load_run(const vt_load *task);

/// sums[0][c] += Σ (x − centre[c]), sums[1][c] += Σ (x − centre[c])².
typedef struct {
    const float *input;
    size_t input_pitch;
    size_t rows, channels;
    const float *centre;  ///< NULL: 0
    double *sums;
} vt_moments;

void vt_moments_run(const vt_moments *task);

/// Takes the gradient of a = activation(x̂ · γ + β) back to x̂ · γ + β and sums what normalisation and slopes need:
/// sums[0] += Σ g, sums[1] += Σ g · x̂, sums[2] += Σ gradient · (x̂γ + β) where that is not above 0.
typedef struct {
    float *gradient;  ///< replaced by g when there is an activation
    size_t gradient_pitch;
    const float *input;
    size_t input_pitch;
    size_t rows, channels;
    const float *scale, *shift;  ///< x̂ · γ + β = input · scale + shift
    const float *mean, *inverse;  ///< x̂ = (input − mean) · inverse
    vf_activation_kind activation;
    const float *slope;
    float low, high;
    double *sums;
} vt_normal_sums;

void vt_normal_sums_run(const vt_normal_sums *task);

/// The gradient of a normalisation's input: output = gradient · p + (input − mean) · q + r, per channel.
typedef struct {
    const float *gradient;
    size_t gradient_pitch;
    const float *input;
    size_t input_pitch;
    float *output;
    size_t output_pitch;
    size_t rows, channels;
    const float *p, *q, *r, *mean;
    int accumulates;
} vt_normal_load;

void vt_normal_load_run(const vt_normal_load *task);

/// Adds `count` arrays of `length` floats, `pitch` apart, in order: output = Σ parts.
void vt_sum_parts(const float *parts, size_t count, size_t pitch, size_t length, float *output);

/// Whether all of `count` floats are finite.
int vt_all_finite(const float *values, size_t count);

/// Zeroed memory in whole pages, large ones where the system has them; NULL when memory is short.
void *vt_pages_allocate(size_t bytes);
void vt_pages_free(void *pages, size_t bytes);

/// The number that `counter` held, which grows by one: how threads share out units of work.
static inline size_t vt_take(size_t *counter) { return __atomic_fetch_add(counter, 1, __ATOMIC_RELAXED); }

#endif
