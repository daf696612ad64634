#include "simd_portable.h"
#include "training_impl.h"
