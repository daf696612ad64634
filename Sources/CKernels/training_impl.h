// The kernels of training.h but for products of matrices, written once over the vector type `vf` of VW floats and built for
// each instruction set. Included by training_<isa>.c after simd_<isa>.h.

#include "neural_levels.h"
#include "training_levels.h"

#define UNROLLED _Pragma("clang loop unroll(full)")

/// Lanes of all ones or all zeros.
typedef int32_t vmask __attribute__((vector_size(VW * 4)));

INLINE vf v_select(vmask mask, vf yes, vf no) { return (vf)((mask & (vmask)yes) | (~mask & (vmask)no)); }
INLINE vf v_up_to(const float *p, size_t n) { return n == VW ? v_load(p) : v_load_some(p, n); }
INLINE void v_store_up_to(float *p, vf x, size_t n) {
    if (n == VW) v_store(p, x);
    else v_store_some(p, x, n);
}

/// Asks for the next line of what the next task will read.
INLINE void fetch_ahead(const vt_ahead *ahead, size_t *line) {
    const size_t at = *line;
    if (at >= ahead->first_lines + ahead->second_lines) return;
    const char *place = at < ahead->first_lines ? (const char *)ahead->first + at * 64
                                                : (const char *)ahead->second + (at - ahead->first_lines) * 64;
    __builtin_prefetch(place, 0, 2);
    *line = at + 1;
}

// MARK: depthwise and paired

INLINE void depthwise_store(const vt_depthwise *t, float *c, vf x, size_t n) {
    if (t->accumulates) x = v_add(x, v_up_to(c, n));
    v_store_up_to(c, x, n);
}

/// One output pixel of any kernel, `n` channels.
INLINE void depthwise_pixel(const vt_depthwise *t, size_t row, size_t column, size_t channel, size_t n,
                            const int paired) {
    vf sum = t->bias ? v_up_to(t->bias + channel, n) : v_set(0);
    const float *in = t->input + row * t->row_stride * t->input_row_pitch +
                      column * t->column_stride * t->input_pixel_pitch + channel;
    const float *w = t->weights + channel;
    for (size_t y = 0; y < t->kernel_height; y++) {
        for (size_t x = 0; x < t->kernel_width; x++) {
            const float *p = in + y * t->row_dilation * t->input_row_pitch + x * t->column_dilation * t->input_pixel_pitch;
            const vf value = v_up_to(p, n);
            sum = v_fma(value, v_up_to(w, n), sum);
            w += t->channels;
            if (paired) {
                sum = v_fma(v_swap_pairs(value), v_up_to(w, n), sum);
                w += t->channels;
            }
        }
    }
    depthwise_store(t, t->output + row * t->output_row_pitch + column * t->output_pixel_pitch + channel, sum, n);
}

/// All pixels of a 3×3 kernel for one vector of channels, four pixels at a time, weights in registers.
INLINE void depthwise_3x3(const vt_depthwise *t, size_t channel, size_t *line, const size_t stride, const int paired) {
    const vf bias = t->bias ? v_load(t->bias + channel) : v_set(0);
    const int taps = paired ? 18 : 9;
    vf w[18];
    UNROLLED for (int tap = 0; tap < taps; tap++) w[tap] = v_load(t->weights + (size_t)tap * t->channels + channel);
    const size_t pitch = t->input_pixel_pitch;
    for (size_t row = 0; row < t->rows; row++) {
        const float *p = t->input + row * t->row_stride * t->input_row_pitch + channel;
        float *c = t->output + row * t->output_row_pitch + channel;
        size_t column = 0;
        for (; column + 4 <= t->columns; column += 4, p += 4 * stride * pitch) {
            UNROLLED for (int i = 0; i < 8; i++) fetch_ahead(&t->ahead, line);
            vf s[4] = {bias, bias, bias, bias};
            UNROLLED for (size_t y = 0; y < 3; y++) {
                UNROLLED for (size_t x = 0; x < 3 * stride + 3; x++) {
                    const vf value = v_load(p + y * t->input_row_pitch + x * pitch);
                    const vf swapped = paired ? v_swap_pairs(value) : value;
                    UNROLLED for (size_t j = 0; j < 4; j++) {
                        if (x < j * stride || x >= j * stride + 3) continue;
                        const size_t tap = y * 3 + x - j * stride;
                        s[j] = v_fma(value, w[paired ? 2 * tap : tap], s[j]);
                        if (paired) s[j] = v_fma(swapped, w[2 * tap + 1], s[j]);
                    }
                }
            }
            UNROLLED for (size_t j = 0; j < 4; j++)
                depthwise_store(t, c + (column + j) * t->output_pixel_pitch, s[j], VW);
        }
        for (; column < t->columns; column++) depthwise_pixel(t, row, column, channel, VW, paired);
    }
}

