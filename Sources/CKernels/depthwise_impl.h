// Convolutions of each channel by itself, or of pairs of channels, over the vector type and the stored types of the file
// that includes this.
//
// 3×3 kernels go block by block: some rows × columns of pixels, then the next vector of channels, so that memory is read
// in the order in which it lies. (All pixels of one vector of channels first would fall on few sets of a cache: pixels are
// a power of two apart.) A pixel's sum takes its taps in the same order in every form of block.

#include "neural_levels.h"

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

INLINE const in_t *input_at(const vf_depthwise *t, size_t row, size_t column, size_t channel) {
    return (const in_t *)t->input + row * t->row_stride * t->input_row_pitch +
           column * t->column_stride * t->input_pixel_pitch + channel;
}

INLINE out_t *output_at(const vf_depthwise *t, size_t row, size_t column, size_t channel) {
    return (out_t *)t->output + row * t->output_row_pitch + column * t->output_pixel_pitch + channel;
}

/// Non-linearity, addend and store.
INLINE void store_pixel(const vf_depthwise *t, vf x, const channel_constants *constants, size_t row, size_t column,
                        size_t channel, size_t n) {
    const vf_activation_kind kind = t->epilogue.activation;
    const out_t *d = t->addend;
    if (d) d += row * t->addend_row_pitch + column * t->addend_pixel_pitch + channel;
    if (d && t->epilogue.activation_follows_addition) x = v_add(x, n == VW ? out_load(d) : out_load_some(d, n));
    if (kind == VF_ACT_PRELU) x = v_prelu(x, constants->slope);
    if (kind == VF_ACT_CLIP) x = v_clip(x, constants->low, constants->high);
    if (d && !t->epilogue.activation_follows_addition) x = v_add(x, n == VW ? out_load(d) : out_load_some(d, n));
    out_t *c = output_at(t, row, column, channel);
    if (n == VW) out_store(c, x);
    else out_store_some(c, x, n);
}

/// One output pixel of any kernel, `n` channels.
INLINE void any_pixel(const vf_depthwise *t, const channel_constants *constants, size_t row, size_t column,
                      size_t channel, size_t n, const int paired) {
    vf sum = constants->bias;
    const in_t *in = input_at(t, row, column, channel);
    const float *w = t->weights + channel;
    for (size_t y = 0; y < t->kernel_height; y++) {
        for (size_t x = 0; x < t->kernel_width; x++) {
            const in_t *p = in + y * t->row_dilation * t->input_row_pitch + x * t->column_dilation * t->input_pixel_pitch;
            const vf value = n == VW ? in_load(p) : in_load_some(p, n);
            sum = v_fma(value, load_up_to(w, n), sum);
            w += t->weight_pitch;
            if (paired) {
                sum = v_fma(v_swap_pairs(value), load_up_to(w, n), sum);
                w += t->weight_pitch;
            }
        }
    }
    store_pixel(t, sum, constants, row, column, channel, n);
}

/// All pixels of up to a vector of channels, any kernel.
INLINE void any_block(const vf_depthwise *t, size_t channel, size_t n, const int paired) {
    const channel_constants constants = constants_of(t, channel, n);
    for (size_t row = 0; row < t->rows; row++)
        for (size_t column = 0; column < t->columns; column++)
            any_pixel(t, &constants, row, column, channel, n, paired);
}

#define UNROLL _Pragma("clang loop unroll(full)")
#define EACH_PIXEL UNROLL for (int r = 0; r < rows; r++) UNROLL for (int c = 0; c < columns; c++)

/// Non-linearity, addend and store of a block of pixels.
INLINE void store_block(const vf_depthwise *t, vf sums[2][7], const channel_constants *constants, size_t row,
                        size_t column, size_t channel, const int rows, const int columns) {
    if (t->addend) {
        EACH_PIXEL store_pixel(t, sums[r][c], constants, row + (size_t)r, column + (size_t)c, channel, VW);
        return;
    }
    if (t->epilogue.activation == VF_ACT_PRELU) { EACH_PIXEL sums[r][c] = v_prelu(sums[r][c], constants->slope); }
    if (t->epilogue.activation == VF_ACT_CLIP) {
        EACH_PIXEL sums[r][c] = v_clip(sums[r][c], constants->low, constants->high);
    }
    EACH_PIXEL out_store(output_at(t, row + (size_t)r, column + (size_t)c, channel), sums[r][c]);
}

