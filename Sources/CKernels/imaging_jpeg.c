#include "imaging_jpeg.h"

#include <stdlib.h>
#include <string.h>

#include "imaging_jpeg_parse.h"

const uint8_t vf_region_natural_order[64] = {
    0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,  12, 19, 26, 33, 40, 48,
    41, 34, 27, 20, 13, 6,  7,  14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23,
    30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
};

/// A buffer that is kept for the next picture.
typedef struct {
    void *bytes;
    size_t capacity;
} arena;

/// More than this is given back by a picture that needs much less.
enum { KEPT_BYTES = 1 << 26 };

static int reserve(arena *memory, size_t count) {
    int is_oversized = memory->capacity > KEPT_BYTES && count < memory->capacity / 4;
    if (memory->capacity >= count && !is_oversized) return 1;
    free(memory->bytes);
    memory->bytes = malloc(count);
    memory->capacity = memory->bytes ? count : 0;
    return memory->bytes != NULL;
}

struct vf_region_jpeg {
    jpeg_headers headers;
    int is_open;
    arena data;  // unstuffed
    arena segments;  // jpeg_segment[]
    size_t segment_count;
    arena planes;
    arena rows;  // upsampled chroma, and pixels on their way to RGB
};

vf_region_jpeg *vf_region_jpeg_create(void) { return calloc(1, sizeof(vf_region_jpeg)); }

void vf_region_jpeg_destroy(vf_region_jpeg *decoder) {
    if (!decoder) return;
    free(decoder->data.bytes);
    free(decoder->segments.bytes);
    free(decoder->planes.bytes);
    free(decoder->rows.bytes);
    free(decoder);
}

// MARK: Coded data

static int append_segment(vf_region_jpeg *decoder, size_t start, size_t count) {
    size_t needed = (decoder->segment_count + 1) * sizeof(jpeg_segment);
    if (decoder->segments.capacity < needed) {
        void *grown = realloc(decoder->segments.bytes, needed * 2);
        if (!grown) return 0;
        decoder->segments.bytes = grown;
        decoder->segments.capacity = needed * 2;
    }
    ((jpeg_segment *)decoder->segments.bytes)[decoder->segment_count++] = (jpeg_segment){start, count};
    return 1;
}

/// Copies the coded data without stuffed bytes and restart markers.
///
/// - Returns: 1 when they end in an end-of-image marker and the restart markers count as they should.
static int unstuff(vf_region_jpeg *decoder, const uint8_t *bytes, size_t count) {
    enum { MARKER_RST0 = 0xd0, MARKER_RST7 = 0xd7, MARKER_EOI = 0xd9 };
    // A restart marker's two bytes become eight of padding.
    size_t growth = decoder->headers.frame.restart_interval ? 4 : 1;
    if (count > SIZE_MAX / 8 || !reserve(&decoder->data, count * growth + JPEG_PADDING)) return 0;
    uint8_t *out = decoder->data.bytes;
    size_t start = 0, written = 0;
    decoder->segment_count = 0;
    const uint8_t *p = bytes, *end = bytes + count;
    for (;;) {
        const uint8_t *marker = memchr(p, 0xff, (size_t)(end - p));
        if (!marker || end - marker < 2) return 0;
        size_t plain = (size_t)(marker - p);
        memcpy(out + written, p, plain);
        written += plain;
        uint8_t code = marker[1];
        p = marker + 2;
        if (code == 0) {
            out[written++] = 0xff;
            continue;
        }
        if (!append_segment(decoder, start, written - start)) return 0;
        if (code == MARKER_EOI) break;
        int is_next_restart = decoder->headers.frame.restart_interval && code >= MARKER_RST0 &&
                              code <= MARKER_RST7 && ((decoder->segment_count - 1) & 7) == (code & 7);
        if (!is_next_restart) return 0;
        memset(out + written, 0, 8);
        written += 8;
        start = written;
    }
    memset(out + written, 0, JPEG_PADDING);
    return 1;
}

