import ArtifactFiles
import Foundation
import Testing

@Suite struct FileAccessTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func aMappedFileHoldsTheBytes() throws {
        let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let file = try MappedFile(path: folder.write(bytes, "a"))
        #expect(file.count == bytes.count)
        #expect(file.withBytes { Array($0) } == bytes)
        let empty = try MappedFile(path: folder.write([], "empty"))
        #expect(empty.count == 0)
        #expect(empty.withBytes { $0.count } == 0)
    }

    @Test func whatIsNoRegularFileIsRefusedWithoutWaiting() throws {
        let pipe = folder.file("pipe")
        #expect(mkfifo(pipe, 0o600) == 0)
        for path in [folder.file("absent"), folder.path, pipe, "/dev/zero"] {
            let error = #expect(throws: InputError.self) { _ = try MappedFile(path: path) }
            #expect(error?.code == .missing && error?.file == path)
        }
    }

    @Test func foldersAreCreatedWithTheirParentsAndListedByBytes() throws {
        let deep = folder.file("x/y/z")
        try FileSystem.createFolder(deep)
        try FileSystem.createFolder(deep)
        #expect(FileSystem.isFolder(deep) && !FileSystem.isFolder(deep + "/absent"))
        for name in ["b", "a10", "a2", "ä", "B"] { _ = try folder.write([1], name) }
        #expect(folder.names == ["B", "a10", "a2", "b", "x", "ä"])
        #expect(!FileSystem.isFolder(folder.file("b")) && FileSystem.exists(folder.file("b")))
        FileSystem.remove(folder.file("x"))
        #expect(!FileSystem.exists(deep))
        FileSystem.remove(folder.file("x"))
        #expect(throws: InputError.self) { try FileSystem.names(inFolder: folder.file("x")) }
        #expect(throws: InputError.self) { try FileSystem.createFolder(folder.file("b/c")) }
    }

    @Test func pathsAreJoinedAndTakenApart() {
        #expect(FileSystem.join("a", "b") == "a/b" && FileSystem.join("a/", "b") == "a/b")
        #expect(FileSystem.lastComponent("/a/b.jpg") == "b.jpg" && FileSystem.lastComponent("a/b/") == "b")
        #expect(FileSystem.lastComponent("b") == "b" && FileSystem.lastComponent("/") == "/")
    }

    @Test func digestsAreThoseOfFIPS180() throws {
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        let nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        #expect(ContentDigest(of: "abc").description == abc)
        #expect(ContentDigest(of: [UInt8]()).description == nothing)
        #expect(try ContentDigest(ofFile: folder.write(Array("abc".utf8), "abc")).description == abc)
        #expect(try ContentDigest(ofFile: folder.write([], "none")).description == nothing)
        let pieces = Array("abc".utf8)
            .withUnsafeBytes { bytes in
                ContentDigest(of: [
                    UnsafeRawBufferPointer(rebasing: bytes[..<1]), UnsafeRawBufferPointer(rebasing: bytes[1...]),
                ])
            }
        #expect(pieces.description == abc)
        #expect(ContentDigest(bytes: pieces.bytes) == pieces && ContentDigest(bytes: [1, 2]) == nil)
        #expect(throws: InputError.self) { try ContentDigest(ofFile: folder.file("absent")) }
    }

    @Test func anErrorIsOneLineWithFilePlaceAndDetails() {
        let error = InputError(
            .malformed,
            "bad number",
            file: "a\nb.txt",
            place: "line 3",
            expected: "0 or 1",
            found: "\u{1b}[31m"
        )
        #expect(error.description == #"a\nb.txt: line 3: bad number (expected 0 or 1, found \u{1B}[31m)"#)
        #expect(InputError(.usage, "no").description == "no")
        #expect(InputError(.usage, "no").inFile("f").inFile("g").description == "f: no")
        #expect(
            InputError.unknownName("x", kind: "protocol", known: ["a", "b"]).description
                == "unknown protocol 'x' (expected one of a, b)"
        )
    }
}

@Suite struct ImageFileNameTests {
    @Test func otherFormatsAreCountedAndNamed() {
        var names = ImageFileNames()
        let taken = [
            "a.jpg", "b.JPEG", "c.PnG", "d.webp", "e.WEBP", "f.bmp", ".hidden.gif", "notes.txt", "g", "h.webp",
            "i.webp",
        ]
        .filter { names.takes($0) }
        #expect(taken == ["a.jpg", "b.JPEG", "c.PnG"])
        #expect(names.imageCount == 5)
        let summary = names.summary ?? ""
        #expect(summary.contains("1 .bmp (f.bmp), 4 .webp (d.webp, e.WEBP, h.webp, …), 2 other files (notes.txt, g)"))
        #expect(summary.contains("only JPEG and PNG are read"))
        #expect(ImageFileNames().summary == nil)
    }
}
