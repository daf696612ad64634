#include "simd_portable.h"
#include "stored_f32.h"
#include "depthwise_impl.h"
#include "winograd_impl.h"
