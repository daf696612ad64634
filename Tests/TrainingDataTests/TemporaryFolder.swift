import ArtifactFiles
import Foundation

/// A folder that goes away with the test.
final class TemporaryFolder {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "verifar-training-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { FileSystem.remove(path) }

    @discardableResult
    func write(_ bytes: [UInt8], _ name: String) throws -> String {
        let file = FileSystem.join(path, name)
        let folder = file.split(separator: "/").dropLast().joined(separator: "/")
        try FileSystem.createFolder("/" + folder)
        try AtomicFile.write(bytes, to: file)
        return file
    }
}

/// The error that `body` throws; nil when it throws none.
func inputError(_ body: () throws -> Void) -> InputError? {
    do {
        try body()
        return nil
    } catch {
        return error as? InputError
    }
}
