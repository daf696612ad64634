public import ArtifactFiles
internal import CKernels

/// The order of a network's input channels.
public enum ChannelOrder: String, Hashable, Sendable, CaseIterable, Codable {
    /// Red first.
    case rgb
    /// Blue first.
    case bgr
}

/// How a picture becomes a network's input: alignment, size, channels and normalisation.
public struct FacePreprocessing: Hashable, Sendable {
    /// The face's width in pixels.
    public var width: Int
    /// The face's height in pixels.
    public var height: Int
    /// The order of the channels.
    public var channels: ChannelOrder
    /// Subtracted from each channel's pixel values 0…255: red, green, blue, whatever ``channels`` is.
    public var mean: [Float]
    /// What the difference is divided by: red, green, blue, whatever ``channels`` is.
    public var std: [Float]
    /// The alignment template's name.
    public var template: String

    /// Creates preprocessing from single values.
    ///
    /// - Parameters:
    ///   - width: Pixels, 1…4096.
    ///   - height: Pixels, 1…4096.
    ///   - channels: The order of the channels.
    ///   - mean: Of red, green and blue, in pixel values 0…255.
    ///   - std: Of red, green and blue, in pixel values 0…255; positive.
    ///   - template: The alignment template's name.
    /// - Throws: ``InputError``: `usage` for values out of range, `unknownName` for an unknown template.
    public init(
        width: Int,
        height: Int,
        channels: ChannelOrder,
        mean: [Float],
        std: [Float],
        template: String
    ) throws(InputError) {
        self.init(unchecked: width, height, channels, mean, std, template)
        try validate()
    }

    private init(
        unchecked width: Int,
        _ height: Int,
        _ channels: ChannelOrder,
        _ mean: [Float],
        _ std: [Float],
        _ template: String
    ) {
        (self.width, self.height, self.channels) = (width, height, channels)
        (self.mean, self.std, self.template) = (mean, std, template)
    }

    /// Checks values that were changed one by one.
    ///
    /// - Throws: As the initialiser.
    public func validate() throws(InputError) {
        let sides = 1...4096
        guard sides.contains(width), sides.contains(height) else {
            throw InputError(
                .usage,
                "face size out of range",
                expected: "1 to \(sides.upperBound) pixels a side",
                found: "\(width)x\(height)"
            )
        }
        guard mean.count == 3, mean.allSatisfy(\.isFinite) else {
            throw InputError(.usage, "mean is not three finite numbers", found: "\(mean)")
        }
        guard std.count == 3, std.allSatisfy({ $0.isFinite && $0 > 0 }) else {
            throw InputError(.usage, "std is not three positive numbers", found: "\(std)")
        }
        _ = try FaceTemplate.named(template)
    }

    /// The bytes of one aligned face, `height × width × 3`.
    public var faceByteCount: Int { width * height * 3 }
}

extension FacePreprocessing {
    /// One line of the list of known preprocessings.
    public struct Named: Hashable, Sendable {
        /// What commands and reports call it.
        public let name: String
        /// What it is for.
        public let summary: String
        /// Its values.
        public let preprocessing: FacePreprocessing
    }

    /// Every named preprocessing.
    public static let all: [Named] = [
        Named(
            name: "insightface",
            summary: "InsightFace's PyTorch models: (x−127.5)/127.5",
            preprocessing: insightface
        ),
        Named(
            name: "insightface-128",
            summary: "older InsightFace and MobileFaceNet models: (x−127.5)/128",
            preprocessing: square([127.5, 127.5, 127.5], [128, 128, 128])
        ),
        Named(
            name: "imagenet",
            summary: "ImageNet's mean and standard deviation, as torchvision applies them",
            preprocessing: square(
                // 255 × (0.485, 0.456, 0.406) and (0.229, 0.224, 0.225).
                [123.675, 116.28, 103.53],
                [58.395, 57.12, 57.375]
            )
        ),
        Named(
            name: "adaface",
            summary: "AdaFace: (x−127.5)/127.5, blue first",
            preprocessing: square([127.5, 127.5, 127.5], [127.5, 127.5, 127.5], .bgr)
        ),
        Named(
            name: "sphereface",
            summary: "96 wide, 112 high faces: (x−127.5)/128",
            preprocessing: FacePreprocessing(
                unchecked: 96,
                112,
                .rgb,
                [127.5, 127.5, 127.5],
                [128, 128, 128],
                FaceTemplate.sphereface.name
            )
        ),
    ]

    /// InsightFace's PyTorch models: the default where nothing else is known.
    public static let insightface = square([127.5, 127.5, 127.5], [127.5, 127.5, 127.5])

