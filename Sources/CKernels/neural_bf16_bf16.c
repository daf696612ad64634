#if defined(__x86_64__)
#include <stddef.h>
#include <stdint.h>
#define SIMD_TARGET "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,fma"
#define SIMD_SUFFIX bf16_bf16
#define IN_BF16 1
#define OUT_BF16 1
#include "simd_avx512.h"
#include "stored_bf16.h"
#include "dense_impl.h"
#include "depthwise_impl.h"
#pragma clang attribute pop
#endif
