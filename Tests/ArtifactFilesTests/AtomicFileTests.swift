import ArtifactFiles
import Foundation
import Testing

@Suite struct AtomicFileTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func contents(_ name: String) throws -> [UInt8] {
        try MappedFile(path: folder.file(name)).withBytes { Array($0) }
    }

    @Test func theFileAppearsOnCommitAndNotBefore() throws {
        var file = try AtomicFile(path: folder.file("a"))
        try file.write("first ")
        try file.write([0x73, 0x65])
        #expect(!FileSystem.exists(folder.file("a")))
        try file.commit()
        #expect(try contents("a") == Array("first se".utf8))
        #expect(folder.names == ["a"])
    }

    @Test func withoutACommitNothingIsLeft() throws {
        try AtomicFile.write("old", to: folder.file("a"))
        do {
            var file = try AtomicFile(path: folder.file("a"))
            try file.write("new")
        }
        #expect(try contents("a") == Array("old".utf8))
        #expect(folder.names == ["a"])
    }

    @Test func piecesOfEverySizeArriveInOrder() throws {
        var file = try AtomicFile(path: folder.file("a"))
        var expected: [UInt8] = []
        for (index, size) in [1, 1 << 18, 3, (1 << 18) - 1, 0, 1 << 20, 100_000, 100_000, 100_000].enumerated() {
            let piece = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ index) }
            expected += piece
            try file.write(piece)
        }
        try file.commit(survivingPowerFailure: false)
        #expect(try contents("a") == expected)
    }

    @Test func twoWritersOfOneDestinationDoNotMix() throws {
        var first = try AtomicFile(path: folder.file("a"))
        var second = try AtomicFile(path: folder.file("a"))
        try first.write("first")
        try second.write("second")
        try first.commit()
        #expect(try contents("a") == Array("first".utf8))
        try second.commit()
        #expect(try contents("a") == Array("second".utf8))
        #expect(folder.names == ["a"])
    }

    @Test func whatCannotBeWrittenIsAnErrorThatNamesTheDestination() throws {
        #expect(throws: InputError.self) { try AtomicFile.write("x", to: folder.file("absent/a")) }
        let destination = folder.file("directory")
        try FileSystem.createFolder(destination)
        let error = #expect(throws: InputError.self) { try AtomicFile.write("x", to: destination) }
        #expect(error?.code == .unwritable && error?.file == destination)
        // The failed rename leaves no temporary file behind.
        #expect(folder.names == ["directory"])
    }

    /// `/dev/full` refuses every byte: it is put in the place of the temporary file's descriptor.
    @Test(.enabled(if: FileSystem.exists("/dev/full"))) func aFullDiskIsAnErrorAndTheOldFileStays() throws {
        let path = folder.file("a")
        try AtomicFile.write("old", to: path)
        var file = try AtomicFile(path: path)
        let descriptor = open("/dev/full", O_WRONLY)
        let own = try #require(try descriptorOfANewFile(in: folder))
        #expect(dup2(descriptor, own) == own)
        close(descriptor)
        try file.write("new")
        let result: InputError?
        do throws(InputError) {
            try file.commit()
            result = nil
        } catch {
            result = error
        }
        #expect(result?.code == .unwritable)
        #expect(try contents("a") == Array("old".utf8))
        #expect(folder.names == ["a"])
    }

    /// This process's descriptor of the only file in a folder that is being written.
    private func descriptorOfANewFile(in folder: TemporaryFolder) throws -> Int32? {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap { Int32($0) }
            .first { descriptor in
                let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(descriptor)")
                return target?.hasPrefix(folder.path + "/") == true
            }
    }

    @Test(.enabled(if: FileSystem.exists("/proc/self/fd")))
    func aFileThatIsBeingWrittenHasNoName() throws {
        var file = try AtomicFile(path: folder.file("a"))
        try file.write([UInt8](repeating: 1, count: 1 << 20))
        #expect(folder.names.isEmpty)
        try file.commit()
        #expect(folder.names == ["a"])
        // Over a file, and with names taken that a killed process may have left.
        for number in 0..<3 {
            try AtomicFile.write(
                "x",
                to: folder.file("a.\(ProcessInfo.processInfo.processIdentifier)-\(number).partial")
            )
        }
        try AtomicFile.write("new", to: folder.file("a"))
        #expect(try contents("a") == Array("new".utf8) && folder.names.count == 4)
    }

    /// Where nameless files or links cannot be made, the others must do.
    @Test(arguments: AtomicFile.Way.allCases) func everyWayGivesTheSame(_ way: AtomicFile.Way) throws {
        let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        for round in 0..<3 {
            var file = try AtomicFile(path: folder.file("a"), way: way)
            try file.write(bytes + [UInt8(round)])
            #expect(folder.names.count == (round == 0 ? 0 : 1) + (way == .renamed ? 1 : 0))
            try file.commit(survivingPowerFailure: round != 1)
            #expect(try contents("a") == bytes + [UInt8(round)])
            #expect(folder.names == ["a"])
        }
        do {
            var file = try AtomicFile(path: folder.file("a"), way: way)
            try file.write("never")
        }
        try FileSystem.createFolder(folder.file("b"))
        let error = #expect(throws: InputError.self) {
            var file = try AtomicFile(path: folder.file("b"), way: way)
            try file.write("x")
            try file.commit()
        }
        #expect(error?.code == .unwritable && folder.names == ["a", "b"])
    }

    @Test(arguments: AtomicFile.Way.allCases) func theModeIsThatOfANewFile(_ way: AtomicFile.Way) throws {
        let plain = folder.file("plain")
        close(open(plain, O_WRONLY | O_CREAT, 0o644))
        let file = try AtomicFile(path: folder.file("a"), way: way)
        try file.commit()
        var (expected, found) = (stat(), stat())
        #expect(stat(plain, &expected) == 0 && stat(folder.file("a"), &found) == 0)
        #expect(found.st_mode == expected.st_mode && found.st_nlink == 1)
    }
}