INLINE void depthwise_channels(const vt_depthwise *t, const int paired) {
    const int is3x3 = t->kernel_height == 3 && t->kernel_width == 3 && t->row_dilation == 1 && t->column_dilation == 1;
    size_t line = 0;
    for (size_t channel = 0; channel < t->channels; channel += VW) {
        const size_t n = t->channels - channel < VW ? t->channels - channel : VW;
        if (n == VW && is3x3 && t->column_stride == 1) depthwise_3x3(t, channel, &line, 1, paired);
        else if (n == VW && is3x3 && t->column_stride == 2) depthwise_3x3(t, channel, &line, 2, paired);
        else
            for (size_t row = 0; row < t->rows; row++)
                for (size_t column = 0; column < t->columns; column++)
                    depthwise_pixel(t, row, column, channel, n, paired);
    }
}

void NAME(vt_depthwise_run)(const vt_depthwise *t) {
    if (t->paired) depthwise_channels(t, 1);
    else depthwise_channels(t, 0);
}

INLINE void add_to(float *p, vf x, size_t n) { v_store_up_to(p, v_add(v_up_to(p, n), x), n); }

/// The taps of one row of a 3×3 kernel or, tap by tap, of any.
INLINE void depthwise_weights_row(const vt_depthwise_weights *t, size_t y, size_t firstTap, size_t channel, size_t n,
                                  const int paired, const size_t taps) {
    const vt_depthwise *s = &t->shape;
    vf own[3], other[3];
    UNROLLED for (size_t x = 0; x < taps; x++) own[x] = other[x] = v_set(0);
    for (size_t row = 0; row < s->rows; row++) {
        const float *p = s->input + (row * s->row_stride + y * s->row_dilation) * s->input_row_pitch +
                         firstTap * s->column_dilation * s->input_pixel_pitch + channel;
        const float *g = t->gradient + row * t->gradient_row_pitch + channel;
        for (size_t column = 0; column < s->columns; column++) {
            const vf gradient = v_up_to(g, n);
            const vf swapped = paired ? v_swap_pairs(gradient) : gradient;
            UNROLLED for (size_t x = 0; x < taps; x++) {
                const vf value = v_up_to(p + x * s->column_dilation * s->input_pixel_pitch, n);
                own[x] = v_fma(value, gradient, own[x]);
                // The neighbour's value times this channel's gradient, lying in the neighbour's lane.
                if (paired) other[x] = v_fma(value, swapped, other[x]);
            }
            p += s->column_stride * s->input_pixel_pitch;
            g += t->gradient_pixel_pitch;
        }
    }
    const size_t sets = paired ? 2 : 1;
    UNROLLED for (size_t x = 0; x < taps; x++) {
        float *w = t->weights + (y * s->kernel_width + firstTap + x) * sets * s->channels + channel;
        add_to(w, own[x], n);
        if (paired) add_to(w + s->channels, v_swap_pairs(other[x]), n);
    }
}

/// All nine taps of a 3×3 kernel in one walk over the pixels.
INLINE void depthwise_weights_3x3(const vt_depthwise_weights *t, size_t channel, const int paired) {
    const vt_depthwise *s = &t->shape;
    vf own[9], other[9];
    UNROLLED for (int i = 0; i < 9; i++) own[i] = other[i] = v_set(0);
    const size_t pitch = s->input_pixel_pitch;
    for (size_t row = 0; row < s->rows; row++) {
        const float *p0 = s->input + row * s->row_stride * s->input_row_pitch + channel;
        const float *p1 = p0 + s->input_row_pitch, *p2 = p1 + s->input_row_pitch;
        const float *g = t->gradient + row * t->gradient_row_pitch + channel;
        for (size_t column = 0; column < s->columns; column++, g += t->gradient_pixel_pitch) {
            const size_t at = column * s->column_stride * pitch;
            const vf gradient = v_load(g);
            const vf swapped = paired ? v_swap_pairs(gradient) : gradient;
            UNROLLED for (int x = 0; x < 3; x++) {
                const vf value0 = v_load(p0 + at + x * pitch), value1 = v_load(p1 + at + x * pitch),
                         value2 = v_load(p2 + at + x * pitch);
                own[x] = v_fma(value0, gradient, own[x]);
                own[3 + x] = v_fma(value1, gradient, own[3 + x]);
                own[6 + x] = v_fma(value2, gradient, own[6 + x]);
                if (paired) {
                    other[x] = v_fma(value0, swapped, other[x]);
                    other[3 + x] = v_fma(value1, swapped, other[3 + x]);
                    other[6 + x] = v_fma(value2, swapped, other[6 + x]);
                }
            }
        }
    }
    const size_t sets = paired ? 2 : 1;
    UNROLLED for (int i = 0; i < 9; i++) {
        float *w = t->weights + (size_t)i * sets * s->channels + channel;
        add_to(w, own[i], VW);
        if (paired) add_to(w + s->channels, v_swap_pairs(other[i]), VW);
    }
}

