package import Foundation

/// Files under `Fixtures/` and beside the package.
package enum Fixture {
    /// The package's folder.
    package static let packageFolder: String = {
        let parts = #filePath.split(separator: "/").dropLast(3)
        return "/" + parts.joined(separator: "/")
    }()

    /// The path of a fixture.
    package static func path(_ name: String) -> String { packageFolder + "/Fixtures/" + name }

    /// The bytes of a fixture.
    package static func data(_ name: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path(name))) }

    /// The values of a float32 .npy fixture, whatever its shape.
    package static func floats(_ name: String) throws -> [Float] {
        let bytes = [UInt8](try data(name))
        let headerSize = Int(bytes[8]) | Int(bytes[9]) << 8
        return bytes[(10 + headerSize)...]
            .withUnsafeBytes { raw in
                (0..<raw.count / 4)
                    .map {
                        Float(
                            bitPattern: UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self))
                        )
                    }
            }
    }

    /// The folder of the real test case, or nil where it is absent: tests that need it are then skipped.
    package static let realFaces: String? = {
        let path = ProcessInfo.processInfo.environment["VERIFAR_REALFACES"] ?? packageFolder + "/../shared/realfaces"
        return FileManager.default.fileExists(atPath: path + "/expected.json") ? path : nil
    }()
}
