import ArtifactFiles
import FaceProtocols
import Foundation
import Testing

@Suite struct DescriptorTests {
    /// Each case: what replaces what in the descriptor, and what the message must say.
    @Test(arguments: [
        ("name: plain", "name: Plain Name", ["line 1", "key \"name\"", "lower-case"]),
        ("name: plain\n", "", ["'name' is missing"]),
        ("name: plain", "name: ../../etc", ["not a protocol name"]),
        ("format: insightface-ijb", "format: nist", ["line 2", "unknown protocol format 'nist'", "insightface-ijb"]),
        ("format:", "fromat:", ["line 2", "unknown key 'fromat'", "name, title, format, files, counts, digests"]),
        ("prefix: ijbc", "prefx: ijbc", ["files.prefx", "unknown key of 'files' 'prefx'", "prefix, images, meta"]),
        ("{prefix: ijbc}", "{}", ["files.prefix", "begin with"]),
        ("prefix: ijbc", "prefix: ../x", ["files.prefix", "leaves its folder"]),
        ("prefix: ijbc", "prefix: ijbc, images: /etc", ["files.images", "absolute"]),
        ("prefix: ijbc", "prefix: ijbc, meta: a/../..", ["files.meta", "leaves its folder"]),
        ("prefix: ijbc", "prefix: [ijbc]", ["files.prefix", "a text"]),
        ("name:", "counts: {image: 3}\nname:", ["counts.image", "unknown key 'image'", "images, templates"]),
        ("name:", "counts: {images: -3}\nname:", ["counts.images", "negative"]),
        ("name:", "counts: {images: many}\nname:", ["counts.images", "an integer"]),
        ("name:", "digests: {meta/x.txt: abc}\nname:", ["digests.meta/x.txt", "SHA-256"]),
        ("name:", "digests: {../x.txt: abc}\nname:", ["digests.../x.txt", "leaves its folder"]),
        ("name: plain", "name: plain\nname: other", ["'name'", "twice"]),
    ]) func aFileOfOnesOwnIsStrict(_ change: (from: String, to: String, parts: [String])) throws {
        let text = plainDescriptor.replacing(change.from, with: change.to)
        try #require(text != plainDescriptor)
        let error = #expect(throws: InputError.self) { try descriptor(text) }
        let message = error?.description ?? ""
        #expect(message.contains(".yml"), "\(message)")
        for part in change.parts {
            #expect(message.contains(part.replacing("'name'", with: "name")) || message.contains(part), "\(message)")
        }
    }

    @Test func writtenDescriptorsAreReadBack() throws {
        for name in try ProtocolCatalogue().names() {
            let original = try ProtocolCatalogue().descriptor(name)
            let copy = try descriptor(original.yaml)
            #expect(copy.name == original.name && copy.title == original.title && copy.format == original.format)
            #expect(copy.files == original.files && copy.counts == original.counts)
            #expect(copy.obtain == original.obtain && copy.licence == original.licence)
            #expect(copy.citation == original.citation)
        }
        let hostile = "title: \"a\\\"b\\\\c\\n\\x01 # x\"\n" + plainDescriptor
        #expect(try descriptor(descriptor(hostile).yaml).title == "a\"b\\c\n\u{1} # x")
    }
}

@Suite struct CatalogueTests {
    @Test func knowsThePublishedSizes() throws {
        let ijbc = try ProtocolCatalogue().descriptor("ijbc")
        #expect(ijbc.source == .embedded)
        #expect(ijbc.counts.images == 469_375 && ijbc.counts.templates == 23_124)
        #expect(ijbc.counts.comparisons == 15_658_489 && ijbc.counts.genuine == 19_557)
        let ijbb = try ProtocolCatalogue().descriptor("ijbb")
        #expect(ijbb.counts.images == 227_630 && ijbb.counts.templates == 12_115)
        #expect(ijbb.counts.comparisons == 8_010_270 && ijbb.counts.genuine == 10_270)
    }

    @Test(arguments: ["ijbd", "IJBC", "", "megaface"]) func anUnknownNameListsTheKnown(_ name: String) {
        let error = #expect(throws: InputError.self) { try ProtocolCatalogue().descriptor(name) }
        #expect(error?.code == .unknownName)
        #expect(error?.description.contains("ijbb, ijbc") == true)
    }

    @Test(arguments: ["absent.yml", "./ijbc", "absent/protocol.yaml"]) func aMissingFileIsNamed(_ file: String) {
        let error = #expect(throws: InputError.self) { try ProtocolCatalogue().descriptor(file) }
        #expect(error?.code == .missing)
        #expect(error?.file == file)
    }

