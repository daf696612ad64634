internal import ArtifactFiles
internal import CImageCodecs

/// The one place where C status codes become Swift errors.
enum CodecStatus {
    /// The error of a native decoder that could not be made.
    static let outOfMemory = InputError(.limitExceeded, "out of memory")

    /// Runs a call of the C module.
    ///
    /// - Parameters:
    ///   - format: "JPEG" or "PNG", for the message.
    ///   - call: Receives where the C side writes its message.
    /// - Throws: ``InputError`` with the library's words.
    static func check(
        _ format: String,
        _ call: (UnsafeMutablePointer<vf_codec_message>) -> vf_codec_status
    ) throws(InputError) {
        var message = vf_codec_message()
        let status = call(&message)
        guard status != VF_CODEC_OK else { return }
        let text = withUnsafeBytes(of: &message.text) { raw in
            String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
        }
        throw InputError(code(of: status), "\(format): \(text)")
    }

    private static func code(of status: vf_codec_status) -> InputError.Code {
        switch status {
        case VF_CODEC_TRUNCATED: .truncated
        case VF_CODEC_UNSUPPORTED: .unsupported
        case VF_CODEC_TOO_LARGE, VF_CODEC_NO_MEMORY: .limitExceeded
        default: .malformed
        }
    }
}
