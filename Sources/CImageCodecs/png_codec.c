#include "png_codec.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>
#include <zlib.h>

struct vf_png_decoder {
    png_structp png;
    png_infop info;
    const uint8_t *bytes;
    size_t count;
    size_t offset;
    vf_codec_status status;
    vf_codec_message *message;
    uint8_t *pixels;  // one row, or the whole picture when it is interlaced
};

/// What libpng is told to skip unread: text and colour profiles are never used, and may inflate to megabytes; eXIf is
/// read here, because it may follow the pixels.
static const png_byte skipped_chunks[] = "iCCP\0tEXt\0zTXt\0iTXt\0sPLT\0hIST\0pCAL\0sCAL\0eXIf\0";

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

void vf_png_close(vf_png_decoder *decoder) {
    if (!decoder) return;
    png_destroy_read_struct(&decoder->png, &decoder->info, NULL);
    free(decoder->pixels);
    free(decoder);
}

static vf_codec_status no_memory(vf_codec_message *message) {
    snprintf(message->text, sizeof message->text, "out of memory");
    return VF_CODEC_NO_MEMORY;
}

static void fail_truncated(vf_png_decoder *decoder, const char *detail) {
    decoder->status = VF_CODEC_TRUNCATED;
    snprintf(decoder->message->text, sizeof decoder->message->text, "premature end of PNG data%s", detail);
    png_error(decoder->png, "truncated");
}

static void read_bytes(png_structp png, png_bytep into, size_t count) {
    vf_png_decoder *decoder = png_get_io_ptr(png);
    if (count > decoder->count - decoder->offset) fail_truncated(decoder, "");
    memcpy(into, decoder->bytes + decoder->offset, count);
    decoder->offset += count;
}

/// Deflate makes at most 1,032 bytes of one; a file that is too short for its picture is refused before memory is
/// reserved for that.
static void check_length(vf_png_decoder *decoder) {
    enum { MOST_BYTES_PER_BYTE = 1040 };
    uint64_t row = png_get_rowbytes(decoder->png, decoder->info);
    uint64_t needed = row * png_get_image_height(decoder->png, decoder->info) / MOST_BYTES_PER_BYTE;
    if (needed > decoder->count) fail_truncated(decoder, ": too short for its picture");
}

static uint32_t big_endian(const uint8_t *bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/// Walks the chunks up to the end.
///
/// - orientation: receives that of the first whole eXIf chunk, 1 without one.
/// - Returns: whether some chunk before the end claims more bytes than follow it. (libpng reserves what an eXIf chunk
///   claims before it reads, whatever its own limit for chunks is: 1.6.39.)
static int walk_chunks(const uint8_t *bytes, size_t count, int *orientation) {
    enum { SIGNATURE = 8, AROUND = 12 };  // length, type and checksum around the data
    int has_exif = 0;
    *orientation = 1;
    size_t offset = SIGNATURE;
    while (offset < count && count - offset >= AROUND) {
        uint32_t length = big_endian(bytes + offset);
        const uint8_t *type = bytes + offset + 4, *data = type + 4;
        int is_end = memcmp(type, "IEND", 4) == 0;
        if (length > count - offset - AROUND) return !is_end;
        if (is_end) return 0;
        if (!has_exif && memcmp(type, "eXIf", 4) == 0 &&
            crc32(crc32(0, NULL, 0), type, 4 + length) == big_endian(data + length)) {
            has_exif = 1;
            *orientation = vf_exif_orientation(data, length);
        }
        offset += AROUND + (size_t)length;
    }
    return 0;
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
    int orientation = 1;
    if (png_sig_cmp(bytes, 0, count < 8 ? count : 8) == 0 && walk_chunks(bytes, count, &orientation)) {
        fail_truncated(decoder, ": a chunk claims more bytes than follow it");
    }
    png_set_read_fn(decoder->png, decoder, read_bytes);
    // The caller sets the limit on pixels; libpng's own limit on sides would refuse long strips.
    png_set_user_limits(decoder->png, 0x7fffffff, 0x7fffffff);
    png_set_keep_unknown_chunks(decoder->png, PNG_HANDLE_CHUNK_NEVER, skipped_chunks,
                                (int)(sizeof skipped_chunks - 1) / 5);
    png_read_info(decoder->png, decoder->info);
    check_length(decoder);
    *info = (vf_image_info){
        .width = (int32_t)png_get_image_width(decoder->png, decoder->info),
        .height = (int32_t)png_get_image_height(decoder->png, decoder->info),
        .components = png_get_channels(decoder->png, decoder->info),
        .bit_depth = png_get_bit_depth(decoder->png, decoder->info),
        .orientation = orientation,
        .progressive = png_get_interlace_type(decoder->png, decoder->info) != PNG_INTERLACE_NONE,
    };
    *result = decoder;
    return VF_CODEC_OK;
}

static void set_conversions(vf_png_decoder *decoder) {
    png_set_strip_16(decoder->png);
    png_set_expand(decoder->png);
    png_set_gray_to_rgb(decoder->png);
    png_set_strip_alpha(decoder->png);
}

static void copy_row(const uint8_t *row, const vf_codec_target *target, int32_t y) {
    if (y < target->y || y - target->y >= target->height) return;
    uint8_t *out = target->pixels + (size_t)(y - target->y) * target->stride;
    row += 3 * (size_t)target->x;
    if (target->pixel_bytes == 3) {
        memcpy(out, row, 3 * (size_t)target->width);
        return;
    }
    for (int32_t x = 0; x < target->width; x++, row += 3, out += 4) memcpy(out, row, 3);
}

vf_codec_status vf_png_decode(vf_png_decoder *decoder, const vf_codec_target *target, vf_codec_message *message) {
    png_structp png = decoder->png;
    decoder->message = message;
    if (setjmp(png_jmpbuf(png))) return decoder->status;
    set_conversions(decoder);
    int passes = png_set_interlace_handling(png);
    png_read_update_info(png, decoder->info);
    int32_t width = (int32_t)png_get_image_width(png, decoder->info);
    int32_t height = (int32_t)png_get_image_height(png, decoder->info);
    size_t row_bytes = png_get_rowbytes(png, decoder->info);
    int is_inside = target->x >= 0 && target->y >= 0 && target->width <= width - target->x &&
                    target->height <= height - target->y;
    if (!is_inside || row_bytes != 3 * (size_t)width) png_error(png, "unexpected size");
    decoder->pixels = calloc(passes > 1 ? (size_t)height : 1, row_bytes);
    if (!decoder->pixels) png_error(png, "out of memory");
    size_t stride = passes > 1 ? row_bytes : 0;
    for (int pass = 0; pass < passes; pass++) {
        for (int32_t y = 0; y < height; y++) {
            uint8_t *row = decoder->pixels + (size_t)y * stride;
            png_read_row(png, row, NULL);
            if (pass == passes - 1) copy_row(row, target, y);
        }
    }
    png_read_end(png, decoder->info);
    return VF_CODEC_OK;
}
