#include "simd_portable.h"
#include "neural_impl.h"
#include "winograd_impl.h"
