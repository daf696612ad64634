import ArtifactFiles
import FaceImaging
import Foundation
import TestSupport
import Testing
import VerifarCLI

/// `verifar embed` on files as people have them.
@Suite struct EmbedTests {
    /// Runs a command; the lines that it prints on standard error.
    private func run(_ arguments: [String]) async -> (status: Int32, errors: String) {
        var lines: [String] = []
        let status = await VerifarCommand.run(arguments) { lines.append($0) }
        return (status, lines.joined(separator: "\n"))
    }

    /// A folder with an untrained network for faces of 112 x 112.
    private func withNetwork(_ body: (_ folder: String, _ network: String) async throws -> Void) async throws {
        let folder = NSTemporaryDirectory() + "verifar-embed-\(UUID().uuidString)"
        defer { FileSystem.remove(folder) }
        try FileSystem.createFolder(folder + "/images")
        let network = folder + "/m.safetensors"
        let created = await run(["checkpoint", "create", "mbf", network, "--width", "0.125", "--embedding", "32"])
        #expect(created.status == 0, "\(created.errors)")
        try await body(folder, network)
    }

    private func image(width: Int, height: Int) -> RGBImage {
        let pixels = (0..<width * height * 3).map { UInt8(($0 * $0 / 7 + $0 / width) % 251) }
        return RGBImage(width: width, height: height, pixels: pixels)
    }

    /// The rows that a folder's images give.
    private func rows(_ folder: String, _ network: String, _ more: [String] = []) async throws -> [Float] {
        let output = folder + "/out.npy"
        let embed = ["embed", "--checkpoint", network, "--images", folder + "/images", "--output", output, "--quiet"]
        let result = await run(embed + more)
        #expect(result.status == 0, "\(result.errors)")
        return try NPYFile(path: output).floats()
    }

    @Test func orientationIsAppliedUnlessIgnored() async throws {
        try await withNetwork { folder, network in
            let stored = image(width: 112, height: 112)
            // eXIf with orientation 8, before the pixels.
            let tiff: [UInt8] = [
                0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 8, 0, 0, 0, 0, 0, 0,
            ]
            let plain = try stored.pngData()
            let chunk = Array("eXIf".utf8) + tiff
            let checksum = withUnsafeBytes(of: PNGChecksum.of(chunk).bigEndian) { Array($0) }
            let marked = plain.prefix(33) + [0, 0, 0, UInt8(tiff.count)] + chunk + checksum + plain.dropFirst(33)
            try AtomicFile.write(Array(marked), to: folder + "/images/marked.png")
            let applied = try await rows(folder, network)
            let ignored = try await rows(folder, network, ["--ignore-exif"])
            try AtomicFile.write(plain, to: folder + "/images/marked.png")
            #expect(try await rows(folder, network) == ignored)
            let upright = stored.upright(from: ImageOrientation(exif: 8))
            try AtomicFile.write(upright.pngData(), to: folder + "/images/marked.png")
            #expect(try await rows(folder, network) == applied)
            #expect(applied != ignored)
        }
    }

    @Test func oneImageIsEmbeddedAsAFolderOfOneIs() async throws {
        try await withNetwork { folder, network in
            try AtomicFile.write(image(width: 112, height: 112).pngData(), to: folder + "/images/1.png")
            let listed = try await rows(folder, network)
            let output = folder + "/one.npy"
            let embed = ["embed", "--checkpoint", network, "--output", output, "--quiet", "--images"]
            let single = await run(embed + [folder + "/images/1.png"])
            #expect(single.status == 0, "\(single.errors)")
            #expect(try NPYFile(path: output).floats() == listed)
            try AtomicFile.write([0x52, 0x49, 0x46, 0x46, 0xff, 0xfe], to: folder + "/1.webp")
            let other = await run(embed + [folder + "/1.webp"])
            #expect(other.status == 1 && other.errors.contains("a folder of images"), "\(other.errors)")
            try FileSystem.createFolder(folder + "/nested/a")
            let nested = await run(embed + [folder + "/nested"])
            #expect(nested.status == 1 && nested.errors.contains("nested/a"), "\(nested.errors)")
        }
    }
}

extension EmbedTests {
    @Test func photographsAreToldWhatTheyNeed() async throws {
        try await withNetwork { folder, network in
            try AtomicFile.write(image(width: 199, height: 201).pngData(), to: folder + "/images/größer 1.png")
            let embed = [
                "embed", "--checkpoint", network, "--images", folder + "/images", "--output", folder + "/o.npy",
            ]
            let refused = await run(embed + ["--quiet"])
            #expect(refused.status == 1)
            for word in ["größer 1.png", "112x112", "199x201", "landmarks", "--landmarks FILE"] {
                #expect(refused.errors.contains(word), "\(refused.errors)")
            }
            // The person's own sides, as RetinaFace's package writes them.
            let json =
                #"{"größer 1.png": {"face_1": {"landmarks": {"right_eye": [80, 90], "left_eye": [120, 91], "#
                + #""nose": [100, 110], "mouth_right": [84, 130], "mouth_left": [117, 131]}}}}"#
            try AtomicFile.write(json, to: folder + "/faces.json")
            let fromJSON = try await rows(folder, network, ["--landmarks", folder + "/faces.json"])
            let line = #"größer 1.png 80 90 120 91 100 110 84 130 117 131 0.99"#
            try AtomicFile.write(line, to: folder + "/faces.txt")
            #expect(try await rows(folder, network, ["--landmarks", folder + "/faces.txt"]) == fromJSON)
        }
    }

    @Test func aFolderOfOtherFormatsNamesThem() async throws {
        try await withNetwork { folder, network in
            for name in ["a.webp", "b.heic"] { try AtomicFile.write("RIFF....WEBP", to: folder + "/images/" + name) }
            let embed = [
                "embed", "--checkpoint", network, "--images", folder + "/images", "--output", folder + "/o.npy",
            ]
            let refused = await run(embed)
            #expect(refused.status == 1)
            #expect(refused.errors.contains("1 .heic (b.heic), 1 .webp (a.webp)"), "\(refused.errors)")
            try AtomicFile.write("RIFF....WEBPVP8 ", to: folder + "/images/c.jpg")
            let disguised = await run(embed)
            #expect(disguised.errors.contains("a WebP image, which is not read"), "\(disguised.errors)")
        }
    }
}

/// A PNG chunk's checksum.
private enum PNGChecksum {
    static func of(_ bytes: [UInt8]) -> UInt32 {
        var crc: UInt32 = 0xffff_ffff
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xedb8_8320 : crc >> 1 }
        }
        return ~crc
    }
}
