internal import CImageCodecs
internal import CKernels

// The native decoders, each owned by one value.

/// libjpeg's decompressor.
struct JPEGHandle: ~Copyable {
    /// `nil` when memory is short.
    let pointer = vf_jpeg_decoder_create()
    deinit { vf_jpeg_decoder_destroy(pointer) }
}

/// libpng's reader of one picture.
struct PNGHandle: ~Copyable {
    let pointer: OpaquePointer?
    deinit { vf_png_close(pointer) }
}
