// Entropy decoding for `imaging_jpeg_level.h`, which includes this file once for each instruction-set level.

/// A window of at least 56 bits over big-endian data; the next bit is the highest.
typedef struct {
    uint64_t bits;
    unsigned count;  ///< valid bits of the window
    const uint8_t *next;
} bit_reader;

INLINE void refill(bit_reader *reader) {
    uint64_t word;
    memcpy(&word, reader->next, 8);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    reader->bits |= word >> reader->count;
    reader->next += (63 - reader->count) >> 3;
    reader->count |= 56;
}

static void start_segment(bit_reader *reader, const uint8_t *data) {
    *reader = (bit_reader){.next = data};
    refill(reader);
}

/// Bits taken since `start`.
static size_t bits_taken(const bit_reader *reader, const uint8_t *start) {
    return (size_t)(reader->next - start) * 8 - reader->count;
}

/// The entry of a code that is longer than the lookup's index; 0 when there is none.
static __attribute__((noinline)) uint32_t long_code(const jpeg_huffman *table, uint64_t bits) {
    uint32_t window = (uint32_t)(bits >> 48);
    unsigned length = JPEG_LOOKUP_BITS + 1;
    while (length <= 16 && window >= table->limit[length]) length++;
    if (length > 16) return 0;
    uint32_t symbol = table->symbols[(int32_t)(window >> (16 - length)) + table->offset[length]];
    uint32_t size = symbol & 15, run = symbol >> 4;
    uint32_t advance = size || run == 15 ? run + 1 : JPEG_END_OF_BLOCK;
    return (length + size) | advance << 8 | size << 16 | length << 24;
}

INLINE uint32_t next_code(const jpeg_huffman *table, const bit_reader *reader) {
    uint32_t code = table->lookup[reader->bits >> (64 - JPEG_LOOKUP_BITS)];
    return __builtin_expect(code == 0, 0) ? long_code(table, reader->bits) : code;
}

INLINE void take(bit_reader *reader, uint32_t code) {
    // Two expressions for one value: the shift needs no masking, which would lengthen the chain from code to code.
    reader->bits <<= code & 63;
    reader->count -= (uint8_t)code;
}

/// The signed value that follows a code, by the standard's EXTEND; 0 when it has no bits.
INLINE int32_t value_of(uint32_t code, uint64_t bits) {
    unsigned size = code >> 16 & 15;
    uint64_t from_value = bits << (code >> 24);
    int32_t magnitude = (int32_t)((from_value >> 1) >> (63 - size));
    int32_t is_negative = ~(int32_t)((int64_t)from_value >> 63);
    return magnitude - (is_negative & (int32_t)((1u << size) - 1));
}

// MARK: Blocks

/// Pictures of eight bits stay within ±1024; far beyond, the arithmetic of libjpeg's own variants parts ways.
INLINE int is_plausible_dc(int32_t value) { return value >= -2048 && value <= 2047; }

/// The next code and perhaps the one after it; see `jpeg_huffman.pairs`.
INLINE uint64_t next_codes(const jpeg_huffman *table, const bit_reader *reader) {
    uint64_t codes = table->pairs[reader->bits >> (64 - JPEG_LOOKUP_BITS)];
    if (__builtin_expect(codes != 0, 1)) return codes;
    uint32_t code = long_code(table, reader->bits);
    return code | (uint64_t)(code & 255) << 32;
}

INLINE unsigned first_advance(uint64_t codes) { return codes >> 8 & 255; }
INLINE unsigned second_advance(uint64_t codes) { return codes >> 40 & 255; }

/// Whether a block ended as it may, at its last coefficient or by an end-of-block code: `first` and `index` are the
/// zigzag indices after the last two codes. A run beyond the block is damage.
INLINE int is_end(unsigned first, unsigned index) {
    return index == 63 || (index >= JPEG_END_OF_BLOCK && (first < 63 || first >= JPEG_END_OF_BLOCK));
}

