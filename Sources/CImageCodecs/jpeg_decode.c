#include "jpeg_internal.h"

#include <stdlib.h>
#include <string.h>

#include <jerror.h>

/// A progressive file needs about ten scans; thousands of empty ones are an attack on time.
enum { MAXIMUM_SCANS = 100 };

struct vf_jpeg_decoder {
    struct jpeg_decompress_struct info;
    struct jpeg_progress_mgr progress;
    vf_jpeg_errors errors;
    int created;
    uint8_t *row;  // one row of CMYK
    size_t row_capacity;
};

vf_jpeg_decoder *vf_jpeg_decoder_create(void) { return calloc(1, sizeof(vf_jpeg_decoder)); }

static void close_picture(vf_jpeg_decoder *decoder) {
    if (decoder->created) jpeg_destroy_decompress(&decoder->info);
    decoder->created = 0;
}

void vf_jpeg_decoder_destroy(vf_jpeg_decoder *decoder) {
    if (!decoder) return;
    close_picture(decoder);
    free(decoder->row);
    free(decoder);
}

static void count_scans(j_common_ptr info) {
    j_decompress_ptr decompress = (j_decompress_ptr)info;
    if (decompress->input_scan_number > MAXIMUM_SCANS) ERREXIT(decompress, JERR_BAD_PROGRESSION);
}

static int orientation_of(j_decompress_ptr info) {
    static const char signature[6] = "Exif\0";
    for (jpeg_saved_marker_ptr marker = info->marker_list; marker; marker = marker->next) {
        if (marker->marker != JPEG_APP0 + 1 || marker->data_length < 6) continue;
        if (!memcmp(marker->data, signature, 6)) return vf_exif_orientation(marker->data + 6, marker->data_length - 6);
    }
    return 1;
}

vf_codec_status vf_jpeg_open(vf_jpeg_decoder *decoder, const uint8_t *bytes, size_t count, vf_image_info *info,
                             vf_codec_message *message) {
    // A decompressor keeps quantisation and Huffman tables for the next picture; a file without tables must not
    // decode with those of the file before it, so each picture gets a fresh one.
    close_picture(decoder);
    struct jpeg_decompress_struct *jpeg = &decoder->info;
    jpeg->err = vf_jpeg_errors_install(&decoder->errors);
    decoder->errors.message = message;
    if (setjmp(decoder->errors.jump)) {
        close_picture(decoder);
        return decoder->errors.status;
    }
    jpeg_create_decompress(jpeg);
    decoder->created = 1;
    decoder->progress.progress_monitor = count_scans;
    jpeg->progress = &decoder->progress;
    jpeg_mem_src(jpeg, bytes, (unsigned long)count);
    const unsigned exif_prefix = 0xffff;
    jpeg_save_markers(jpeg, JPEG_APP0 + 1, exif_prefix);
    jpeg_read_header(jpeg, TRUE);
    *info = (vf_image_info){
        .width = (int32_t)jpeg->image_width,
        .height = (int32_t)jpeg->image_height,
        .components = jpeg->num_components,
        .bit_depth = jpeg->data_precision,
        .orientation = orientation_of(jpeg),
        .progressive = jpeg->progressive_mode,
    };
    return VF_CODEC_OK;
}

/// Inverted CMYK to RGB with OpenCV's rounding.
static void cmyk_to_rgb(const uint8_t *cmyk, uint8_t *rgb, size_t width) {
    for (size_t i = 0; i < width; i++, cmyk += 4, rgb += 3) {
        int black = cmyk[3];
        for (int c = 0; c < 3; c++) rgb[c] = (uint8_t)(black - (((255 - cmyk[c]) * black) >> 8));
    }
}

static int reserve_row(vf_jpeg_decoder *decoder, size_t count) {
    if (decoder->row_capacity >= count) return 1;
    uint8_t *row = realloc(decoder->row, count);
    if (!row) return 0;
    decoder->row = row;
    decoder->row_capacity = count;
    return 1;
}

vf_codec_status vf_jpeg_decode(vf_jpeg_decoder *decoder, int scale_eighths, uint8_t *pixels, size_t stride,
                               vf_codec_message *message) {
    struct jpeg_decompress_struct *jpeg = &decoder->info;
    decoder->errors.message = message;
    if (!decoder->created) {
        snprintf(message->text, sizeof message->text, "no picture is open");
        return VF_CODEC_MALFORMED;
    }
    if (setjmp(decoder->errors.jump)) {
        close_picture(decoder);
        return decoder->errors.status;
    }
    int is_cmyk = jpeg->num_components == 4;
    jpeg->out_color_space = is_cmyk ? JCS_CMYK : JCS_RGB;
    jpeg->scale_num = (unsigned)scale_eighths;
    jpeg->scale_denom = 8;
    jpeg_start_decompress(jpeg);
    size_t width = jpeg->output_width;
    if (is_cmyk && !reserve_row(decoder, width * 4)) ERREXIT1(jpeg, JERR_OUT_OF_MEMORY, 0);
    while (jpeg->output_scanline < jpeg->output_height) {
        uint8_t *rgb = pixels + stride * jpeg->output_scanline;
        JSAMPROW row = is_cmyk ? decoder->row : rgb;
        jpeg_read_scanlines(jpeg, &row, 1);
        if (is_cmyk) cmyk_to_rgb(decoder->row, rgb, width);
    }
    jpeg_finish_decompress(jpeg);
    close_picture(decoder);
    return VF_CODEC_OK;
}
