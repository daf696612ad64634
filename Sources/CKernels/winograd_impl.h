// The transforms of Winograd's F(4×4, 3×3), over the vector type of the instruction set; included by neural_<isa>.c.

/// Bᵀ along one axis: six values, `step` vectors apart, to six.
INLINE void input_axis(const vf *x, vf *y, const size_t step_in, const size_t step_out) {
    const vf two = v_set(2), four = v_set(4), minus5 = v_set(-5), minus2 = v_set(-2), minus4 = v_set(-4);
    const vf x0 = x[0], x1 = x[step_in], x2 = x[2 * step_in], x3 = x[3 * step_in], x4 = x[4 * step_in],
             x5 = x[5 * step_in];
    const vf even = v_fma(minus4, x2, x4), odd = v_fma(minus4, x1, x3);
    const vf difference42 = v_sub(x4, x2), difference31 = v_sub(x3, x1);
    y[0] = v_fma(four, x0, v_fma(minus5, x2, x4));
    y[step_out] = v_add(even, odd);
    y[2 * step_out] = v_sub(even, odd);
    y[3 * step_out] = v_fma(two, difference31, difference42);
    y[4 * step_out] = v_fma(minus2, difference31, difference42);
    y[5 * step_out] = v_fma(four, x1, v_fma(minus5, x3, x5));
}

/// Aᵀ along one axis: six values to four.
INLINE void output_axis(const vf *x, vf *y, const size_t step_in, const size_t step_out) {
    const vf two = v_set(2), four = v_set(4), eight = v_set(8);
    const vf x0 = x[0], x1 = x[step_in], x2 = x[2 * step_in], x3 = x[3 * step_in], x4 = x[4 * step_in],
             x5 = x[5 * step_in];
    const vf sum12 = v_add(x1, x2), difference12 = v_sub(x1, x2), sum34 = v_add(x3, x4), difference34 = v_sub(x3, x4);
    y[0] = v_add(v_add(x0, sum12), sum34);
    y[step_out] = v_fma(two, difference34, difference12);
    y[2 * step_out] = v_fma(four, sum34, sum12);
    y[3 * step_out] = v_add(v_fma(eight, difference34, difference12), x5);
}

INLINE void input_patch(const vf_winograd_input *t, const float *patch, float *target, size_t plane, size_t n) {
    vf rows[36], d[36];
#pragma clang loop unroll(full)
    for (size_t y = 0; y < 6; y++) {
        vf line[6];
#pragma clang loop unroll(full)
        for (size_t x = 0; x < 6; x++)
            line[x] = load_up_to(patch + y * t->input_row_pitch + x * t->input_pixel_pitch, n);
        input_axis(line, rows + 6 * y, 1, 1);
    }
#pragma clang loop unroll(full)
    for (size_t x = 0; x < 6; x++) input_axis(rows + x, d + x, 6, 6);
#pragma clang loop unroll(full)
    for (size_t i = 0; i < 36; i++) {
        if (n == VW) v_store(target + i * plane, d[i]);
        else v_store_some(target + i * plane, d[i], n);
    }
}

void NAME(vf_winograd_input_run)(const vf_winograd_input *t) {
    const size_t plane = t->plane;
    for (size_t block = 0; block < t->block_count; block++) {
        const float *patch = t->input + t->blocks[block].input;
        float *target = t->transformed + block * t->channels;
        size_t channel = 0;
        for (; channel + VW <= t->channels; channel += VW) input_patch(t, patch + channel, target + channel, plane, VW);
        if (channel < t->channels) input_patch(t, patch + channel, target + channel, plane, t->channels - channel);
    }
}

INLINE void output_block(const vf_winograd_output *t, const vf_winograd_block *block, const float *source, size_t plane,
                         size_t channel, size_t n, const vf_activation_kind kind) {
    vf m[36], rows[24], y[16];
#pragma clang loop unroll(full)
    for (size_t i = 0; i < 36; i++) m[i] = load_up_to(source + i * plane, n);
#pragma clang loop unroll(full)
    for (size_t row = 0; row < 6; row++) output_axis(m + 6 * row, rows + 4 * row, 1, 1);
#pragma clang loop unroll(full)
    for (size_t x = 0; x < 4; x++) output_axis(rows + x, y + x, 4, 4);
    const vf bias = load_up_to(t->epilogue.bias + channel, n);
    const vf slope = kind == VF_ACT_PRELU ? load_up_to(t->epilogue.slope + channel, n) : bias;
    const vf low = v_set(t->epilogue.low), high = v_set(t->epilogue.high);
#pragma clang loop unroll(full)
    for (size_t row = 0; row < 4; row++) {
        if (row >= (size_t)block->rows) break;
#pragma clang loop unroll(full)
        for (size_t column = 0; column < 4; column++) {
            if (column >= (size_t)block->columns) break;
            vf x = v_add(y[4 * row + column], bias);
            const float *d = t->addend;
            if (d) d += block->addend + row * t->addend_row_pitch + column * t->addend_pixel_pitch + channel;
            if (d && t->epilogue.activation_follows_addition) x = v_add(x, load_up_to(d, n));
            if (kind == VF_ACT_PRELU) x = v_prelu(x, slope);
            if (kind == VF_ACT_CLIP) x = v_clip(x, low, high);
            if (d && !t->epilogue.activation_follows_addition) x = v_add(x, load_up_to(d, n));
            float *c = t->output + block->output + row * t->output_row_pitch + column * t->output_pixel_pitch + channel;
            if (n == VW) v_store(c, x);
            else v_store_some(c, x, n);
        }
    }
}

INLINE void output_blocks(const vf_winograd_output *t, const vf_activation_kind kind) {
    const size_t plane = t->plane;
    for (size_t block = 0; block < t->block_count; block++) {
        const float *source = t->products + block * t->channels;
        size_t channel = 0;
        for (; channel + VW <= t->channels; channel += VW)
            output_block(t, t->blocks + block, source + channel, plane, channel, VW, kind);
        if (channel < t->channels)
            output_block(t, t->blocks + block, source + channel, plane, channel, t->channels - channel, kind);
    }
}

void NAME(vf_winograd_output_run)(const vf_winograd_output *t) {
    switch (t->epilogue.activation) {
    case VF_ACT_NONE: output_blocks(t, VF_ACT_NONE); break;
    case VF_ACT_CLIP: output_blocks(t, VF_ACT_CLIP); break;
    case VF_ACT_PRELU: output_blocks(t, VF_ACT_PRELU); break;
    }
}
