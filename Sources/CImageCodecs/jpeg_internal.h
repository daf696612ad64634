#ifndef VERIFAR_JPEG_INTERNAL_H
#define VERIFAR_JPEG_INTERNAL_H

#include <setjmp.h>
#include <stdio.h>

#include <jpeglib.h>

#include "jpeg_codec.h"

/// libjpeg's error manager, extended by where to jump and what happened.
typedef struct {
    struct jpeg_error_mgr base;  // first: libjpeg hands back a pointer to it
    jmp_buf jump;
    vf_codec_status status;
    vf_codec_message *message;
} vf_jpeg_errors;

/// Installs handlers that record a failure and jump; nothing is printed.
struct jpeg_error_mgr *vf_jpeg_errors_install(vf_jpeg_errors *errors);

#endif
