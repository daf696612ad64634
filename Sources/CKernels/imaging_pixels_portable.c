#define LEVEL(name) name##_portable
#include "imaging_pixels_level.h"
