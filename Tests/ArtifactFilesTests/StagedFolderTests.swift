import ArtifactFiles
import Foundation
import Testing

@Suite struct StagedFolderTests {
    private let folder: String

    init() throws {
        folder = NSTemporaryDirectory() + "staged-\(UUID().uuidString)"
        try FileSystem.createFolder(folder)
    }

    private func text(_ name: String) -> String? { try? String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8) }

    @Test func filesTakeTheirPlacesTogether() throws {
        defer { FileSystem.remove(folder) }
        for name in ["seal", "a", "other"] { try AtomicFile.write("old", to: "\(folder)/\(name)") }
        let staged = try StagedFolder(in: folder)
        try FileSystem.createFolder("\(staged.path)/pictures")
        for name in ["seal", "a", "pictures/b"] { try AtomicFile.write("new", to: "\(staged.path)/\(name)") }
        #expect(text("seal") == "old" && text("a") == "old")
        try staged.commit(seal: "seal")
        #expect(text("seal") == "new" && text("a") == "new" && text("pictures/b") == "new" && text("other") == "old")
        #expect(try FileSystem.names(inFolder: folder) == ["a", "other", "pictures", "seal"])
    }

    @Test func whatIsGivenUpLeavesNothing() throws {
        defer { FileSystem.remove(folder) }
        try AtomicFile.write("old", to: "\(folder)/seal")
        do {
            let staged = try StagedFolder(in: folder)
            try AtomicFile.write("new", to: "\(staged.path)/seal")
        }
        #expect(try FileSystem.names(inFolder: folder) == ["seal"])
        #expect(text("seal") == "old")
    }

    @Test func whatAKilledProcessLeftIsNotMoved() throws {
        defer { FileSystem.remove(folder) }
        try FileSystem.createFolder("\(folder)/.unfinished")
        try AtomicFile.write("left", to: "\(folder)/.unfinished/left")
        let staged = try StagedFolder(in: folder)
        try AtomicFile.write("new", to: "\(staged.path)/seal")
        try staged.commit(seal: "seal")
        #expect(try FileSystem.names(inFolder: folder) == ["seal"])
    }

    /// A folder that cannot be replaced: the error names it.
    @Test func aPlaceThatIsTakenIsAnError() throws {
        defer { FileSystem.remove(folder) }
        try FileSystem.createFolder("\(folder)/a/b")
        let staged = try StagedFolder(in: folder)
        try AtomicFile.write("new", to: "\(staged.path)/a")
        var error: InputError?
        do throws(InputError) { try staged.commit(seal: "seal") } catch let found { error = found }
        #expect(error?.code == .unwritable && error?.file == "\(folder)/a")
    }
}
