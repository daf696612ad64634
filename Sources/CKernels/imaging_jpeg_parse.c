#include "imaging_jpeg_parse.h"

#include <string.h>

enum {
    MARKER_SOF0 = 0xc0,
    MARKER_SOF1 = 0xc1,
    MARKER_DHT = 0xc4,
    MARKER_SOI = 0xd8,
    MARKER_SOS = 0xda,
    MARKER_DQT = 0xdb,
    MARKER_DRI = 0xdd,
    MARKER_APP0 = 0xe0,
    MARKER_APP14 = 0xee,
    MARKER_APP15 = 0xef,
    MARKER_COM = 0xfe,
};

/// What the headers have said so far, besides tables.
typedef struct {
    int has_frame;
    int has_jfif;
    int adobe_transform;  ///< -1 without an Adobe marker
} header_state;

static size_t read16(const uint8_t *p) { return (size_t)p[0] << 8 | p[1]; }

static int parse_quantisation(jpeg_headers *headers, const uint8_t *p, size_t count) {
    while (count) {
        unsigned precision = p[0] >> 4, index = p[0] & 15;
        if (precision || index > 3 || count < 65) return 0;
        for (int i = 0; i < 64; i++) {
            if (!p[1 + i]) return 0;
            headers->quantisation[index][i] = p[1 + i];
        }
        headers->has_quantisation[index] = 1;
        p += 65;
        count -= 65;
    }
    return 1;
}

static uint32_t lookup_entry(unsigned length, unsigned symbol, int is_dc) {
    unsigned size = symbol & 15, run = is_dc ? 0 : symbol >> 4;
    unsigned advance = size || run == 15 ? run + 1 : JPEG_END_OF_BLOCK;
    return (length + size) | advance << 8 | size << 16 | length << 24;
}

/// Symbols of 8-bit pictures: other sizes do not occur, and would not fit the decoder's bit window.
static int is_expected_symbol(unsigned symbol, int is_dc) { return is_dc ? symbol <= 11 : (symbol & 15) <= 10; }

/// Looks up what follows the first code of each index.
static void derive_pairs(jpeg_huffman *table) {
    const uint32_t mask = (1 << JPEG_LOOKUP_BITS) - 1;
    for (uint32_t i = 0; i <= mask; i++) {
        uint32_t first = table->lookup[i], used = first & 255;
        uint64_t entry = first | (uint64_t)used << 32;
        uint32_t second = used < JPEG_LOOKUP_BITS ? table->lookup[i << used & mask] : 0;
        uint32_t both = used + (second & 255);
        int ends_block = (first >> 8 & 255) == JPEG_END_OF_BLOCK;
        if (first && second && !ends_block && both <= JPEG_LOOKUP_BITS) {
            uint32_t size = second >> 16 & 15;
            int32_t value = (int32_t)(i >> (JPEG_LOOKUP_BITS - both) & ((1u << size) - 1));
            if (size && !(value >> (size - 1))) value -= (1 << size) - 1;
            entry = (entry & ~255ull) | both | (uint64_t)(second >> 8 & 255) << 40 | (uint64_t)(uint16_t)value << 48;
        }
        table->pairs[i] = entry;
    }
}

/// Derives the lookup; 0 when the code is not prefix-free or uses the all-ones word.
static int derive(jpeg_huffman *table, int is_dc) {
    memset(table->lookup, 0, sizeof table->lookup);
    uint32_t code = 0;
    int32_t index = 0;
    for (unsigned length = 1; length <= 16; length++) {
        table->offset[length] = index - (int32_t)code;
        for (unsigned i = 0; i < table->counts[length - 1]; i++, index++, code++) {
            if (!is_expected_symbol(table->symbols[index], is_dc)) return 0;
            if (code + 1 >= 1u << length) return 0;
            if (length > JPEG_LOOKUP_BITS) continue;
            uint32_t entry = lookup_entry(length, table->symbols[index], is_dc);
            unsigned spare = JPEG_LOOKUP_BITS - length;
            for (uint32_t k = 0; k < 1u << spare; k++) table->lookup[(code << spare) + k] = entry;
        }
        table->limit[length] = code << (16 - length);
        code <<= 1;
    }
    if (!is_dc) derive_pairs(table);
    return 1;
}

/// Takes a table, and derives its lookup only if it is not the one of the last file.
static int take_huffman(jpeg_huffman *table, const uint8_t *counts, const uint8_t *symbols, size_t symbol_count,
                        int is_dc) {
    if (table->is_valid && !memcmp(table->counts, counts, 16) && !memcmp(table->symbols, symbols, symbol_count)) {
        return 1;
    }
    memcpy(table->counts, counts, 16);
    memcpy(table->symbols, symbols, symbol_count);
    table->is_valid = derive(table, is_dc);
    return table->is_valid;
}

static int parse_huffman(jpeg_headers *headers, const uint8_t *p, size_t count) {
    while (count) {
        if (count < 17) return 0;
        unsigned is_ac = p[0] >> 4, index = p[0] & 15;
        if (is_ac > 1 || index > 3) return 0;
        size_t symbols = 0;
        for (int i = 0; i < 16; i++) symbols += p[1 + i];
        if (symbols > 256 || count < 17 + symbols) return 0;
        jpeg_huffman *table = is_ac ? &headers->ac[index] : &headers->dc[index];
        if (!take_huffman(table, p + 1, p + 17, symbols, !is_ac)) return 0;
        (is_ac ? headers->has_ac : headers->has_dc)[index] = 1;
        p += 17 + symbols;
        count -= 17 + symbols;
    }
    return 1;
}

