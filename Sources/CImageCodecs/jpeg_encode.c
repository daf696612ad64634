#include "jpeg_internal.h"

#include <stdlib.h>

#include <jerror.h>

#include "codec_buffer.h"

/// libjpeg's destination, extended by the buffer. (`jpeg_mem_dest` hands its buffer over at the end only, so
/// that a failure between two growths leaks it or frees it twice.)
typedef struct {
    struct jpeg_destination_mgr base;
    vf_codec_buffer buffer;
} destination;

enum { CHUNK = 1 << 16 };

static void offer_room(j_compress_ptr jpeg) {
    destination *to = (destination *)jpeg->dest;
    if (!vf_codec_buffer_reserve(&to->buffer, CHUNK)) ERREXIT1(jpeg, JERR_OUT_OF_MEMORY, 0);
    to->base.next_output_byte = to->buffer.bytes + to->buffer.count;
    to->base.free_in_buffer = CHUNK;
}

static boolean take_full_chunk(j_compress_ptr jpeg) {
    ((destination *)jpeg->dest)->buffer.count += CHUNK;
    offer_room(jpeg);
    return TRUE;
}

static void take_last_chunk(j_compress_ptr jpeg) {
    destination *to = (destination *)jpeg->dest;
    to->buffer.count += CHUNK - to->base.free_in_buffer;
}

static void set_parameters(j_compress_ptr jpeg, int quality, int progressive, int chroma_x, int chroma_y) {
    jpeg_set_defaults(jpeg);
    jpeg_set_quality(jpeg, quality, TRUE);
    jpeg->comp_info[0].h_samp_factor = chroma_x;
    jpeg->comp_info[0].v_samp_factor = chroma_y;
    if (progressive) jpeg_simple_progression(jpeg);
}

vf_codec_status vf_jpeg_encode(const uint8_t *pixels, int32_t width, int32_t height, size_t stride, int quality,
                               int progressive, int chroma_x, int chroma_y, uint8_t **encoded, size_t *count,
                               vf_codec_message *message) {
    struct jpeg_compress_struct jpeg = {0};
    vf_jpeg_errors errors;
    destination to = {.base = {.init_destination = offer_room,
                               .empty_output_buffer = take_full_chunk,
                               .term_destination = take_last_chunk}};
    jpeg.err = vf_jpeg_errors_install(&errors);
    errors.message = message;
    if (setjmp(errors.jump)) {
        jpeg_destroy_compress(&jpeg);
        free(to.buffer.bytes);
        return errors.status;
    }
    jpeg_create_compress(&jpeg);
    jpeg.dest = &to.base;
    jpeg.image_width = (JDIMENSION)width;
    jpeg.image_height = (JDIMENSION)height;
    jpeg.input_components = 3;
    jpeg.in_color_space = JCS_RGB;
    set_parameters(&jpeg, quality, progressive, chroma_x, chroma_y);
    jpeg_start_compress(&jpeg, TRUE);
    while (jpeg.next_scanline < jpeg.image_height) {
        // libjpeg takes rows by a non-const pointer and leaves them alone.
        JSAMPROW row = (JSAMPROW)(pixels + stride * jpeg.next_scanline);
        jpeg_write_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    *encoded = to.buffer.bytes;
    *count = to.buffer.count;
    return VF_CODEC_OK;
}

void vf_jpeg_free(uint8_t *encoded) { free(encoded); }
