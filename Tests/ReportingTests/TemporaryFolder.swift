import Foundation

/// A folder for one test, which must remove it in a `defer`: a `deinit` may run before the last use of its path.
struct TemporaryFolder {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "verifar-reporting-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    func remove() { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { path + "/" + name }
}