/// Whether there are as many segments as the picture needs, and at least two bits for each block.
static int can_be_complete(const vf_region_jpeg *decoder, size_t count) {
    const jpeg_frame *frame = &decoder->headers.frame;
    size_t mcus = (size_t)frame->mcu_columns * (size_t)frame->mcu_rows;
    size_t interval = frame->restart_interval ? frame->restart_interval : mcus;
    return decoder->segment_count == (mcus + interval - 1) / interval && count * 4 >= mcus;
}

int vf_region_jpeg_open(vf_region_jpeg *decoder, const uint8_t *bytes, size_t count, int32_t *width,
                        int32_t *height) {
    decoder->is_open = 0;
    if (!vf_region_parse(&decoder->headers, bytes, count)) return 0;
    size_t start = decoder->headers.scan_start;
    if (!unstuff(decoder, bytes + start, count - start) || !can_be_complete(decoder, count - start)) return 0;
    *width = decoder->headers.frame.width;
    *height = decoder->headers.frame.height;
    decoder->is_open = 1;
    return 1;
}

// MARK: Planes

enum { ROW_MARGIN = 64 };

/// libjpeg's rule: a component whose samples are fewer is reduced less, as far as that saves upsampling it.
static void settle_plane_sizes(jpeg_region *region, int eighths) {
    const jpeg_frame *frame = region->frame;
    int across = frame->components[0].horizontal, down = frame->components[0].vertical;
    for (int c = 0; c < frame->component_count; c++) {
        const jpeg_component *component = &frame->components[c];
        jpeg_plane *plane = &region->planes[c];
        int is_quartered = component->horizontal * 2 <= across && component->vertical * 2 <= down;
        plane->block_size = eighths < 8 && is_quartered ? 2 * eighths : eighths;
        int32_t wide = 8 * across, high = 8 * down;
        plane->width = (frame->width * component->horizontal * plane->block_size + wide - 1) / wide;
        plane->height = (frame->height * component->vertical * plane->block_size + high - 1) / high;
    }
}

/// Whether libjpeg would upsample chroma smoothly, if at all.
static int has_smooth_chroma(const jpeg_region *region, int eighths) {
    const jpeg_plane *luma = &region->planes[0], *chroma = &region->planes[1];
    if (region->frame->component_count == 1 || chroma->width == luma->width) return 1;
    return eighths > 1 && chroma->width > 2;
}

static int32_t smaller(int32_t a, int32_t b) { return a < b ? a : b; }
static int32_t larger(int32_t a, int32_t b) { return a > b ? a : b; }

/// Sets the blocks that cover samples [x0, x1) × [y0, y1) of a plane, cut to the plane.
static void cover(jpeg_plane *plane, int32_t x0, int32_t x1, int32_t y0, int32_t y1) {
    x0 = larger(x0, 0);
    y0 = larger(y0, 0);
    x1 = smaller(x1, plane->width);
    y1 = smaller(y1, plane->height);
    int32_t size = plane->block_size;
    plane->block_x = x0 / size;
    plane->block_y = y0 / size;
    plane->blocks_wide = (x1 + size - 1) / size - plane->block_x;
    plane->blocks_high = (y1 + size - 1) / size - plane->block_y;
    plane->samples_x = plane->block_x * size;
    plane->samples_y = plane->block_y * size;
    plane->stride = ((size_t)plane->blocks_wide * (size_t)size + 2 * ROW_MARGIN + 63) & ~(size_t)63;
}

static size_t bytes_of(const jpeg_plane *plane) {
    return plane->stride * (size_t)plane->blocks_high * (size_t)plane->block_size;
}

/// Puts copies of the edge samples beside them, where upsampling looks for neighbours.
static void extend_edges(const jpeg_plane *plane) {
    int32_t last = plane->width - 1 - plane->samples_x;
    int reaches_right = last < plane->blocks_wide * plane->block_size;
    for (int32_t y = 0; y < plane->blocks_high * plane->block_size; y++) {
        uint8_t *row = plane->samples + (size_t)y * plane->stride;
        if (plane->samples_x == 0) row[-1] = row[0];
        if (reaches_right) row[last + 1] = row[last];
    }
}

/// The row of a plane at `y`, held to the picture, starting at sample `x`.
static const uint8_t *row_of(const jpeg_plane *plane, int32_t x, int32_t y) {
    int32_t held = smaller(larger(y, 0), plane->height - 1) - plane->samples_y;
    return plane->samples + (size_t)held * plane->stride + (x - plane->samples_x);
}

