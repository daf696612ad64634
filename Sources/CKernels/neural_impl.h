// The kernels of neural.h, written once over the vector type `vf` of VW floats and built for each instruction set and
// each combination of stored types. Included by neural_<isa>.c after simd_<isa>.h and stored_<types>.h, which name the
// types of inputs and outputs (`in_t`, `out_t`) and say how vectors of them are read and written.

#include "neural_levels.h"

#define CONCAT2(a, b) a##_##b
#define CONCAT(a, b) CONCAT2(a, b)
#define NAME(base) CONCAT(base, SIMD_SUFFIX)

// MARK: dense

// Every loop over rows is unrolled in full: an accumulator that is indexed by a variable would live in memory.
#define EACH_ROW _Pragma("clang loop unroll(full)") for (int r = 0; r < rows; r++)

INLINE void add_rows(const vf_dense *t, const vf_tile *tile, size_t first, vf acc[TILE_HEIGHT][2], const int rows) {
    const out_t *d = (const out_t *)t->addend + tile->addend + first;
    const size_t left = t->channels - first;
    if (left >= 2 * VW) {
        EACH_ROW {
            acc[r][0] = v_add(acc[r][0], out_load(d + (size_t)r * t->addend_stride));
            acc[r][1] = v_add(acc[r][1], out_load(d + (size_t)r * t->addend_stride + VW));
        }
        return;
    }
    const size_t n0 = left < VW ? left : VW, n1 = left - n0;
    EACH_ROW {
        acc[r][0] = v_add(acc[r][0], out_load_some(d + (size_t)r * t->addend_stride, n0));
        acc[r][1] = v_add(acc[r][1], out_load_some(d + (size_t)r * t->addend_stride + n0, n1));
    }
}

/// Non-linearity, addend and store of one tile's sums.
INLINE void finish_tile(const vf_dense *t, const vf_tile *tile, size_t first, vf acc[TILE_HEIGHT][2], const int rows) {
    const vf_epilogue *e = &t->epilogue;
    if (t->addend && e->activation_follows_addition) add_rows(t, tile, first, acc, rows);
    if (e->activation == VF_ACT_PRELU) {
        const vf slope0 = v_load(e->slope + first), slope1 = v_load(e->slope + first + VW);
        EACH_ROW {
            acc[r][0] = v_prelu(acc[r][0], slope0);
            acc[r][1] = v_prelu(acc[r][1], slope1);
        }
    } else if (e->activation == VF_ACT_CLIP) {
        const vf low = v_set(e->low), high = v_set(e->high);
        EACH_ROW {
            acc[r][0] = v_clip(acc[r][0], low, high);
            acc[r][1] = v_clip(acc[r][1], low, high);
        }
    }
    if (t->addend && !e->activation_follows_addition) add_rows(t, tile, first, acc, rows);
    out_t *c = (out_t *)t->output + tile->output + first;
    const size_t left = t->channels - first;
    if (left >= 2 * VW) {
        EACH_ROW {
            out_store(c + (size_t)r * t->output_stride, acc[r][0]);
            out_store(c + (size_t)r * t->output_stride + VW, acc[r][1]);
        }
        return;
    }
    const size_t n0 = left < VW ? left : VW, n1 = left - n0;
    EACH_ROW {
        out_store_some(c + (size_t)r * t->output_stride, acc[r][0], n0);
        out_store_some(c + (size_t)r * t->output_stride + n0, acc[r][1], n1);
    }
}

/// `rows` pixels × one panel of 2·VW channels; `rows` is a constant wherever this is inlined.
INLINE void tile_panel(const vf_dense *t, const vf_tile *tile, size_t panel, const int rows) {
    vf acc[TILE_HEIGHT][2];
    const size_t first = panel * 2 * VW;
    const vf bias0 = v_load(t->epilogue.bias + first), bias1 = v_load(t->epilogue.bias + first + VW);
    EACH_ROW {
        acc[r][0] = bias0;
        acc[r][1] = bias1;
    }

    // A step takes one input of each row, or a pair of half-precision ones; a row of weights is as wide as it needs.
    const weight_t *b = (const weight_t *)t->weights + panel * (t->run_count * t->run_length * 2 * VW);
    const size_t stride = t->input_stride;
    for (size_t i = 0; i < t->run_count; i++) {
        const in_t *run = (const in_t *)t->input + tile->input + t->run_offsets[i];
        // Four bases and one stride reach all rows without a register per row.
        const in_t *a0 = run, *a1 = run + 4 * stride, *a2 = run + 8 * stride, *a3 = run + 12 * stride;
        for (size_t k = 0; k < t->run_length; k += STEP, b += STEP * 2 * VW) {
            const step_v b0 = step_load(b), b1 = step_load(b + STEP * VW);
            EACH_ROW {
                const in_t *a = r < 4 ? a0 : r < 8 ? a1 : r < 12 ? a2 : a3;
                const step_v x = step_set(a + (size_t)(r & 3) * stride + k);
                acc[r][0] = step_fma(x, b0, acc[r][0]);
                acc[r][1] = step_fma(x, b1, acc[r][1]);
            }
        }
    }

    finish_tile(t, tile, first, acc, rows);
}

