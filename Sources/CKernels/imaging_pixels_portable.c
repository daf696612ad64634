// Vectors wider than the baseline's registers are split; every function that takes one is inlined.
#pragma clang diagnostic ignored "-Wpsabi"
#define LEVEL(name) name##_portable
#define LANES 8
#include "imaging_pixels_level.h"
