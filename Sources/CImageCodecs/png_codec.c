#include "png_codec.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

struct vf_png_decoder {
    png_structp png;
    png_infop info;
    const uint8_t *bytes;
    size_t count;
    size_t offset;
    vf_codec_status status;
    vf_codec_message *message;
    png_bytep *rows;
};

/// What libpng is told to skip unread: text and colour profiles are never used, and may inflate to megabytes.
static const png_byte skipped_chunks[] = "iCCP\0tEXt\0zTXt\0iTXt\0sPLT\0hIST\0pCAL\0sCAL\0";

static void png_fail(png_structp png, png_const_charp text) {
    vf_png_decoder *decoder = png_get_error_ptr(png);
    if (decoder->status == VF_CODEC_OK) {
        decoder->status = strstr(text, "memory") ? VF_CODEC_NO_MEMORY : VF_CODEC_MALFORMED;
        snprintf(decoder->message->text, sizeof decoder->message->text, "%s", text);
    }
    png_longjmp(png, 1);
}

static void png_ignore(png_structp png, png_const_charp text) {
    (void)png;
    (void)text;
}

static void read_bytes(png_structp png, png_bytep into, size_t count) {
    vf_png_decoder *decoder = png_get_io_ptr(png);
    if (count > decoder->count - decoder->offset) {
        decoder->status = VF_CODEC_TRUNCATED;
        snprintf(decoder->message->text, sizeof decoder->message->text, "premature end of PNG data");
        png_error(png, "truncated");
    }
    memcpy(into, decoder->bytes + decoder->offset, count);
    decoder->offset += count;
}

void vf_png_close(vf_png_decoder *decoder) {
    if (!decoder) return;
    png_destroy_read_struct(&decoder->png, &decoder->info, NULL);
    free(decoder->rows);
    free(decoder);
}

static vf_codec_status no_memory(vf_codec_message *message) {
    snprintf(message->text, sizeof message->text, "out of memory");
    return VF_CODEC_NO_MEMORY;
}

static int exif_of(vf_png_decoder *decoder) {
    png_bytep exif = NULL;
    png_uint_32 count = 0;
    if (!png_get_eXIf_1(decoder->png, decoder->info, &count, &exif)) return 1;
    return vf_exif_orientation(exif, count);
}

vf_codec_status vf_png_open(const uint8_t *bytes, size_t count, vf_png_decoder **result, vf_image_info *info,
                            vf_codec_message *message) {
    vf_png_decoder *decoder = calloc(1, sizeof *decoder);
    if (!decoder) return no_memory(message);
    *decoder = (vf_png_decoder){.bytes = bytes, .count = count, .message = message};
    decoder->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, decoder, png_fail, png_ignore);
    decoder->info = decoder->png ? png_create_info_struct(decoder->png) : NULL;
    if (!decoder->info) {
        vf_png_close(decoder);
        return no_memory(message);
    }
    if (setjmp(png_jmpbuf(decoder->png))) {
        vf_codec_status status = decoder->status;
        vf_png_close(decoder);
        return status;
    }
    png_set_read_fn(decoder->png, decoder, read_bytes);
    // The caller sets the limit on pixels; libpng's own limit on sides would refuse long strips.
    png_set_user_limits(decoder->png, 0x7fffffff, 0x7fffffff);
    png_set_keep_unknown_chunks(decoder->png, PNG_HANDLE_CHUNK_NEVER, skipped_chunks,
                                (int)(sizeof skipped_chunks - 1) / 5);
    png_read_info(decoder->png, decoder->info);
    *info = (vf_image_info){
        .width = (int32_t)png_get_image_width(decoder->png, decoder->info),
        .height = (int32_t)png_get_image_height(decoder->png, decoder->info),
        .components = png_get_channels(decoder->png, decoder->info),
        .bit_depth = png_get_bit_depth(decoder->png, decoder->info),
        .orientation = exif_of(decoder),
        .progressive = png_get_interlace_type(decoder->png, decoder->info) != PNG_INTERLACE_NONE,
    };
    *result = decoder;
    return VF_CODEC_OK;
}

vf_codec_status vf_png_decode(vf_png_decoder *decoder, uint8_t *pixels, size_t stride, int32_t *orientation,
                              vf_codec_message *message) {
    png_structp png = decoder->png;
    decoder->message = message;
    if (setjmp(png_jmpbuf(png))) return decoder->status;
    png_set_strip_16(png);
    png_set_expand(png);
    png_set_gray_to_rgb(png);
    png_set_strip_alpha(png);
    png_set_interlace_handling(png);
    png_read_update_info(png, decoder->info);
    size_t height = png_get_image_height(png, decoder->info);
    if (png_get_rowbytes(png, decoder->info) > stride) png_error(png, "rows are longer than the caller's");
    decoder->rows = calloc(height, sizeof *decoder->rows);
    if (!decoder->rows) return no_memory(message);
    for (size_t y = 0; y < height; y++) decoder->rows[y] = pixels + stride * y;
    png_read_image(png, decoder->rows);
    png_read_end(png, decoder->info);
    *orientation = exif_of(decoder);
    return VF_CODEC_OK;
}