// MARK: Region

typedef struct {
    int (*decode_planes)(const jpeg_region *);
    void (*colour_row)(const uint8_t *, const uint8_t *, const uint8_t *, uint8_t *, size_t);
    void (*upsample_h2v2)(const uint8_t *, const uint8_t *, uint8_t *, size_t);
    void (*upsample_h2v1)(const uint8_t *, uint8_t *, size_t);
} jpeg_functions;

#define FUNCTIONS(level)                                                      \
    {vf_region_decode_planes_##level, vf_region_colour_row_##level,           \
     vf_region_upsample_h2v2_##level, vf_region_upsample_h2v1_##level}

static jpeg_functions functions_of(vf_isa level) {
    const jpeg_functions portable = FUNCTIONS(portable);
#if defined(__x86_64__)
    const jpeg_functions avx2 = FUNCTIONS(avx2), avx512 = FUNCTIONS(avx512);
    // A virtual machine can offer the vectors and hide the bit instructions.
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("bmi") || !__builtin_cpu_supports("bmi2")) return portable;
    if (level == VF_ISA_AVX512) return avx512;
    if (level == VF_ISA_AVX2) return avx2;
#endif
    (void)level;
    return portable;
}

typedef struct {
    int32_t x, y, width, height;
} rectangle;

/// Chooses the blocks and reserves their samples.
static int lay_out(vf_region_jpeg *decoder, jpeg_region *region, rectangle area) {
    const jpeg_frame *frame = region->frame;
    jpeg_plane *planes = region->planes;
    cover(&planes[0], area.x, area.x + area.width, area.y, area.y + area.height);
    size_t total = bytes_of(&planes[0]);
    for (int c = 1; c < frame->component_count; c++) {
        // One more sample on each side than the pixels' own: the neighbours that upsampling weighs in.
        int across = planes[c].width < planes[0].width ? 2 : 1, down = planes[c].height < planes[0].height ? 2 : 1;
        cover(&planes[c], area.x / across - 1, (area.x + area.width - 1) / across + 2, area.y / down - 1,
              (area.y + area.height - 1) / down + 2);
        total += bytes_of(&planes[c]);
    }
    if (!reserve(&decoder->planes, total + 2 * ROW_MARGIN)) return 0;
    uint8_t *samples = (uint8_t *)decoder->planes.bytes + ROW_MARGIN;
    region->mcu_row_end = 0;
    for (int c = 0; c < frame->component_count; c++) {
        planes[c].samples = samples;
        samples += bytes_of(&planes[c]);
        int32_t blocks = planes[c].block_y + planes[c].blocks_high;
        int vertical = frame->components[c].vertical;
        region->mcu_row_end = larger(region->mcu_row_end, (blocks + vertical - 1) / vertical);
    }
    return 1;
}

/// Where a region's pixels go.
typedef struct {
    rectangle area;
    uint8_t *pixels;
    size_t stride;
    int pixel_bytes;
    uint8_t *row;  ///< for RGBX before it is narrowed
    vf_isa level;
} sink;

static uint8_t *row_to_write(const sink *to, int32_t y) {
    return to->pixel_bytes == 4 ? to->pixels + (size_t)y * to->stride : to->row;
}

static void finish_row(const sink *to, int32_t y) {
    if (to->pixel_bytes == 4) return;
    vf_rgbx_to_rgb(to->row, to->pixels + (size_t)y * to->stride, (size_t)to->area.width, to->level);
}

static void write_grey(const jpeg_region *region, const sink *to) {
    for (int32_t y = 0; y < to->area.height; y++) {
        const uint8_t *luma = row_of(&region->planes[0], to->area.x, to->area.y + y);
        uint8_t *out = row_to_write(to, y);
        for (int32_t x = 0; x < to->area.width; x++) {
            uint32_t pixel = luma[x] * 0x010101u;
            memcpy(out + 4 * x, &pixel, 4);
        }
        finish_row(to, y);
    }
}