#define TILE_CASE(n) \
    case n: \
        tile_panel(t, tile, panel, n); \
        break;

void NAME(vf_dense_run)(const vf_dense *t) {
    const size_t panels = (t->channels + 2 * VW - 1) / (2 * VW);
    for (size_t block = 0; block < t->tile_count; block += t->tiles_per_block) {
        const size_t left = t->tile_count - block;
        const size_t tiles = left < t->tiles_per_block ? left : t->tiles_per_block;
        for (size_t panel = 0; panel < panels; panel++) {
            for (size_t i = 0; i < tiles; i++) {
                const vf_tile *tile = t->tiles + block + i;
                switch (tile->count) {
                    TILE_CASE(1) TILE_CASE(2) TILE_CASE(3) TILE_CASE(4)
#if TILE_HEIGHT >= 6
                    TILE_CASE(5) TILE_CASE(6)
#endif
#if TILE_HEIGHT >= 14
                    TILE_CASE(7) TILE_CASE(8) TILE_CASE(9) TILE_CASE(10) TILE_CASE(11) TILE_CASE(12) TILE_CASE(13)
                    TILE_CASE(14)
#endif
                }
            }
        }
    }
}

// MARK: depthwise and paired

/// What one vector of channels needs besides its weights.
typedef struct {
    vf bias, slope, low, high;
} channel_constants;

/// Parameters are single precision whatever the values are.
INLINE vf load_up_to(const float *p, size_t n) { return n == VW ? v_load(p) : v_load_some(p, n); }

INLINE channel_constants constants_of(const vf_depthwise *t, size_t channel, size_t n) {
    channel_constants constants;
    constants.bias = load_up_to(t->epilogue.bias + channel, n);
    constants.slope = t->epilogue.slope ? load_up_to(t->epilogue.slope + channel, n) : constants.bias;
    constants.low = v_set(t->epilogue.low);
    constants.high = v_set(t->epilogue.high);
    return constants;
}

/// `kind` is a constant wherever this is inlined.
INLINE void store_pixel(const vf_depthwise *t, vf x, const channel_constants *constants, size_t row, size_t column,
                        size_t channel, size_t n, const vf_activation_kind kind) {
    const out_t *d = t->addend;
    if (d) d += row * t->addend_row_pitch + column * t->addend_pixel_pitch + channel;
    if (d && t->epilogue.activation_follows_addition) x = v_add(x, n == VW ? out_load(d) : out_load_some(d, n));
    if (kind == VF_ACT_PRELU) x = v_prelu(x, constants->slope);
    if (kind == VF_ACT_CLIP) x = v_clip(x, constants->low, constants->high);
    if (d && !t->epilogue.activation_follows_addition) x = v_add(x, n == VW ? out_load(d) : out_load_some(d, n));
    out_t *c = (out_t *)t->output + row * t->output_row_pitch + column * t->output_pixel_pitch + channel;
    if (n == VW) out_store(c, x);
    else out_store_some(c, x, n);
}

/// One output pixel of any kernel, `n` channels.
INLINE void any_pixel(const vf_depthwise *t, const channel_constants *constants, size_t row, size_t column,
                      size_t channel, size_t n, const int paired, const vf_activation_kind kind) {
    vf sum = constants->bias;
    const in_t *in = (const in_t *)t->input + row * t->row_stride * t->input_row_pitch +
                      column * t->column_stride * t->input_pixel_pitch + channel;
    const float *w = t->weights + channel;
    for (size_t y = 0; y < t->kernel_height; y++) {
        for (size_t x = 0; x < t->kernel_width; x++) {
            const in_t *p = in + y * t->row_dilation * t->input_row_pitch + x * t->column_dilation * t->input_pixel_pitch;
            const vf value = n == VW ? in_load(p) : in_load_some(p, n);
            sum = v_fma(value, load_up_to(w, n), sum);
            w += t->channels;
            if (paired) {
                sum = v_fma(v_swap_pairs(value), load_up_to(w, n), sum);
                w += t->channels;
            }
        }
    }
    store_pixel(t, sum, constants, row, column, channel, n, kind);
}