/// Gives back the second of the last two codes if the first has filled the block: it is the next block's.
INLINE void give_back(bit_reader *reader, const bit_reader *before, uint64_t codes, unsigned first,
                      unsigned *index) {
    if (__builtin_expect(first != 63 || *index == 63, 1)) return;
    *reader = *before;
    *index = 63;
    take(reader, (uint32_t)(codes >> 32 & 255));
}

/// Reads a DC; 0 when its code is invalid or it is out of range.
INLINE int read_dc(bit_reader *reader, const jpeg_huffman *dc, int32_t *predictor) {
    refill(reader);
    uint32_t code = next_code(dc, reader);
    *predictor += value_of(code, reader->bits);
    take(reader, code);
    return code != 0 && is_plausible_dc(*predictor);
}

/// Consumes a block whose samples nobody needs; 0 when it is damaged.
INLINE int skip_block(bit_reader *stream, const jpeg_huffman *dc, const jpeg_huffman *ac, int32_t *predictor) {
    bit_reader reader = *stream;
    if (!read_dc(&reader, dc, predictor)) return 0;
    bit_reader before;
    uint64_t codes;
    unsigned index = 0, first;
    // One step consumes at most 26 bits: two after each refill. One branch a step: it is hard to predict.
#define SKIP_STEP                              \
    {                                          \
        codes = next_codes(ac, &reader);       \
        if (!codes) return 0;                  \
        before = reader;                       \
        first = index + first_advance(codes);  \
        index = first + second_advance(codes); \
        take(&reader, (uint32_t)codes);        \
        if (index >= 63) break;                \
    }
    for (;;) {
        SKIP_STEP
        refill(&reader);
        SKIP_STEP
    }
    give_back(&reader, &before, codes, first, &index);
    *stream = reader;
    return is_end(first, index);
}

/// Where zigzag positions go in a coefficient buffer that interleaves the rows of BLOCKS blocks. Positions past 63
/// (end of block, damage) go to a spare place.
enum { SPARE = 64 * BLOCKS, COEFFICIENTS = 64 * BLOCKS + 16 };

typedef struct {
    uint8_t position[JPEG_ZIGZAG_SIZE];
} zigzag;

static void make_zigzag(zigzag *order) {
    for (int i = 0; i < JPEG_ZIGZAG_SIZE; i++) {
        int natural = i < 64 ? vf_region_natural_order[i] : 0;
        order->position[i] = (uint8_t)(i < 64 ? (natural >> 3) * 8 * BLOCKS + (natural & 7) : SPARE);
    }
}

/// Decodes a block to dequantised coefficients.
///
/// - Returns: 0 when it is damaged, 1 when only its DC is present, 2 otherwise.
INLINE int decode_block(bit_reader *stream, const jpeg_huffman *dc, const jpeg_huffman *ac, const uint16_t *steps,
                        const zigzag *order, int32_t *predictor, int16_t *block) {
    bit_reader reader = *stream;
    if (!read_dc(&reader, dc, predictor)) return 0;
    block[0] = (int16_t)(*predictor * steps[0]);
    bit_reader before;
    uint64_t codes;
    unsigned index = 0, first;
    // The second value is written first: where there is none, its zero goes to the first's place.
#define DECODE_STEP                                                                        \
    {                                                                                      \
        codes = next_codes(ac, &reader);                                                   \
        if (!codes) return 0;                                                              \
        before = reader;                                                                   \
        int32_t value = value_of((uint32_t)codes, reader.bits);                            \
        first = index + first_advance(codes);                                              \
        index = first + second_advance(codes);                                             \
        block[order->position[index]] = (int16_t)(((int64_t)codes >> 48) * steps[index]);  \
        block[order->position[first]] = (int16_t)(value * steps[first]);                   \
        take(&reader, (uint32_t)codes);                                                    \
        if (index >= 63) break;                                                            \
    }
    for (;;) {
        DECODE_STEP
        refill(&reader);
        DECODE_STEP
    }
    give_back(&reader, &before, codes, first, &index);
    *stream = reader;
    if (!is_end(first, index)) return 0;
    return index == JPEG_END_OF_BLOCK ? 1 : 2;
}