INLINE void depthwise_weights_channels(const vt_depthwise_weights *t, const int paired) {
    const vt_depthwise *s = &t->shape;
    const int is3x3 = s->kernel_height == 3 && s->kernel_width == 3 && s->row_dilation == 1 && s->column_dilation == 1;
    for (size_t channel = 0; channel < s->channels; channel += VW) {
        const size_t n = s->channels - channel < VW ? s->channels - channel : VW;
        if (n == VW && is3x3) {
            depthwise_weights_3x3(t, channel, paired);
            continue;
        }
        for (size_t y = 0; y < s->kernel_height; y++)
            for (size_t x = 0; x < s->kernel_width; x++) depthwise_weights_row(t, y, x, channel, n, paired, 1);
    }
}

void NAME(vt_depthwise_weights_run)(const vt_depthwise_weights *t) {
    if (t->shape.paired) depthwise_weights_channels(t, 1);
    else depthwise_weights_channels(t, 0);
}

// MARK: pointwise

/// One vector of channels of one row; `affine` and `kind` are constants wherever this is inlined.
INLINE void load_vector(const vt_load *t, const float *in, const float *addend, float *out, size_t channel, size_t n,
                        const int affine, const vf_activation_kind kind) {
    vf x = v_up_to(in + channel, n);
    if (affine) x = v_fma(x, v_up_to(t->scale + channel, n), v_up_to(t->shift + channel, n));
    if (kind == VF_ACT_PRELU) x = v_prelu(x, v_up_to(t->slope + channel, n));
    if (kind == VF_ACT_CLIP) x = v_clip(x, v_set(t->low), v_set(t->high));
    if (addend) x = v_add(x, v_up_to(addend + channel, n));
    v_store_up_to(out + channel, x, n);
}

INLINE void load_rows(const vt_load *t, const int affine, const vf_activation_kind kind) {
    // In the order of memory, for the machine's prefetching; the constants stay in the first-level cache.
    for (size_t row = 0; row < t->rows; row++) {
        const float *in = t->input + row * t->input_pitch;
        const float *addend = t->addend ? t->addend + row * t->addend_pitch : NULL;
        float *out = t->output + row * t->output_pitch;
        size_t channel = 0;
        for (; channel + VW <= t->channels; channel += VW) load_vector(t, in, addend, out, channel, VW, affine, kind);
        if (channel < t->channels) load_vector(t, in, addend, out, channel, t->channels - channel, affine, kind);
    }
}

void NAME(vt_load_run)(const vt_load *t) {
    const int affine = t->scale != NULL;
    if (affine && t->activation == VF_ACT_PRELU) load_rows(t, 1, VF_ACT_PRELU);
    else if (affine && t->activation == VF_ACT_CLIP) load_rows(t, 1, VF_ACT_CLIP);
    else if (affine) load_rows(t, 1, VF_ACT_NONE);
    else if (t->activation == VF_ACT_PRELU) load_rows(t, 0, VF_ACT_PRELU);
    else if (t->activation == VF_ACT_CLIP) load_rows(t, 0, VF_ACT_CLIP);
    else load_rows(t, 0, VF_ACT_NONE);
}

/// Rows that are summed in single precision before they join the sums in double precision.
#define SUMMED_ROWS 512

INLINE void add_lanes(double *sums, vf x, size_t n) {
    float lanes[VW];
    v_store(lanes, x);
    for (size_t i = 0; i < n; i++) sums[i] += (double)lanes[i];
}

INLINE void moments_block(const vt_moments *t, size_t first, size_t rows, size_t channel, size_t n) {
    const vf centre = t->centre ? v_up_to(t->centre + channel, n) : v_set(0);
    vf sum[2] = {v_set(0), v_set(0)}, square[2] = {v_set(0), v_set(0)};
    const float *p = t->input + first * t->input_pitch + channel;
    size_t r = 0;
    for (; r + 2 <= rows; r += 2, p += 2 * t->input_pitch) {
        UNROLLED for (int i = 0; i < 2; i++) {
            const vf x = v_sub(v_up_to(p + (size_t)i * t->input_pitch, n), centre);
            sum[i] = v_add(sum[i], x);
            square[i] = v_fma(x, x, square[i]);
        }
    }
    if (r < rows) {
        const vf x = v_sub(v_up_to(p, n), centre);
        sum[0] = v_add(sum[0], x);
        square[0] = v_fma(x, x, square[0]);
    }
    add_lanes(t->sums + channel, v_add(sum[0], sum[1]), n);
    add_lanes(t->sums + t->channels + channel, v_add(square[0], square[1]), n);
}

