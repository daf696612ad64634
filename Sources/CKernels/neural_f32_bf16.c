#if defined(__x86_64__)
#include <stddef.h>
#include <stdint.h>
#define SIMD_TARGET "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,fma"
#define SIMD_SUFFIX f32_bf16
#define IN_BF16 0
#define OUT_BF16 1
#include "simd_avx512.h"
#include "stored_bf16.h"
#include "dense_impl.h"
#include "depthwise_impl.h"
void vf_round_to_bf16_f32_bf16(const float *source, uint16_t *target, size_t count) {
    size_t i = 0;
    for (; i + VW <= count; i += VW) out_store(target + i, in_load(source + i));
    if (i < count) out_store_some(target + i, in_load_some(source + i, count - i), count - i);
}
#pragma clang attribute pop
#endif
