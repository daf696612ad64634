// Products of matrices in training: dense convolutions and the gradients of their weights. Included by training_<isa>.c
// after training_impl.h; at the portable level OpenBLAS takes their place: products_openblas.c.

#define EACH_ROW UNROLLED for (int r = 0; r < rows; r++)

// MARK: dense

/// `rows` pixels × one panel of 2·VW channels; `rows` is a constant wherever this is inlined.
INLINE void dense_tile(const vt_dense *t, const float *in, float *out, size_t panel, const vt_ahead *ahead,
                       size_t *line, const int rows) {
    vf acc[TILE_HEIGHT][2];
    const size_t first = panel * 2 * VW;
    const size_t left = t->channels - first;
    const size_t n0 = left < VW ? left : VW, n1 = left >= 2 * VW ? VW : left - n0;
    float *c = out + first;
    const size_t pitch = t->output_pixel_pitch;
    if (t->accumulates) {
        if (left >= 2 * VW) {
            EACH_ROW {
                acc[r][0] = v_load(c + (size_t)r * pitch);
                acc[r][1] = v_load(c + (size_t)r * pitch + VW);
            }
        } else {
            EACH_ROW {
                acc[r][0] = v_load_some(c + (size_t)r * pitch, n0);
                acc[r][1] = v_load_some(c + (size_t)r * pitch + n0, n1);
            }
        }
    } else {
        const vf bias0 = t->bias ? v_load(t->bias + first) : v_set(0);
        const vf bias1 = t->bias ? v_load(t->bias + first + VW) : v_set(0);
        EACH_ROW {
            acc[r][0] = bias0;
            acc[r][1] = bias1;
        }
    }
    const float *b = t->weights + panel * t->panel_pitch;
    const size_t stride = t->input_pixel_pitch, step = t->weight_pitch;
    for (size_t i = 0; i < t->run_count; i++) {
        const float *run = in + t->run_offsets[i];
        // Four bases and one stride reach all rows without a register per row.
        const float *a0 = run, *a1 = run + 4 * stride, *a2 = run + 8 * stride, *a3 = run + 12 * stride;
        for (size_t k = 0; k < t->run_length; k++, b += step) {
            if (k % 2 == 0) fetch_ahead(ahead, line);
            const vf b0 = v_load(b), b1 = v_load(b + VW);
            EACH_ROW {
                const float *a = r < 4 ? a0 : r < 8 ? a1 : r < 12 ? a2 : a3;
                const vf x = v_set(a[(size_t)(r & 3) * stride + k]);
                acc[r][0] = v_fma(x, b0, acc[r][0]);
                acc[r][1] = v_fma(x, b1, acc[r][1]);
            }
        }
    }
    if (left >= 2 * VW) {
        EACH_ROW {
            v_store(c + (size_t)r * pitch, acc[r][0]);
            v_store(c + (size_t)r * pitch + VW, acc[r][1]);
        }
    } else {
        EACH_ROW {
            v_store_some(c + (size_t)r * pitch, acc[r][0], n0);
            v_store_some(c + (size_t)r * pitch + n0, acc[r][1], n1);
        }
    }
}

#if TILE_HEIGHT >= 14
#define BY_ROWS(n, CASE) \
    switch (n) { \
        CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8) CASE(9) CASE(10) CASE(11) CASE(12) CASE(13) \
        CASE(14) \
    }
#else
#define BY_ROWS(n, CASE) \
    switch (n) { CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) }
#endif

#define DENSE_CASE(n) \
    case n: \
        dense_tile(t, in, out, panel, &t->ahead, &line, n); \
        break;

void NAME(vt_dense_run)(const vt_dense *t) {
    const size_t panels = (t->channels + 2 * VW - 1) / (2 * VW);
    // Evenly high tiles: 16 columns are 8 + 8, not 14 + 2.
    const size_t tiles = (t->columns + TILE_HEIGHT - 1) / TILE_HEIGHT;
    size_t line = 0;
    for (size_t panel = 0; panel < panels; panel++) {
        for (size_t row = 0; row < t->rows; row++) {
            const float *in = t->input + row * t->input_row_pitch;
            float *out = t->output + row * t->output_row_pitch;
            size_t left = t->columns;
            for (size_t tile = tiles; tile > 0; tile--) {
                const size_t height = (left + tile - 1) / tile;
                BY_ROWS(height, DENSE_CASE)
                in += height * t->input_pixel_pitch;
                out += height * t->output_pixel_pitch;
                left -= height;
            }
        }
    }
}

// MARK: outer products

/// `rows` lines of the result × one panel.
INLINE void outer_tile(const vt_outer *t, size_t line, size_t first, size_t *ahead, const int isWhole,
                       const int rows) {
    vf acc[TILE_HEIGHT][2];
    const size_t left = t->right_count - first;
    const size_t n0 = left < VW ? left : VW, n1 = left >= 2 * VW ? VW : left - n0;
    EACH_ROW { acc[r][0] = acc[r][1] = v_set(0); }
    for (size_t y = 0; y < t->rows; y++) {
        const float *a = t->left + y * t->left_row_pitch + line;
        const float *b = t->right + y * t->right_row_pitch + first;
        for (size_t x = 0; x < t->columns; x++, a += t->left_pixel_pitch, b += t->right_pixel_pitch) {
            if (x % 4 == 0) fetch_ahead(&t->ahead, ahead);
            const vf b0 = isWhole ? v_load(b) : v_load_some(b, n0);
            const vf b1 = isWhole ? v_load(b + VW) : v_load_some(b + n0, n1);
            EACH_ROW {
                const vf value = v_set(a[r]);
                acc[r][0] = v_fma(value, b0, acc[r][0]);
                acc[r][1] = v_fma(value, b1, acc[r][1]);
            }
        }
    }
    EACH_ROW {
        float *c = t->output + (line + (size_t)r) * t->output_pitch + first;
        if (isWhole) {
            v_store(c, v_add(v_load(c), acc[r][0]));
            v_store(c + VW, v_add(v_load(c + VW), acc[r][1]));
        } else {
            v_store_some(c, v_add(v_load_some(c, n0), acc[r][0]), n0);
            v_store_some(c + n0, v_add(v_load_some(c + n0, n1), acc[r][1]), n1);
        }
    }
}

#define OUTER_CASE(n) \
    case n: \
        if (t->right_count - first >= 2 * VW) outer_tile(t, line, first, &ahead, 1, n); \
        else outer_tile(t, line, first, &ahead, 0, n); \
        break;

void NAME(vt_outer_run)(const vt_outer *t) {
    const size_t tiles = (t->left_count + TILE_HEIGHT - 1) / TILE_HEIGHT;
    size_t ahead = 0;
    for (size_t first = 0; first < t->right_count; first += 2 * VW) {
        size_t line = 0;
        for (size_t tile = tiles; tile > 0; tile--) {
            const size_t height = (t->left_count - line + tile - 1) / tile;
            BY_ROWS(height, OUTER_CASE)
            line += height;
        }
    }
}