/// Rows of chroma at the luma's width.
typedef struct {
    int32_t first;  ///< chroma sample of the first pixel
    size_t count;
    uint8_t *wide[2];
} chroma_rows;

/// The chroma of picture row `y`, from the region's first pixel on.
static const uint8_t *chroma_row(const jpeg_region *region, const jpeg_functions *functions, const sink *to,
                                 const chroma_rows *rows, int c, int32_t y) {
    const jpeg_plane *luma = &region->planes[0], *plane = &region->planes[c + 1];
    int is_low = plane->height < luma->height;
    const uint8_t *near = row_of(plane, rows->first, is_low ? y >> 1 : y);
    if (plane->width == luma->width) return near;
    if (is_low) {
        const uint8_t *far = row_of(plane, rows->first, (y >> 1) + (y & 1 ? 1 : -1));
        functions->upsample_h2v2(near, far, rows->wide[c], rows->count);
    } else {
        functions->upsample_h2v1(near, rows->wide[c], rows->count);
    }
    return rows->wide[c] + (to->area.x - 2 * rows->first);
}

static void write_colour(const jpeg_region *region, const jpeg_functions *functions, const sink *to,
                         const chroma_rows *rows) {
    for (int c = 1; c < 3; c++) extend_edges(&region->planes[c]);
    for (int32_t y = 0; y < to->area.height; y++) {
        const uint8_t *luma = row_of(&region->planes[0], to->area.x, to->area.y + y);
        const uint8_t *blue = chroma_row(region, functions, to, rows, 0, to->area.y + y);
        const uint8_t *red = chroma_row(region, functions, to, rows, 1, to->area.y + y);
        functions->colour_row(luma, blue, red, row_to_write(to, y), (size_t)to->area.width);
        finish_row(to, y);
    }
}

/// Turns the sample planes into pixels.
static int write_pixels(vf_region_jpeg *decoder, const jpeg_region *region, const jpeg_functions *functions, sink *to) {
    int is_narrow = region->frame->component_count == 3 && region->planes[1].width < region->planes[0].width;
    chroma_rows rows = {.first = is_narrow ? to->area.x / 2 : to->area.x};
    rows.count = (size_t)((to->area.x + to->area.width + 1) / 2 - rows.first);
    size_t chroma_bytes = is_narrow ? 2 * rows.count + 2 * ROW_MARGIN : 0;
    size_t pixel_row_bytes = 4 * (size_t)to->area.width + ROW_MARGIN;
    if (!reserve(&decoder->rows, 2 * chroma_bytes + pixel_row_bytes)) return 0;
    rows.wide[0] = decoder->rows.bytes;
    rows.wide[1] = rows.wide[0] + chroma_bytes;
    to->row = rows.wide[1] + chroma_bytes;
    if (region->frame->component_count == 1) {
        write_grey(region, to);
    } else {
        write_colour(region, functions, to, &rows);
    }
    return 1;
}

int vf_region_jpeg_decode(vf_region_jpeg *decoder, int eighths, int32_t x, int32_t y, int32_t width, int32_t height,
                          int pixel_bytes, uint8_t *pixels, size_t stride, vf_isa level) {
    if (!decoder->is_open) return 0;
    const jpeg_headers *headers = &decoder->headers;
    jpeg_region region = {.frame = &headers->frame,
                          .data = decoder->data.bytes,
                          .segments = decoder->segments.bytes,
                          .segment_count = decoder->segment_count};
    for (int c = 0; c < headers->frame.component_count; c++) {
        const jpeg_component *component = &headers->frame.components[c];
        region.dc[c] = &headers->dc[component->dc_table];
        region.ac[c] = &headers->ac[component->ac_table];
        region.quantisation[c] = headers->quantisation[component->quantisation];
    }
    sink to = {.area = {x, y, width, height},
               .pixels = pixels,
               .stride = stride,
               .pixel_bytes = pixel_bytes,
               .level = level};
    settle_plane_sizes(&region, eighths);
    if (!has_smooth_chroma(&region, eighths) || !lay_out(decoder, &region, to.area)) return 0;
    jpeg_functions functions = functions_of(level);
    return functions.decode_planes(&region) && write_pixels(decoder, &region, &functions, &to);
}
