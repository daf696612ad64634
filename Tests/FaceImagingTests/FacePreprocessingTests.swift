import ArtifactFiles
import FaceImaging
import Foundation
import Testing

@Suite("Preprocessing")
struct FacePreprocessingTests {
    static func normalised(
        _ preprocessing: FacePreprocessing,
        _ faces: [UInt8],
        mirrored: Bool = false,
        level: InstructionLevel = .current
    ) -> [Float] {
        var input = [Float](repeating: .nan, count: faces.count)
        input.withUnsafeMutableBufferPointer { to in
            faces.withUnsafeBufferPointer { from in
                preprocessing.normalise(from, into: to, mirrored: mirrored, level: level)
            }
        }
        return input
    }

    static func faces(_ preprocessing: FacePreprocessing, count: Int = 2) -> [UInt8] {
        RGBImage.sample(width: preprocessing.width, height: preprocessing.height * count, noise: 255).pixels
    }

    @Test("Follows the formula, channel by channel, plain and mirrored", arguments: FacePreprocessing.all)
    func formula(named: FacePreprocessing.Named) {
        let preprocessing = named.preprocessing
        let (width, height) = (preprocessing.width, preprocessing.height)
        let faces = Self.faces(preprocessing)
        for mirrored in [false, true] {
            let input = Self.normalised(preprocessing, faces, mirrored: mirrored)
            for index in input.indices {
                let channel = preprocessing.channels == .rgb ? index % 3 : 2 - index % 3
                let x = index / 3 % width
                let row = index / 3 / width
                let from = mirrored ? width - 1 - x : x
                let value = Float(faces[(row * width + from) * 3 + channel])
                let expected = (value - preprocessing.mean[channel]) / preprocessing.std[channel]
                if input[index] != expected {
                    Issue.record("\(named.name) at \(index): \(input[index]) instead of \(expected)")
                    return
                }
            }
            #expect(input.count == 2 * width * height * 3)
        }
    }

    @Test("Is the same at every level, for sizes that are no multiple of a vector")
    func levelsAgree() throws {
        for width in [1, 2, 15, 16, 17, 31, 33, 96, 113] {
            for channels in ChannelOrder.allCases {
                let preprocessing = try FacePreprocessing(
                    width: width,
                    height: 7,
                    channels: channels,
                    mean: [123.675, 116.28, 103.53],
                    std: [58.395, 57.12, 57.375],
                    template: "arcface"
                )
                let faces = Self.faces(preprocessing)
                for mirrored in [false, true] {
                    let results = InstructionLevel.available.map { level in
                        Self.normalised(preprocessing, faces, mirrored: mirrored, level: level)
                    }
                    #expect(Set(results).count == 1)
                    #expect(results[0].allSatisfy { $0.isFinite })
                }
            }
        }
    }

    @Test("The values of the named ones are the field's")
    func namedValues() throws {
        #expect(
            FacePreprocessing.all.map(\.name) == [
                "insightface", "insightface-128", "imagenet", "adaface", "sphereface",
            ]
        )
        func ends(_ name: String) throws -> [Float] {
            let preprocessing = try FacePreprocessing.named(name)
            let pixels = (0..<preprocessing.faceByteCount).map { UInt8($0 / 3 == 0 ? 0 : 255) }
            let input = Self.normalised(preprocessing, pixels)
            return Array(input[0..<6])
        }
        #expect(try ends("insightface") == [-1, -1, -1, 1, 1, 1])
        #expect(try ends("adaface") == [-1, -1, -1, 1, 1, 1])
        #expect(try ends("insightface-128")[0] == -127.5 / 128)
        #expect(try ends("sphereface")[3] == 127.5 / 128)
        // torchvision: (x / 255 - mean) / std
        let imagenet: [Float] = [-2.117904, -2.0357144, -1.8044444, 2.2489083, 2.4285715, 2.64]
        for (found, expected) in zip(try ends("imagenet"), imagenet) { #expect(abs(found - expected) < 1e-6) }
        #expect(FacePreprocessing.insightface.name == "insightface")
        #expect(try FacePreprocessing.named("adaface").channels == .bgr)
        let sphereface = try FacePreprocessing.named("sphereface")
        #expect(sphereface.width == 96 && sphereface.height == 112 && sphereface.template == "sphereface")
    }

    @Test("Unknown names list the known ones")
    func unknownNames() throws {
        let error = #expect(throws: InputError.self) { _ = try FacePreprocessing.named("arcface") }
        #expect(error?.code == .unknownName)
        for name in FacePreprocessing.all.map(\.name) { #expect(error?.description.contains(name) == true) }
        let template = #expect(throws: InputError.self) { _ = try FaceTemplate.named("insightface") }
        for name in FaceTemplate.all.map(\.name) { #expect(template?.description.contains(name) == true) }
    }

    @Test("Values out of range are refused")
    func validation() throws {
        func make(
            width: Int = 112,
            mean: [Float] = [0, 0, 0],
            std: [Float] = [1, 1, 1],
            template: String = "arcface"
        ) throws(InputError) {
            _ = try FacePreprocessing(
                width: width,
                height: 112,
                channels: .rgb,
                mean: mean,
                std: std,
                template: template
            )
        }
        try make()
        #expect(throws: InputError.self) { try make(width: 0) }
        #expect(throws: InputError.self) { try make(width: 5000) }
        #expect(throws: InputError.self) { try make(mean: [0, 0]) }
        #expect(throws: InputError.self) { try make(mean: [0, .nan, 0]) }
        #expect(throws: InputError.self) { try make(std: [1, 0, 1]) }
        #expect(throws: InputError.self) { try make(std: [1, -1, 1]) }
        #expect(throws: InputError.self) { try make(template: "none") }
    }

    @Test("Survives JSON, in the shape of reports, and prints itself", arguments: FacePreprocessing.all)
    func coding(named: FacePreprocessing.Named) throws {
        let data = try JSONEncoder().encode(named.preprocessing)
        #expect(try JSONDecoder().decode(FacePreprocessing.self, from: data) == named.preprocessing)
        let object = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(Set(object.keys) == ["size", "channels", "mean", "std", "template"])
        #expect(object["size"] as? [Int] == [named.preprocessing.width, named.preprocessing.height])
        #expect(throws: (any Error).self) {
            _ = try JSONDecoder()
                .decode(
                    FacePreprocessing.self,
                    from: Data(
                        #"{"size":[112],"channels":"rgb","mean":[0,0,0],"std":[1,1,1],"template":"arcface"}"#.utf8
                    )
                )
        }
        #expect(
            try FacePreprocessing.named("sphereface").description
                == "96x112 rgb, mean 127.5,127.5,127.5, std 128,128,128, template sphereface"
        )
    }

    @Test("Templates scale with the height and stay centred")
    func templates() throws {
        #expect(FaceTemplate.arcface.points(width: 112, height: 112) == FaceTemplate.arcface.points)
        #expect(FaceTemplate.arcface.points(width: 224, height: 224).nose == FaceTemplate.arcface.points.nose * 2)
        let narrow = FaceTemplate.arcface.points(width: 96, height: 112)
        for (one, other) in zip(narrow.points, FaceTemplate.sphereface.points.points) {
            #expect(abs(one.x - other.x) < 1e-12 && one.y == other.y)
        }
        #expect(FaceTemplate.arcface128.points.leftEye == SIMD2(46.2946, 51.6963))
    }
}
