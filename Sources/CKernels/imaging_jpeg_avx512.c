#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,bmi,bmi2"))), \
                             apply_to = function)
#define LEVEL(name) name##_avx512
#define LANES 16
#include "imaging_jpeg_level.h"
#pragma clang attribute pop
#endif
