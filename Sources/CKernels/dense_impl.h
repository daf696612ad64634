// Dense convolutions, written once over the vector type `vf` of VW floats and built for each instruction set that we have
// kernels for and each combination of stored types. Included by neural_<isa>.c after simd_<isa>.h and stored_<types>.h,
// which name the types of inputs and outputs (`in_t`, `out_t`) and say how vectors of them are read and written.
// At the portable level OpenBLAS takes their place: products_openblas.c.

#include "neural_levels.h"

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
                    TILE_CASE(1) TILE_CASE(2) TILE_CASE(3) TILE_CASE(4) TILE_CASE(5) TILE_CASE(6)
#if TILE_HEIGHT >= 14
                    TILE_CASE(7) TILE_CASE(8) TILE_CASE(9) TILE_CASE(10) TILE_CASE(11) TILE_CASE(12) TILE_CASE(13)
                    TILE_CASE(14)
#endif
                }
            }
        }
    }
}
