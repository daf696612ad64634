#ifndef VERIFAR_CIMAGECODECS_H
#define VERIFAR_CIMAGECODECS_H

#include "codec_types.h"
#include "jpeg_codec.h"
#include "png_codec.h"

#endif
