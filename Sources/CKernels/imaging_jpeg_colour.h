// Upsampling and colour for `imaging_jpeg_level.h`, which includes this file once for each instruction-set level.

INLINE lanes widen(const uint8_t *bytes) {
    samples loaded;
    memcpy(&loaded, bytes, sizeof loaded);
    return __builtin_convertvector(loaded, lanes);
}

#define FIXED_16(value) ((uint32_t)(int32_t)((value) * 65536 + ((value) < 0 ? -0.5 : 0.5)))

void LEVEL(vf_region_colour_row)(const uint8_t *y, const uint8_t *cb, const uint8_t *cr, uint8_t *rgbx, size_t pixels) {
    const uint32_t to_red = FIXED_16(1.40200), to_blue = FIXED_16(1.77200);
    const uint32_t blue_to_green = FIXED_16(-0.34414), red_to_green = FIXED_16(-0.71414);
    const uint32_t half = 1u << 15, centre = 128;
    for (size_t i = 0; i < pixels; i += LANES) {
        lanes luma = widen(y + i) << 16, blue = widen(cb + i), red = widen(cr + i);
        lanes r = luma + red * to_red + (half - centre * to_red);
        lanes b = luma + blue * to_blue + (half - centre * to_blue);
        lanes g = luma + blue * blue_to_green + red * red_to_green + (half - centre * (blue_to_green + red_to_green));
        r = clamp_to_byte((lanes)((signed_lanes)r >> 16));
        g = clamp_to_byte((lanes)((signed_lanes)g >> 16));
        b = clamp_to_byte((lanes)((signed_lanes)b >> 16));
        lanes packed = r | g << 8 | b << 16;
        memcpy(rgbx + i * 4, &packed, sizeof packed);
    }
}

typedef uint16_t wide __attribute__((vector_size(LANES * 4)));
typedef uint8_t bytes_of_wide __attribute__((vector_size(LANES * 2)));

INLINE wide widen_to_16(const uint8_t *bytes) {
    bytes_of_wide loaded;
    memcpy(&loaded, bytes, sizeof loaded);
    return __builtin_convertvector(loaded, wide);
}

void LEVEL(vf_region_upsample_h2v2)(const uint8_t *near, const uint8_t *far, uint8_t *out, size_t count) {
    for (size_t i = 0; i < count; i += LANES * 2) {
        wide here = widen_to_16(near + i) * 3 + widen_to_16(far + i);
        wide before = widen_to_16(near + i - 1) * 3 + widen_to_16(far + i - 1);
        wide after = widen_to_16(near + i + 1) * 3 + widen_to_16(far + i + 1);
        wide pairs = (here * 3 + before + 8) >> 4 | ((here * 3 + after + 7) >> 4) << 8;
        memcpy(out + 2 * i, &pairs, sizeof pairs);
    }
}

void LEVEL(vf_region_upsample_h2v1)(const uint8_t *row, uint8_t *out, size_t count) {
    for (size_t i = 0; i < count; i += LANES * 2) {
        wide here = widen_to_16(row + i) * 3, before = widen_to_16(row + i - 1), after = widen_to_16(row + i + 1);
        wide pairs = (here + before + 1) >> 2 | ((here + after + 2) >> 2) << 8;
        memcpy(out + 2 * i, &pairs, sizeof pairs);
    }
}
