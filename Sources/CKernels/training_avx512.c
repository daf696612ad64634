#if defined(__x86_64__)
#include <stddef.h>
#include <stdint.h>
#include "simd_avx512.h"
#include "training_impl.h"
#include "training_products_impl.h"
#pragma clang attribute pop
#endif
