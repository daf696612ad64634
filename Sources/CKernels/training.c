#include "training.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "dispatch.h"
#include "training_levels.h"

#if defined(__x86_64__)
#define DISPATCH(function) \
    switch (vf_isa_level()) { \
    case VF_ISA_AVX512: function##_avx512(task); return; \
    case VF_ISA_AVX2: function##_avx2(task); return; \
    default: function##_portable(task); return; \
    }
#else
#define DISPATCH(function) function##_portable(task);
#endif

size_t vt_panel_width(void) { return vf_panel_width(); }

void vt_dense_run(const vt_dense *task) { DISPATCH(vt_dense_run) }
void vt_outer_run(const vt_outer *task) { DISPATCH(vt_outer_run) }
void vt_depthwise_run(const vt_depthwise *task) { DISPATCH(vt_depthwise_run) }
void vt_depthwise_weights_run(const vt_depthwise_weights *task) { DISPATCH(vt_depthwise_weights_run) }
void vt_load_run(const vt_load *task) { DISPATCH(vt_load_run) }
void vt_moments_run(const vt_moments *task) { DISPATCH(vt_moments_run) }
void vt_normal_sums_run(const vt_normal_sums *task) { DISPATCH(vt_normal_sums_run) }
void vt_normal_load_run(const vt_normal_load *task) { DISPATCH(vt_normal_load_run) }

void vt_sum_parts(const float *parts, size_t count, size_t pitch, size_t length, float *output) {
    if (count == 0) {
        memset(output, 0, length * sizeof(float));
        return;
    }
    memcpy(output, parts, length * sizeof(float));
    for (size_t part = 1; part < count; part++) {
        const float *from = parts + part * pitch;
        for (size_t i = 0; i < length; i++) output[i] += from[i];
    }
}

int vt_all_finite(const float *values, size_t count) {
    // An exponent of all ones is an infinity or no number.
    for (size_t start = 0; start < count; start += 4096) {
        const size_t end = start + 4096 < count ? start + 4096 : count;
        uint32_t broken = 0;
        for (size_t i = start; i < end; i++) {
            uint32_t bits;
            memcpy(&bits, values + i, sizeof bits);
            broken |= (bits & 0x7f800000u) == 0x7f800000u;
        }
        if (broken) return 0;
    }
    return 1;
}

void *vt_pages_allocate(size_t bytes) {
#if defined(__linux__)
    void *pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) return NULL;
    madvise(pages, bytes, MADV_HUGEPAGE);
    return pages;
#else
    return calloc(bytes, 1);
#endif
}

void vt_pages_free(void *pages, size_t bytes) {
#if defined(__linux__)
    munmap(pages, bytes);
#else
    (void)bytes;
    free(pages);
#endif
}
