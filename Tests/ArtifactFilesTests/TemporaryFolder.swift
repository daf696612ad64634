import ArtifactFiles
import Foundation

/// A folder that goes away with the value.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = FileSystem.join(NSTemporaryDirectory(), "verifar-tests-\(UUID().uuidString)")
        try FileSystem.createFolder(path)
    }

    deinit { FileSystem.remove(path) }

    func file(_ name: String) -> String { FileSystem.join(path, name) }

    func write(_ bytes: [UInt8], _ name: String) throws -> String {
        let path = file(name)
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        return path
    }

    var names: [String] { (try? FileSystem.names(inFolder: path)) ?? [] }
}
