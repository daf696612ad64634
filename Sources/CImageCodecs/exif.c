#include "codec_types.h"

static uint32_t read16(const uint8_t *p, int big) {
    return big ? (uint32_t)p[0] << 8 | p[1] : (uint32_t)p[1] << 8 | p[0];
}

static uint32_t read32(const uint8_t *p, int big) {
    return big ? read16(p, 1) << 16 | read16(p + 2, 1) : read16(p + 2, 0) << 16 | read16(p, 0);
}

int vf_exif_orientation(const uint8_t *tiff, size_t count) {
    if (count < 14) return 1;
    int big = tiff[0] == 'M' && tiff[1] == 'M';
    if (!big && !(tiff[0] == 'I' && tiff[1] == 'I')) return 1;
    if (read16(tiff + 2, big) != 42) return 1;
    size_t directory = read32(tiff + 4, big);
    if (directory > count - 2) return 1;
    size_t entries = read16(tiff + directory, big);
    const size_t tag_orientation = 0x0112, type_short = 3, type_long = 4;
    for (size_t i = 0; i < entries; i++) {
        size_t at = directory + 2 + i * 12;
        if (at + 12 > count) return 1;
        if (read16(tiff + at, big) != tag_orientation) continue;
        uint32_t type = read16(tiff + at + 2, big);
        if ((type != type_short && type != type_long) || read32(tiff + at + 4, big) != 1) return 1;
        uint32_t value = type == type_short ? read16(tiff + at + 8, big) : read32(tiff + at + 8, big);
        return value >= 1 && value <= 8 ? (int)value : 1;
    }
    return 1;
}
