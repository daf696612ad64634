import ArtifactFiles
import FaceProtocols
import Foundation
import Testing

/// The package's root, found from this file.
let packageRoot = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

func fixture(_ name: String) -> String { "\(packageRoot)/Fixtures/FaceProtocols/\(name)" }

/// A copy of a fixture that a test may change, with an empty file for each image; removed when the value goes away.
final class TemporaryData {
    let path: String
    static let list = "meta/ijbc_face_tid_mid.txt"
    static let landmarks = "meta/ijbc_name_5pts_score.txt"
    static let pairs = "meta/ijbc_template_pair_label.txt"
    static let subjects = "meta/subjects.csv"

    /// An empty folder.
    init() throws {
        path = "/tmp/verifar-protocol-\(UInt64.random(in: 0 ... .max))"
        try FileSystem.createFolder(path)
    }

    /// A copy of a fixture.
    convenience init(copyOf name: String) throws {
        try self.init()
        try FileManager.default.copyItem(atPath: "\(fixture(name))/meta", toPath: "\(path)/meta")
        for line in try lines(Self.list) {
            let image = "\(path)/loose_crop/\(line.split(separator: " ")[0])"
            try FileSystem.createFolder(URL(fileURLWithPath: image).deletingLastPathComponent().path)
            try Data().write(to: URL(fileURLWithPath: image))
        }
    }

    deinit { FileSystem.remove(path) }

    func text(_ file: String) throws -> String { try String(contentsOfFile: "\(path)/\(file)", encoding: .utf8) }

    func bytes(_ file: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: "\(path)/\(file)")))
    }

    func lines(_ file: String) throws -> [String] {
        try text(file).split(separator: "\n").map(String.init)
    }

    func write(_ text: String, _ file: String) throws { try write(Array(text.utf8), file) }

    /// Writes without waiting for the disk, which hundreds of small files would do for long.
    func write(_ bytes: [UInt8], _ file: String) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: "\(path)/\(file)"))
    }

    /// Changes a file's lines.
    func edit(_ file: String, _ change: (inout [String]) -> Void) throws {
        var edited = try lines(file)
        change(&edited)
        try write(edited.map { $0 + "\n" }.joined(), file)
    }

    func remove(_ file: String) { FileSystem.remove("\(path)/\(file)") }
}

/// A descriptor in a file of one's own.
func descriptor(_ yaml: String) throws -> ProtocolDescriptor {
    let path = "/tmp/verifar-protocol-\(UInt64.random(in: 0 ... .max)).yml"
    try Data(yaml.utf8).write(to: URL(fileURLWithPath: path))
    defer { FileSystem.remove(path) }
    return try ProtocolCatalogue().descriptor(path)
}

/// The layout of the fixtures without counts.
let plainDescriptor = """
    name: plain
    format: insightface-ijb
    files: {prefix: ijbc}
    """

func read(
    _ folder: String,
    _ yaml: String = plainDescriptor,
    _ options: ProtocolReadOptions = ProtocolReadOptions(checksImageFiles: false)
) throws -> ProtocolReading {
    try ProtocolReader(descriptor(yaml), options: options).read(dataFolder: folder)
}