    /// Finds a preprocessing by name.
    ///
    /// - Throws: ``InputError`` (`unknownName`) that lists the known names.
    public static func named(_ name: String) throws(InputError) -> FacePreprocessing {
        guard let found = all.first(where: { $0.name == name }) else {
            throw .unknownName(name, kind: "preprocessing", known: all.map(\.name))
        }
        return found.preprocessing
    }

    /// The name of these values, when they have one.
    public var name: String? { Self.all.first { $0.preprocessing == self }?.name }

    private static func square(_ mean: [Float], _ std: [Float], _ channels: ChannelOrder = .rgb) -> FacePreprocessing {
        FacePreprocessing(unchecked: 112, 112, channels, mean, std, FaceTemplate.arcface.name)
    }
}

extension FacePreprocessing: CustomStringConvertible {
    /// `112x112 rgb, mean 127.5,127.5,127.5, std 128,128,128, template arcface`; the size is width × height.
    public var description: String {
        func list(_ values: [Float]) -> String {
            values.map { $0 == $0.rounded() && abs($0) < 1e6 ? "\(Int($0))" : "\($0)" }.joined(separator: ",")
        }
        return "\(width)x\(height) \(channels.rawValue), mean \(list(mean)), std \(list(std)), template \(template)"
    }
}

extension FacePreprocessing: Codable {
    private enum CodingKeys: String, CodingKey {
        case size
        case channels
        case mean
        case std
        case template
    }

    /// Decodes `{size: [width, height], channels, mean, std, template}` as reports hold it, and validates it.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let size = try container.decode([Int].self, forKey: .size)
        guard size.count == 2 else {
            throw InputError(.malformed, "size is not [width, height]", place: "key \"size\"", found: "\(size)")
        }
        try self.init(
            width: size[0],
            height: size[1],
            channels: container.decode(ChannelOrder.self, forKey: .channels),
            mean: container.decode([Float].self, forKey: .mean),
            std: container.decode([Float].self, forKey: .std),
            template: container.decode(String.self, forKey: .template)
        )
    }

    /// Encodes `{size: [width, height], channels, mean, std, template}`.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode([width, height], forKey: .size)
        try container.encode(channels, forKey: .channels)
        try container.encode(mean, forKey: .mean)
        try container.encode(std, forKey: .std)
        try container.encode(template, forKey: .template)
    }
}

extension FacePreprocessing {
    /// Turns faces into a network's input: (x − mean) / std in single precision, in the network's channel order.
    ///
    /// - Parameters:
    ///   - faces: `[faces, height, width, 3]`, RGB.
    ///   - input: Receives `[faces, height, width, 3]`.
    ///   - mirrored: Whether each face is mirrored left to right.
    public func normalise(
        _ faces: UnsafeBufferPointer<UInt8>,
        into input: UnsafeMutableBufferPointer<Float>,
        mirrored: Bool = false
    ) {
        normalise(faces, into: input, mirrored: mirrored, level: .current)
    }

    package func normalise(
        _ faces: UnsafeBufferPointer<UInt8>,
        into input: UnsafeMutableBufferPointer<Float>,
        mirrored: Bool,
        level: InstructionLevel
    ) {
        precondition(faces.count == input.count && faces.count.isMultiple(of: faceByteCount))
        precondition(mean.count == 3 && std.count == 3)
        guard let from = faces.baseAddress, let to = input.baseAddress else { return }
        let isSwapped = channels == .bgr
        vf_normalise(
            from,
            to,
            Int32(width),
            Int32(height * (faces.count / faceByteCount)),
            isSwapped ? mean.reversed() : mean,
            isSwapped ? std.reversed() : std,
            isSwapped ? 1 : 0,
            mirrored ? 1 : 0,
            level.isa
        )
    }
}

/// An instruction-set level that the pixel kernels are built for.
///
/// Results do not depend on it; tests compare them.
package enum InstructionLevel: String, CaseIterable, Sendable {
    /// Baseline code of the platform.
    case portable
    /// AVX2.
    case avx2
    /// AVX-512 F, BW, DQ, VL.
    case avx512

    /// The level in use: the CPU's best, or the one that `VERIFAR_ISA` asks for.
    package static var current: InstructionLevel { InstructionLevel(vf_isa_level()) }

    /// The levels that this CPU can run.
    package static var available: [InstructionLevel] {
        allCases.filter { $0.isa.rawValue <= vf_isa_best().rawValue }
    }

    private init(_ isa: vf_isa) {
        switch isa {
        case VF_ISA_AVX512: self = .avx512
        case VF_ISA_AVX2: self = .avx2
        default: self = .portable
        }
    }

    var isa: vf_isa {
        switch self {
        case .portable: VF_ISA_PORTABLE
        case .avx2: VF_ISA_AVX2
        case .avx512: VF_ISA_AVX512
        }
    }
}
