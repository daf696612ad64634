#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,bmi,bmi2"))), apply_to = function)
#define LEVEL(name) name##_avx2
#define LANES 8
#include "imaging_jpeg_level.h"
#pragma clang attribute pop
#endif
