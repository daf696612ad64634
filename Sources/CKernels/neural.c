#include "neural.h"

#include "dispatch.h"
#include "neural_levels.h"

#if defined(__x86_64__)
#include <xmmintrin.h>
#define DISPATCH(function, task) \
    switch (vf_isa_level()) { \
    case VF_ISA_AVX512: function##_avx512(task); return; \
    case VF_ISA_AVX2: function##_avx2(task); return; \
    default: function##_portable(task); return; \
    }
#else
#define DISPATCH(function, task) function##_portable(task);
#endif

size_t vf_panel_width(void) {
    switch (vf_isa_level()) {
    case VF_ISA_AVX512: return 32;
    case VF_ISA_AVX2: return 16;
    default: return VF_OPENBLAS_PANEL_WIDTH;
    }
}

size_t vf_tile_height(void) {
    switch (vf_isa_level()) {
    case VF_ISA_AVX512: return 14;
    case VF_ISA_AVX2: return 6;
    default: return VF_OPENBLAS_ROWS;
    }
}

int vf_sums_depend_on_task(void) { return vf_isa_level() == VF_ISA_PORTABLE; }

#if defined(__x86_64__)
#define STORED(function, task) \
    if (task->input_type == VF_BF16 && task->output_type == VF_BF16) { function##_bf16_bf16(task); return; } \
    if (task->input_type == VF_BF16) { function##_bf16_f32(task); return; } \
    if (task->output_type == VF_BF16) { function##_f32_bf16(task); return; }
#else
#define STORED(function, task)
#endif

void vf_dense_run(const vf_dense *task) {
    STORED(vf_dense_run, task)
    DISPATCH(vf_dense_run, task)
}
void vf_depthwise_run(const vf_depthwise *task) {
    STORED(vf_depthwise_run, task)
    DISPATCH(vf_depthwise_run, task)
}
void vf_paired_run(const vf_depthwise *task) {
    STORED(vf_paired_run, task)
    DISPATCH(vf_paired_run, task)
}
void vf_round_to_bf16(const float *source, uint16_t *target, size_t count) {
#if defined(__x86_64__)
    vf_round_to_bf16_f32_bf16(source, target, count);
#else
    (void)source, (void)target, (void)count;
#endif
}
void vf_winograd_input_run(const vf_winograd_input *task) { DISPATCH(vf_winograd_input_run, task) }
void vf_winograd_output_run(const vf_winograd_output *task) { DISPATCH(vf_winograd_output_run, task) }

#if defined(__x86_64__)
unsigned vf_denormals_flush(void) {
    unsigned saved = _mm_getcsr();
    _mm_setcsr(saved | 0x8040);  // flush to zero, denormals are zero
    return saved;
}
void vf_denormals_restore(unsigned saved) { _mm_setcsr(saved); }
#else
unsigned vf_denormals_flush(void) { return 0; }
void vf_denormals_restore(unsigned saved) { (void)saved; }
#endif