#if IN_BF16

// bfloat16 inputs take two taps at a time (VDPBF16PS): a tap and the one below it, or the two channels of a pair.
#define DEPTHWISE_CHANNELS 16
#define PAIRED_CHANNELS 32
#define PAIRED_ROWS 1

INLINE __m512i interleaving(void) {
    return _mm512_set_epi16(47, 15, 46, 14, 45, 13, 44, 12, 43, 11, 42, 10, 41, 9, 40, 8, 39, 7, 38, 6, 37, 5, 36, 4, 35,
                            3, 34, 2, 33, 1, 32, 0);
}
/// Sixteen numbers of one row, each followed by that of another row.
INLINE __m512bh row_pairs(__m256i upper, __m256i lower) {
    return (__m512bh)_mm512_permutex2var_epi16(_mm512_castsi256_si512(upper), interleaving(),
                                               _mm512_castsi256_si512(lower));
}
INLINE __m512bh weight_pairs(const vf_depthwise *t, size_t first) {
    return (__m512bh)_mm512_loadu_si512((const bf16_t *)t->pair_weights + first);
}

INLINE void depthwise_block(const vf_depthwise *t, size_t row, size_t column, size_t channel, const size_t stride,
                            const int rows, const int columns) {
    const channel_constants constants = constants_of(t, channel, VW);
    __m512bh two[3], one[3];
    UNROLL for (size_t x = 0; x < 3; x++) {
        two[x] = weight_pairs(t, channel * 12 + x * 64);
        one[x] = weight_pairs(t, channel * 12 + x * 64 + 32);
    }
    vf sums[2][7];
    EACH_PIXEL sums[r][c] = constants.bias;
    const in_t *in = input_at(t, row, column, channel);
    UNROLL for (int x = 0; x < (columns - 1) * (int)stride + 3; x++) {
        UNROLL for (int r = 0; r < rows; r++) {
            const in_t *p = in + (size_t)r * stride * t->input_row_pitch + (size_t)x * t->input_pixel_pitch;
            const __m512bh top = row_pairs(_mm256_loadu_si256((const __m256i *)p),
                                           _mm256_loadu_si256((const __m256i *)(p + t->input_row_pitch)));
            const __m512bh bottom = (__m512bh)_mm512_cvtepu16_epi32(
                _mm256_loadu_si256((const __m256i *)(p + 2 * t->input_row_pitch)));
            UNROLL for (int c = 0; c < columns; c++) {
                const int tap = x - c * (int)stride;
                if (tap < 0 || tap > 2) continue;
                sums[r][c] = _mm512_dpbf16_ps(sums[r][c], top, two[tap]);
                sums[r][c] = _mm512_dpbf16_ps(sums[r][c], bottom, one[tap]);
            }
        }
    }
    store_block(t, sums, &constants, row, column, channel, rows, columns);
}

/// Channels of even and of odd number apart: bias and slope.
typedef struct {
    vf bias[2], slope[2];
} pair_constants;

INLINE void split_pairs(const float *p, vf *parts) {
    const __m512i even = _mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
    const vf first = v_load(p), second = v_load(p + VW);
    parts[0] = _mm512_permutex2var_ps(first, even, second);
    parts[1] = _mm512_permutex2var_ps(first, _mm512_or_si512(even, _mm512_set1_epi32(1)), second);
}