/// A row of a 3×3 kernel, four pixels at a time, weights in registers (with two per tap when paired).
INLINE void row_of_3x3(const vf_depthwise *t, const vf *w, const channel_constants *constants, size_t row,
                       size_t channel, const size_t stride, const int paired, const vf_activation_kind kind) {
    const in_t *p = (const in_t *)t->input + row * t->row_stride * t->input_row_pitch + channel;
    const size_t pitch = t->input_pixel_pitch;
    size_t column = 0;
    for (; column + 4 <= t->columns; column += 4, p += 4 * stride * pitch) {
        vf s[4] = {constants->bias, constants->bias, constants->bias, constants->bias};
#pragma clang loop unroll(full)
        for (size_t y = 0; y < 3; y++) {
#pragma clang loop unroll(full)
            for (size_t x = 0; x < 3 * stride + 3; x++) {
                const vf value = in_load(p + y * t->input_row_pitch + x * pitch);
                const vf swapped = paired ? v_swap_pairs(value) : value;
#pragma clang loop unroll(full)
                for (size_t j = 0; j < 4; j++) {
                    if (x < j * stride || x >= j * stride + 3) continue;
                    const size_t tap = y * 3 + x - j * stride;
                    s[j] = v_fma(value, w[paired ? 2 * tap : tap], s[j]);
                    if (paired) s[j] = v_fma(swapped, w[2 * tap + 1], s[j]);
                }
            }
        }
#pragma clang loop unroll(full)
        for (size_t j = 0; j < 4; j++) store_pixel(t, s[j], constants, row, column + j, channel, VW, kind);
    }
    for (; column < t->columns; column++) any_pixel(t, constants, row, column, channel, VW, paired, kind);
}

/// All rows of one vector of channels.
INLINE void channel_block(const vf_depthwise *t, size_t channel, const size_t stride, const int paired,
                          const vf_activation_kind kind) {
    const channel_constants constants = constants_of(t, channel, VW);
    const int taps = paired ? 18 : 9;
    vf w[18];
#pragma clang loop unroll(full)
    for (int tap = 0; tap < taps; tap++) w[tap] = v_load(t->weights + (size_t)tap * t->channels + channel);
    for (size_t row = 0; row < t->rows; row++) row_of_3x3(t, w, &constants, row, channel, stride, paired, kind);
}

/// All rows of up to a vector of channels, any kernel.
INLINE void any_block(const vf_depthwise *t, size_t channel, size_t n, const int paired,
                      const vf_activation_kind kind) {
    const channel_constants constants = constants_of(t, channel, n);
    for (size_t row = 0; row < t->rows; row++)
        for (size_t column = 0; column < t->columns; column++)
            any_pixel(t, &constants, row, column, channel, n, paired, kind);
}

INLINE void all_channels(const vf_depthwise *t, const int paired, const vf_activation_kind kind) {
    const int is3x3 = t->kernel_height == 3 && t->kernel_width == 3 && t->row_dilation == 1 && t->column_dilation == 1;
    size_t channel = 0;
    for (; channel + VW <= t->channels; channel += VW) {
        if (is3x3 && t->column_stride == 1) channel_block(t, channel, 1, paired, kind);
        else if (is3x3 && t->column_stride == 2) channel_block(t, channel, 2, paired, kind);
        else any_block(t, channel, VW, paired, kind);
    }
    if (channel < t->channels) any_block(t, channel, t->channels - channel, paired, kind);
}

#define BY_KIND(paired) \
    switch (t->epilogue.activation) { \
    case VF_ACT_NONE: all_channels(t, paired, VF_ACT_NONE); break; \
    case VF_ACT_CLIP: all_channels(t, paired, VF_ACT_CLIP); break; \
    case VF_ACT_PRELU: all_channels(t, paired, VF_ACT_PRELU); break; \
    }

void NAME(vf_depthwise_run)(const vf_depthwise *t) { BY_KIND(0) }

void NAME(vf_paired_run)(const vf_depthwise *t) { BY_KIND(1) }
