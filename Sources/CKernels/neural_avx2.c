#if defined(__x86_64__)
#include <stddef.h>
#include <stdint.h>
#include "simd_avx2.h"
#include "stored_f32.h"
#include "dense_impl.h"
#include "depthwise_impl.h"
#include "winograd_impl.h"
#pragma clang attribute pop
#endif
