#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <png.h>

#include "codec_buffer.h"
#include "png_codec.h"

typedef struct {
    vf_codec_buffer buffer;
    vf_codec_message *message;
} output;

static void fail(png_structp png, png_const_charp text) {
    output *to = png_get_error_ptr(png);
    snprintf(to->message->text, sizeof to->message->text, "%s", text);
    png_longjmp(png, 1);
}

static void ignore(png_structp png, png_const_charp text) {
    (void)png;
    (void)text;
}

static void append(png_structp png, png_bytep bytes, size_t count) {
    vf_codec_buffer *buffer = &((output *)png_get_io_ptr(png))->buffer;
    if (!vf_codec_buffer_reserve(buffer, count)) png_error(png, "out of memory");
    memcpy(buffer->bytes + buffer->count, bytes, count);
    buffer->count += count;
}

static void flush_nothing(png_structp png) { (void)png; }

vf_codec_status vf_png_encode(const uint8_t *pixels, int32_t width, int32_t height, size_t stride, int level,
                              uint8_t **encoded, size_t *count, vf_codec_message *message) {
    // Changed between setjmp and longjmp through its address only, so it survives the jump.
    output to = {.message = message};
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &to, fail, ignore);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!info) {
        png_destroy_write_struct(&png, NULL);
        snprintf(message->text, sizeof message->text, "out of memory");
        return VF_CODEC_NO_MEMORY;
    }
    if (setjmp(png_jmpbuf(png))) {
        png_destroy_write_struct(&png, &info);
        free(to.buffer.bytes);
        return VF_CODEC_MALFORMED;
    }
    png_set_write_fn(png, &to, append, flush_nothing);
    png_set_compression_level(png, level);
    png_set_user_limits(png, 0x7fffffff, 0x7fffffff);
    png_set_IHDR(png, info, (png_uint_32)width, (png_uint_32)height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    for (int32_t y = 0; y < height; y++) png_write_row(png, pixels + stride * (size_t)y);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    *encoded = to.buffer.bytes;
    *count = to.buffer.count;
    return VF_CODEC_OK;
}

void vf_png_free(uint8_t *encoded) { free(encoded); }