void NAME(vt_moments_run)(const vt_moments *t) {
    for (size_t row = 0; row < t->rows; row += SUMMED_ROWS) {
        const size_t rows = t->rows - row < SUMMED_ROWS ? t->rows - row : SUMMED_ROWS;
        size_t channel = 0;
        for (; channel + VW <= t->channels; channel += VW) moments_block(t, row, rows, channel, VW);
        if (channel < t->channels) moments_block(t, row, rows, channel, t->channels - channel);
    }
}

INLINE void normal_sums_block(const vt_normal_sums *t, size_t first, size_t rows, size_t channel, size_t n,
                              const vf_activation_kind kind) {
    const vf scale = v_up_to(t->scale + channel, n), shift = v_up_to(t->shift + channel, n);
    const vf mean = v_up_to(t->mean + channel, n), inverse = v_up_to(t->inverse + channel, n);
    const vf slope = kind == VF_ACT_PRELU ? v_up_to(t->slope + channel, n) : v_set(0);
    const vf low = v_set(t->low), high = v_set(t->high), zero = v_set(0);
    vf sum = zero, product = zero, slopes = zero;
    float *p = t->gradient + first * t->gradient_pitch + channel;
    const float *q = t->input + first * t->input_pitch + channel;
    for (size_t r = 0; r < rows; r++, p += t->gradient_pitch, q += t->input_pitch) {
        vf g = v_up_to(p, n);
        const vf x = v_up_to(q, n);
        if (kind != VF_ACT_NONE) {
            const vf z = v_fma(x, scale, shift);
            if (kind == VF_ACT_PRELU) {
                const vmask isAbove = (vmask)(z > zero);
                slopes = v_add(slopes, v_select(isAbove, zero, z * g));
                g = v_select(isAbove, g, g * slope);
            } else {
                g = v_select((vmask)(z > low) & (vmask)(z < high), g, zero);
            }
            v_store_up_to(p, g, n);
        }
        sum = v_add(sum, g);
        product = v_fma(g, v_sub(x, mean), product);
    }
    add_lanes(t->sums + channel, sum, n);
    add_lanes(t->sums + t->channels + channel, product * inverse, n);
    if (kind == VF_ACT_PRELU) add_lanes(t->sums + 2 * t->channels + channel, slopes, n);
}

INLINE void normal_sums_rows(const vt_normal_sums *t, const vf_activation_kind kind) {
    for (size_t row = 0; row < t->rows; row += SUMMED_ROWS) {
        const size_t rows = t->rows - row < SUMMED_ROWS ? t->rows - row : SUMMED_ROWS;
        size_t channel = 0;
        for (; channel + VW <= t->channels; channel += VW) normal_sums_block(t, row, rows, channel, VW, kind);
        if (channel < t->channels) normal_sums_block(t, row, rows, channel, t->channels - channel, kind);
    }
}

void NAME(vt_normal_sums_run)(const vt_normal_sums *t) {
    if (t->activation == VF_ACT_PRELU) normal_sums_rows(t, VF_ACT_PRELU);
    else if (t->activation == VF_ACT_CLIP) normal_sums_rows(t, VF_ACT_CLIP);
    else normal_sums_rows(t, VF_ACT_NONE);
}

INLINE void normal_load_vector(const vt_normal_load *t, size_t row, size_t channel, size_t n) {
    const vf g = v_up_to(t->gradient + row * t->gradient_pitch + channel, n);
    const vf x = v_sub(v_up_to(t->input + row * t->input_pitch + channel, n), v_up_to(t->mean + channel, n));
    vf y = v_fma(x, v_up_to(t->q + channel, n), v_up_to(t->r + channel, n));
    y = v_fma(g, v_up_to(t->p + channel, n), y);
    float *c = t->output + row * t->output_pitch + channel;
    if (t->accumulates) y = v_add(y, v_up_to(c, n));
    v_store_up_to(c, y, n);
}

void NAME(vt_normal_load_run)(const vt_normal_load *t) {
    for (size_t row = 0; row < t->rows; row++) {
        size_t channel = 0;
        for (; channel + VW <= t->channels; channel += VW) normal_load_vector(t, row, channel, VW);
        if (channel < t->channels) normal_load_vector(t, row, channel, t->channels - channel);
    }
}
