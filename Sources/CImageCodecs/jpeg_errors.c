#include "jpeg_internal.h"

#include <jerror.h>

static vf_codec_status status_of(int code) {
    switch (code) {
    case JWRN_HIT_MARKER:
    case JWRN_JPEG_EOF:
    case JERR_INPUT_EOF:
    case JERR_INPUT_EMPTY: return VF_CODEC_TRUNCATED;
    case JERR_SOF_UNSUPPORTED:
    case JERR_BAD_PRECISION:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_ARITH_NOTIMPL:
    case JERR_NOT_COMPILED: return VF_CODEC_UNSUPPORTED;
    case JERR_IMAGE_TOO_BIG:
    case JERR_WIDTH_OVERFLOW: return VF_CODEC_TOO_LARGE;
    case JERR_OUT_OF_MEMORY: return VF_CODEC_NO_MEMORY;
    default: return VF_CODEC_MALFORMED;
    }
}

static void fail(j_common_ptr info) {
    vf_jpeg_errors *errors = (vf_jpeg_errors *)info->err;
    errors->status = status_of(errors->base.msg_code);
    char text[JMSG_LENGTH_MAX];
    (*errors->base.format_message)(info, text);
    snprintf(errors->message->text, sizeof errors->message->text, "%s", text);
    longjmp(errors->jump, 1);
}

/// Warnings that leave every pixel as the file means it. All others mean lost or invented pixels.
static int is_harmless(int code) {
    return code == JWRN_EXTRANEOUS_DATA || code == JWRN_ADOBE_XFORM || code == JWRN_JFIF_MAJOR ||
           code == JWRN_BOGUS_ICC;
}

static void emit(j_common_ptr info, int level) {
    if (level < 0 && !is_harmless(info->err->msg_code)) fail(info);
}

static void print_nothing(j_common_ptr info) { (void)info; }

struct jpeg_error_mgr *vf_jpeg_errors_install(vf_jpeg_errors *errors) {
    jpeg_std_error(&errors->base);
    errors->base.error_exit = fail;
    errors->base.emit_message = emit;
    errors->base.output_message = print_nothing;
    errors->status = VF_CODEC_OK;
    return &errors->base;
}
