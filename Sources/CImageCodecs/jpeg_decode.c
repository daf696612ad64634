#include "jpeg_internal.h"

#include <stdlib.h>
#include <string.h>

#include <jerror.h>

/// A progressive file needs about ten scans; thousands of nearly empty ones are an attack on time.
enum { MAXIMUM_SCANS = 100, ALWAYS_ALLOWED_SCANS = 20, MAXIMUM_BLOCK_VISITS = 1 << 26 };

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

/// Blocks of all components.
static uint64_t count_blocks(j_decompress_ptr jpeg) {
    uint64_t blocks = 0;
    for (int c = 0; c < jpeg->num_components; c++) {
        blocks += (uint64_t)jpeg->comp_info[c].width_in_blocks * jpeg->comp_info[c].height_in_blocks;
    }
    return blocks;
}

static void count_scans(j_common_ptr info) {
    j_decompress_ptr jpeg = (j_decompress_ptr)info;
    uint64_t scans = (uint64_t)jpeg->input_scan_number;
    if (scans <= ALWAYS_ALLOWED_SCANS) return;
    if (scans > MAXIMUM_SCANS || scans * count_blocks(jpeg) > MAXIMUM_BLOCK_VISITS) {
        ERREXIT4(jpeg, JERR_BAD_PROGRESSION, jpeg->Ss, jpeg->Se, jpeg->Ah, jpeg->Al);
    }
}

/// A Huffman-coded block has a DC code of at least one bit; a file that is too short for that is refused before
/// memory is reserved for the picture that it promises.
static void check_length(j_decompress_ptr jpeg, size_t count) {
    if (!jpeg->arith_code && count_blocks(jpeg) > (uint64_t)count * 8) ERREXIT(jpeg, JERR_INPUT_EOF);
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
    check_length(jpeg, count);
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

static int reserve_row(vf_jpeg_decoder *decoder, size_t count) {
    if (decoder->row_capacity >= count) return 1;
    uint8_t *row = realloc(decoder->row, count);
    if (!row) return 0;
    decoder->row = row;
    decoder->row_capacity = count;
    return 1;
}

/// Inverted CMYK to RGB with OpenCV's rounding.
static void convert_cmyk(const uint8_t *cmyk, const vf_codec_target *target, uint8_t *out) {
    cmyk += 4 * (size_t)target->x;
    for (int32_t i = 0; i < target->width; i++, cmyk += 4, out += target->pixel_bytes) {
        int black = cmyk[3];
        for (int c = 0; c < 3; c++) out[c] = (uint8_t)(black - (((255 - cmyk[c]) * black) >> 8));
    }
}

static void set_parameters(vf_jpeg_decoder *decoder, int scale_eighths, const vf_codec_target *target) {
    struct jpeg_decompress_struct *jpeg = &decoder->info;
    if (jpeg->num_components == 4) {
        jpeg->out_color_space = JCS_CMYK;
    } else {
        jpeg->out_color_space = target->pixel_bytes == 4 ? JCS_EXT_RGBX : JCS_RGB;
    }
    jpeg->scale_num = (unsigned)scale_eighths;
    jpeg->scale_denom = 8;
}

/// Makes the decompressor leave out the columns that the target does not need, but for a margin: smooth upsampling
/// reads a neighbour, and takes the first and the last column that there is for the image's edge.
///
/// - Returns: the image's column at which its rows then begin.
static int32_t leave_out_columns(j_decompress_ptr jpeg, const vf_codec_target *target) {
    enum { MARGIN = 8 };
    int32_t after = (int32_t)jpeg->output_width - target->x - target->width;
    int32_t left = target->x < MARGIN ? target->x : MARGIN, right = after < MARGIN ? after : MARGIN;
    JDIMENSION first = (JDIMENSION)(target->x - left), width = (JDIMENSION)(target->width + left + right);
    jpeg_crop_scanline(jpeg, &first, &width);
    return (int32_t)first;
}

/// Reads the rows that the target needs. Of the others only the entropy-coded data are read, so that a file that is
/// damaged or cut short anywhere is an error whatever part of it is asked for.
static void read_rows(vf_jpeg_decoder *decoder, vf_codec_target target) {
    struct jpeg_decompress_struct *jpeg = &decoder->info;
    int is_cmyk = jpeg->out_color_space == JCS_CMYK;
    JDIMENSION height = jpeg->output_height, end = (JDIMENSION)(target.y + target.height);
    // Of several scans all coefficients are in memory already.
    if (!jpeg_has_multiple_scans(jpeg)) {
        target.x -= leave_out_columns(jpeg, &target);
        if (target.y > 0) jpeg_skip_scanlines(jpeg, (JDIMENSION)target.y);
    }
    int is_direct = !is_cmyk && target.x == 0 && (JDIMENSION)target.width == jpeg->output_width;
    while (jpeg->output_scanline < end) {
        int32_t y = (int32_t)jpeg->output_scanline - target.y;
        uint8_t *out = y < 0 ? NULL : target.pixels + (size_t)y * target.stride;
        JSAMPROW row = is_direct && out ? out : decoder->row;
        jpeg_read_scanlines(jpeg, &row, 1);
        if (!out || row == out) continue;
        size_t bytes = (size_t)target.pixel_bytes;
        if (is_cmyk) {
            convert_cmyk(row, &target, out);
        } else {
            memcpy(out, row + (size_t)target.x * bytes, (size_t)target.width * bytes);
        }
    }
    // Skipping up to the end would stop reading the data.
    if (height - end > 1) jpeg_skip_scanlines(jpeg, height - end - 1);
    while (jpeg->output_scanline < height) jpeg_read_scanlines(jpeg, &decoder->row, 1);
}

vf_codec_status vf_jpeg_decode(vf_jpeg_decoder *decoder, int scale_eighths, const vf_codec_target *target,
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
    set_parameters(decoder, scale_eighths, target);
    jpeg_start_decompress(jpeg);
    if (!reserve_row(decoder, (size_t)jpeg->output_width * 4)) ERREXIT1(jpeg, JERR_OUT_OF_MEMORY, 0);
    int is_inside = target->x >= 0 && target->y >= 0 &&
                    target->width <= (int32_t)jpeg->output_width - target->x &&
                    target->height <= (int32_t)jpeg->output_height - target->y;
    if (!is_inside) ERREXIT(jpeg, JERR_BAD_CROP_SPEC);
    read_rows(decoder, *target);
    jpeg_finish_decompress(jpeg);
    close_picture(decoder);
    return VF_CODEC_OK;
}
