#ifndef VERIFAR_CODEC_BUFFER_H
#define VERIFAR_CODEC_BUFFER_H

#include <stdlib.h>

#include "codec_types.h"

/// Bytes that an encoder appends to.
typedef struct {
    uint8_t *bytes;
    size_t count;
    size_t capacity;
} vf_codec_buffer;

/// Makes room for `extra` more bytes; 0 when memory is short, and the buffer is then as it was.
static inline int vf_codec_buffer_reserve(vf_codec_buffer *buffer, size_t extra) {
    if (buffer->capacity - buffer->count >= extra) return 1;
    size_t capacity = (buffer->count + extra) * 2;
    uint8_t *grown = realloc(buffer->bytes, capacity);
    if (!grown) return 0;
    buffer->bytes = grown;
    buffer->capacity = capacity;
    return 1;
}

#endif