    @Test func unknownFormatsListTheKnown() {
        let error = #expect(throws: InputError.self) { try ProtocolFormats.named("csv") }
        #expect(error?.description.contains("insightface-ijb") == true)
        #expect(Set(ProtocolFormats.all.map(\.name)).count == ProtocolFormats.all.count)
    }

    @Test(arguments: ProtocolFormats.all.map(\.name)) func eachFormatDemandsItsSettingsAndAMissingFileIsNamed(
        _ name: String
    ) throws {
        let format = try ProtocolFormats.named(name)
        #expect(!format.summary.isEmpty)
        let required = format.settings.filter { $0.defaultValue == nil }.map(\.key)
        for missing in required {
            let files = required.filter { $0 != missing }.map { "\($0): x" }.joined(separator: ", ")
            let error = #expect(throws: InputError.self) {
                try descriptor("name: x\nformat: \(name)\nfiles: {\(files)}")
            }
            #expect(error?.description.contains("files.\(missing)") == true)
        }
        // NIST's format has no single required key: it needs those of 1:1 or those of 1:N.
        let needed = name == "nist-csv" ? ["templates", "matches"] : required
        let files = needed.map { "\($0): x" }.joined(separator: ", ")
        let data = try TemporaryData()
        let error = #expect(throws: InputError.self) {
            try read(data.path, "name: x\nformat: \(name)\nfiles: {\(files)}")
        }
        #expect(error?.code == .missing)
        #expect(error?.file?.hasPrefix(data.path) == true)
    }

    @Test func aCheckoutAddsAndOverridesProtocols() throws {
        let data = try TemporaryData()
        let folder = "\(data.path)/Protocols"
        for name in ["mine", "ijbc"] {
            try FileSystem.createFolder("\(folder)/\(name)")
            try AtomicFile.write(
                plainDescriptor.replacing("name: plain", with: "name: \(name)"),
                to: "\(folder)/\(name)/protocol.yml"
            )
        }
        try FileSystem.createFolder("\(folder)/empty")
        let places = ["/nonexistent/a", "\(data.path)/.build/release", "/"]
        #expect(ProtocolCatalogue.checkoutFolder(near: places) == nil)
        try data.write("", "Package.swift")
        #expect(ProtocolCatalogue.checkoutFolder(near: places) == folder)
        let catalogue = ProtocolCatalogue(folder: folder)
        #expect(try catalogue.names() == (ProtocolCatalogue.embedded.map(\.name) + ["mine"]).sorted())
        #expect(try catalogue.descriptor("mine").source == .file("\(folder)/mine/protocol.yml"))
        #expect(try catalogue.descriptor("ijbc").source == .file("\(folder)/ijbc/protocol.yml"))
        #expect(try catalogue.descriptor("ijbb").source == .embedded)
        let error = #expect(throws: InputError.self) { try catalogue.descriptor("other") }
        #expect(error?.description.contains("lfw-pairs, mine, nist-ijbb") == true)
        // A descriptor must carry its folder's name.
        try AtomicFile.write(plainDescriptor, to: "\(folder)/mine/protocol.yml")
        #expect(throws: InputError.self) { try catalogue.descriptor("mine") }
    }
}

@Suite struct EmbeddedProtocolTests {
    private static let folder = "\(packageRoot)/Protocols"

    private static func onDisk() throws -> [(name: String, text: String)] {
        try FileSystem.names(inFolder: folder).filter { FileSystem.isFolder("\(folder)/\($0)") }
            .map { name in
                (name, try String(contentsOfFile: "\(folder)/\(name)/protocol.yml", encoding: .utf8))
            }
    }

    @Test func everyProtocolOfTheFolderIsEmbeddedAsItIs() throws {
        let onDisk = try Self.onDisk()
        #expect(ProtocolCatalogue.embedded.map(\.name) == onDisk.map(\.name))
        #expect(ProtocolCatalogue.embedded.map { String(decoding: $0.yaml, as: UTF8.self) } == onDisk.map(\.text))
    }

    @Test func eachProtocolIsWholeAndCarriesItsFoldersName() throws {
        let catalogue = ProtocolCatalogue(folder: Self.folder)
        for name in try catalogue.names() {
            let descriptor = try catalogue.descriptor(name)
            #expect(descriptor.name == name)
            #expect(descriptor.obtain != nil)
            // One's own data have no published size.
            guard name != "folder" else { continue }
            #expect(descriptor.licence != nil && descriptor.citation != nil)
            #expect(!descriptor.counts.all.isEmpty)
        }
    }
}