/// Even and odd channels back in their order.
INLINE void store_pairs(out_t *p, vf even, vf odd) {
#if OUT_BF16
    const __m512bh both = row_pairs((__m256i)_mm512_cvtneps_pbh(even), (__m256i)_mm512_cvtneps_pbh(odd));
    _mm512_storeu_si512(p, (__m512i)both);
#else
    const __m512i low = _mm512_set_epi32(23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    v_store(p, _mm512_permutex2var_ps(even, low, odd));
    v_store(p + VW, _mm512_permutex2var_ps(even, _mm512_add_epi32(low, _mm512_set1_epi32(8)), odd));
#endif
}

INLINE void paired_block(const vf_depthwise *t, size_t row, size_t column, size_t channel, const size_t stride,
                         const int rows, const int columns) {
    (void)rows;
    pair_constants constants;
    split_pairs(t->epilogue.bias + channel, constants.bias);
    vf sums[2][4];
    __m512bh w[9][2];
    UNROLL for (size_t tap = 0; tap < 9; tap++) {
        w[tap][0] = weight_pairs(t, channel * 18 + tap * 64);
        w[tap][1] = weight_pairs(t, channel * 18 + tap * 64 + 32);
    }
    UNROLL for (int c = 0; c < columns; c++) {
        sums[0][c] = constants.bias[0];
        sums[1][c] = constants.bias[1];
    }
    const in_t *in = input_at(t, row, column, channel);
    UNROLL for (int y = 0; y < 3; y++) {
        UNROLL for (int x = 0; x < (columns - 1) * (int)stride + 3; x++) {
            const in_t *p = in + (size_t)y * t->input_row_pitch + (size_t)x * t->input_pixel_pitch;
            const __m512bh value = (__m512bh)_mm512_loadu_si512(p);
            UNROLL for (int c = 0; c < columns; c++) {
                const int tap = x - c * (int)stride;
                if (tap < 0 || tap > 2) continue;
                sums[0][c] = _mm512_dpbf16_ps(sums[0][c], value, w[3 * y + tap][0]);
                sums[1][c] = _mm512_dpbf16_ps(sums[1][c], value, w[3 * y + tap][1]);
            }
        }
    }
    if (t->epilogue.activation == VF_ACT_PRELU) {
        split_pairs(t->epilogue.slope + channel, constants.slope);
        UNROLL for (int c = 0; c < columns; c++) UNROLL for (int i = 0; i < 2; i++) {
            sums[i][c] = v_prelu(sums[i][c], constants.slope[i]);
        }
    } else if (t->epilogue.activation == VF_ACT_CLIP) {
        const vf low = v_set(t->epilogue.low), high = v_set(t->epilogue.high);
        UNROLL for (int c = 0; c < columns; c++) UNROLL for (int i = 0; i < 2; i++) {
            sums[i][c] = v_clip(sums[i][c], low, high);
        }
    }
    UNROLL for (int c = 0; c < columns; c++) {
        store_pairs(output_at(t, row, column + (size_t)c, channel), sums[0][c], sums[1][c]);
    }
}

/// Whether blocks can do it.
INLINE int suits_blocks(const vf_depthwise *t, const int paired) { return t->pair_weights && !(paired && t->addend); }

#else

#define DEPTHWISE_CHANNELS VW
#define PAIRED_CHANNELS VW
#define PAIRED_ROWS 2

INLINE void plain_block(const vf_depthwise *t, size_t row, size_t column, size_t channel, const size_t stride,
                        const int rows, const int columns, const int paired) {
    const channel_constants constants = constants_of(t, channel, VW);
    vf w[18], sums[2][7];
    UNROLL for (size_t tap = 0; tap < (paired ? 18 : 9); tap++) w[tap] = v_load(t->weights + tap * t->weight_pitch + channel);
    EACH_PIXEL sums[r][c] = constants.bias;
    const in_t *in = input_at(t, row, column, channel);
    UNROLL for (int y = 0; y < (rows - 1) * (int)stride + 3; y++) {
        UNROLL for (int x = 0; x < (columns - 1) * (int)stride + 3; x++) {
            const vf value = in_load(in + (size_t)y * t->input_row_pitch + (size_t)x * t->input_pixel_pitch);
            const vf swapped = paired ? v_swap_pairs(value) : value;
            EACH_PIXEL {
                const int down = y - r * (int)stride, right = x - c * (int)stride;
                if (down < 0 || down > 2 || right < 0 || right > 2) continue;
                const int tap = 3 * down + right;
                sums[r][c] = v_fma(value, w[paired ? 2 * tap : tap], sums[r][c]);
                if (paired) sums[r][c] = v_fma(swapped, w[2 * tap + 1], sums[r][c]);
            }
        }
    }
    store_block(t, sums, &constants, row, column, channel, rows, columns);
}

INLINE void depthwise_block(const vf_depthwise *t, size_t row, size_t column, size_t channel, const size_t stride,
                            const int rows, const int columns) {
    plain_block(t, row, column, channel, stride, rows, columns, 0);
}

INLINE void paired_block(const vf_depthwise *t, size_t row, size_t column, size_t channel, const size_t stride,
                         const int rows, const int columns) {
    plain_block(t, row, column, channel, stride, rows, columns, 1);
}

INLINE int suits_blocks(const vf_depthwise *t, const int paired) {
    (void)t;
    (void)paired;
    return 1;
}

#endif

/// `rows` × `columns` pixels of all whole vectors of channels; both are constants wherever this is inlined.
INLINE void pixel_block(const vf_depthwise *t, size_t row, size_t column, size_t whole, const size_t stride,
                        const int rows, const int columns, const int paired) {
    if (paired) {
        for (size_t channel = 0; channel < whole; channel += PAIRED_CHANNELS)
            paired_block(t, row, column, channel, stride, rows, columns);
    } else {
        for (size_t channel = 0; channel < whole; channel += DEPTHWISE_CHANNELS)
            depthwise_block(t, row, column, channel, stride, rows, columns);
    }
}

INLINE void all_blocks(const vf_depthwise *t, size_t whole, const size_t stride, const int paired) {
    const size_t wide = paired ? 4 : 7, high = paired ? PAIRED_ROWS : 2;
    const size_t whole_rows = t->rows / high * high, whole_columns = t->columns / wide * wide;
#if IN_BF16
    for (size_t row = 0; row < whole_rows; row += high)
        for (size_t column = 0; column < whole_columns; column += wide)
            pixel_block(t, row, column, whole, stride, (int)high, (int)wide, paired);
#else
    // Strips of columns from top to bottom: rows that two blocks share are still in the first-level cache. (bfloat16
    // takes half as much of it.)
    for (size_t column = 0; column < whole_columns; column += wide)
        for (size_t row = 0; row < whole_rows; row += high)
            pixel_block(t, row, column, whole, stride, (int)high, (int)wide, paired);
#endif
    // What is left: columns at the right, then a row at the bottom.
    for (size_t row = 0; row < whole_rows; row += high)
        for (size_t column = whole_columns; column < t->columns; column++)
            pixel_block(t, row, column, whole, stride, (int)high, 1, paired);
    if (whole_rows == t->rows) return;
    for (size_t column = 0; column < whole_columns; column += wide)
        pixel_block(t, whole_rows, column, whole, stride, 1, (int)wide, paired);
    for (size_t column = whole_columns; column < t->columns; column++)
        pixel_block(t, whole_rows, column, whole, stride, 1, 1, paired);
}

INLINE void all_channels(const vf_depthwise *t, const int paired) {
    const int is3x3 = t->kernel_height == 3 && t->kernel_width == 3 && t->row_dilation == 1 && t->column_dilation == 1 &&
                      t->row_stride == t->column_stride && t->row_stride <= 2;
    const size_t step = paired ? PAIRED_CHANNELS : DEPTHWISE_CHANNELS;
    size_t channel = 0;
    if (is3x3 && suits_blocks(t, paired)) {
        channel = t->channels / step * step;
        if (t->row_stride == 1) all_blocks(t, channel, 1, paired);
        else all_blocks(t, channel, 2, paired);
    }
    for (; channel + VW <= t->channels; channel += VW) any_block(t, channel, VW, paired);
    if (channel < t->channels) any_block(t, channel, t->channels - channel, paired);
}

void NAME(vf_depthwise_run)(const vf_depthwise *t) { all_channels(t, 0); }

void NAME(vf_paired_run)(const vf_depthwise *t) { all_channels(t, 1); }