static int parse_frame(jpeg_headers *headers, const uint8_t *p, size_t count) {
    jpeg_frame *frame = &headers->frame;
    if (count < 6 || p[0] != 8) return 0;
    frame->height = (int32_t)read16(p + 1);
    frame->width = (int32_t)read16(p + 3);
    frame->component_count = p[5];
    if (frame->component_count != 1 && frame->component_count != 3) return 0;
    if (!frame->width || !frame->height || count != 6 + 3 * (size_t)frame->component_count) return 0;
    for (int c = 0; c < frame->component_count; c++) {
        const uint8_t *q = p + 6 + 3 * c;
        frame->components[c] =
            (jpeg_component){.id = q[0], .horizontal = q[1] >> 4, .vertical = q[1] & 15, .quantisation = q[2]};
        if (q[2] > 3) return 0;
    }
    return 1;
}

static int parse_scan_components(jpeg_headers *headers, const uint8_t *p, size_t count) {
    jpeg_frame *frame = &headers->frame;
    size_t components = (size_t)frame->component_count;
    if (count != 4 + 2 * components || p[0] != components) return 0;
    for (size_t c = 0; c < components; c++) {
        jpeg_component *component = &frame->components[c];
        component->dc_table = p[2 + 2 * c] >> 4;
        component->ac_table = p[2 + 2 * c] & 15;
        if (p[1 + 2 * c] != component->id || component->dc_table > 3 || component->ac_table > 3) return 0;
        if (!headers->has_dc[component->dc_table] || !headers->has_ac[component->ac_table]) return 0;
        if (!headers->has_quantisation[component->quantisation]) return 0;
    }
    const uint8_t *spectrum = p + 1 + 2 * components;
    return spectrum[0] == 0 && spectrum[1] == 63 && spectrum[2] == 0;
}

/// Whether the three components are YCbCr, by libjpeg's rules.
static int is_ycc(const jpeg_frame *frame, const header_state *state) {
    if (state->has_jfif || state->adobe_transform == 1) return 1;
    if (state->adobe_transform >= 0) return 0;
    return frame->components[0].id == 1 && frame->components[1].id == 2 && frame->components[2].id == 3;
}

static int settle_sampling(jpeg_frame *frame, const header_state *state) {
    jpeg_component *luma = &frame->components[0];
    if (frame->component_count == 1) {
        // A lone component is not interleaved: its factors mean nothing.
        luma->horizontal = luma->vertical = 1;
    } else {
        int is_known = (luma->horizontal == 1 || luma->horizontal == 2) && luma->vertical >= 1 &&
                       luma->vertical <= luma->horizontal;
        for (int c = 1; c < 3; c++) {
            is_known &= frame->components[c].horizontal == 1 && frame->components[c].vertical == 1;
        }
        int are_distinct = luma->id != frame->components[1].id && luma->id != frame->components[2].id &&
                           frame->components[1].id != frame->components[2].id;
        if (!is_known || !are_distinct || !is_ycc(frame, state)) return 0;
    }
    int32_t mcu_width = 8 * luma->horizontal, mcu_height = 8 * luma->vertical;
    frame->mcu_columns = (frame->width + mcu_width - 1) / mcu_width;
    frame->mcu_rows = (frame->height + mcu_height - 1) / mcu_height;
    return 1;
}

static int parse_segment(jpeg_headers *headers, header_state *state, uint8_t marker, const uint8_t *p, size_t count) {
    switch (marker) {
    case MARKER_DQT: return parse_quantisation(headers, p, count);
    case MARKER_DHT: return parse_huffman(headers, p, count);
    case MARKER_DRI: headers->frame.restart_interval = count == 2 ? (uint32_t)read16(p) : 0; return count == 2;
    case MARKER_SOF0:
    case MARKER_SOF1:
        if (state->has_frame) return 0;
        state->has_frame = 1;
        return parse_frame(headers, p, count);
    case MARKER_APP0: state->has_jfif |= count >= 14 && !memcmp(p, "JFIF", 5); return 1;
    case MARKER_APP14:
        if (count >= 12 && !memcmp(p, "Adobe", 5)) state->adobe_transform = p[11];
        return 1;
    default: return (marker > MARKER_APP0 && marker <= MARKER_APP15) || marker == MARKER_COM;
    }
}

int vf_region_parse(jpeg_headers *headers, const uint8_t *bytes, size_t count) {
    memset(headers->has_quantisation, 0, sizeof headers->has_quantisation);
    memset(headers->has_dc, 0, sizeof headers->has_dc);
    memset(headers->has_ac, 0, sizeof headers->has_ac);
    headers->frame = (jpeg_frame){0};
    header_state state = {.adobe_transform = -1};
    if (count < 4 || bytes[0] != 0xff || bytes[1] != MARKER_SOI) return 0;
    size_t at = 2;
    while (count - at >= 4 && bytes[at] == 0xff) {
        if (bytes[at + 1] == 0xff) {
            at++;  // fill byte
            continue;
        }
        uint8_t marker = bytes[at + 1];
        size_t length = read16(bytes + at + 2);
        if (length < 2 || length > count - at - 2) return 0;
        const uint8_t *payload = bytes + at + 4;
        at += 2 + length;
        if (marker == MARKER_SOS) {
            headers->scan_start = at;
            return state.has_frame && parse_scan_components(headers, payload, length - 2) &&
                   settle_sampling(&headers->frame, &state);
        }
        if (!parse_segment(headers, &state, marker, payload, length - 2)) return 0;
    }
    return 0;
}
