import ArtifactFiles
import Foundation
import Testing

/// What `Scripts/oracles/npy_files.py` wrote with NumPy.
struct NPYGolden: Decodable, Sendable, CustomTestStringConvertible {
    let name: String
    let type: String
    let shape: [Int]
    let values: [Double]

    var testDescription: String { name }

    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../Fixtures/ArtifactFiles").standardized.path

    static func all() throws -> [NPYGolden] {
        try JSONDecoder().decode([NPYGolden].self, from: Data(contentsOf: URL(fileURLWithPath: folder + "/npy.json")))
    }

    var path: String { "\(Self.folder)/\(name).npy" }
}

@Suite struct NPYFileTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test(arguments: try NPYGolden.all())
    func numPysFilesAreRead(golden: NPYGolden) throws {
        let file = try NPYFile(path: golden.path)
        #expect(file.elementType.rawValue == golden.type && file.shape == golden.shape)
        #expect(file.count == golden.values.count)
        #expect(try file.doubles() == golden.values)
        if file.elementType.isSinglePrecision {
            #expect(try file.floats() == golden.values.map { Float($0) })
            #expect(try file.withFloats { Array($0) } == golden.values.map { Float($0) })
            #expect(throws: InputError.self) { _ = try file.integers() }
        } else if file.elementType == .float64 {
            #expect(throws: InputError.self) { _ = try file.floats() }
            #expect(throws: InputError.self) { _ = try file.integers() }
        } else {
            #expect(try file.integers() == golden.values.map { Int($0) })
            #expect(throws: InputError.self) { _ = try file.withFloats { _ in } }
        }
    }

    @Test func signedZerosSurvive() throws {
        let zero = try NPYFile(path: NPYGolden.folder + "/single.npy").floats()[1]
        #expect(zero == 0 && zero.sign == .minus)
    }

    @Test func theOtherByteOrderIsRead() throws {
        let file = try NPYFile(path: NPYGolden.folder + "/big_endian.npy")
        #expect(try file.floats() == [0, 1, 2, 3])
        #expect(try file.withFloats { Array($0) } == [0, 1, 2, 3])
    }

    @Test(arguments: ["fortran", "complex", "object", "structure", "text"])
    func otherFilesOfNumPyAreRefusedByName(name: String) throws {
        let path = "\(NPYGolden.folder)/refused_\(name).npy"
        let error = #expect(throws: InputError.self) { _ = try NPYFile(path: path) }
        #expect(error?.file == path && error?.place != nil)
        #expect(error?.code == .unsupported || name == "structure")
    }

    @Test func writtenFilesAreNumPysToTheByte() throws {
        let values: [Float] = [0, -0.0, 1.5, -2.25, 1e-7, 65504]
        try NPYFile.write(values, shape: [2, 3], to: folder.file("a.npy"))
        let expected = try Data(contentsOf: URL(fileURLWithPath: NPYGolden.folder + "/single.npy"))
        #expect(try Data(contentsOf: URL(fileURLWithPath: folder.file("a.npy"))) == expected)
        try NPYFile.write([Float](), shape: [0, 512], to: folder.file("empty.npy"))
        #expect(
            try Data(contentsOf: URL(fileURLWithPath: folder.file("empty.npy")))
                == Data(contentsOf: URL(fileURLWithPath: NPYGolden.folder + "/empty.npy"))
        )
    }

    @Test func everyWrittenTypeComesBack() throws {
        let path = folder.file("a.npy")
        try NPYFile.write([1.5, -.infinity, .pi] as [Double], to: path)
        #expect(try NPYFile(path: path).doubles() == [1.5, -.infinity, .pi])
        try NPYFile.write([0, 255] as [UInt8], to: path)
        #expect(try NPYFile(path: path).integers() == [0, 255])
        try NPYFile.write([0, .max] as [UInt32], shape: [1, 2], to: path)
        #expect(try NPYFile(path: path).integers() == [0, 4_294_967_295])
        try NPYFile.write([.min, .max] as [Int64], to: path)
        #expect(try NPYFile(path: path).integers() == [.min, .max])
        try NPYFile.write([3.5] as [Float], shape: [], to: path)
        #expect(try NPYFile(path: path).shape == [] && NPYFile(path: path).floats() == [3.5])
    }

    @Test func aLargeArrayIsWrittenInPieces() throws {
        let path = folder.file("a.npy")
        var writer = try NPYWriter<Float>(path: path, shape: [300, 1000])
        for row in 0..<300 {
            let values = (0..<1000).map { Float(row * 1000 + $0) }
            if row.isMultiple(of: 2) {
                try writer.append(values)
            } else {
                let pieces = [values[..<400], values[400...]]
                for piece in pieces { try writer.append(Array(piece)) }
            }
        }
        #expect(!FileSystem.exists(path))
        try writer.commit()
        let file = try NPYFile(path: path)
        #expect(file.shape == [300, 1000])
        #expect(try file.withFloats { values in values.enumerated().allSatisfy { $1 == Float($0) } })
    }

    @Test func integersThatDoublePrecisionCannotHoldAreRefusedByTheirPlace() throws {
        let path = folder.file("a.npy")
        try NPYFile.write([1, 1 << 53 + 1] as [Int64], to: path)
        let error = #expect(throws: InputError.self) { _ = try NPYFile(path: path).doubles() }
        #expect(error?.place == "element 1, byte 136")
        let huge = header("<u8", "(1,)") + [UInt8](repeating: 255, count: 8)
        let unsigned = try folder.write(huge, "b.npy")
        let refusal = #expect(throws: InputError.self) { _ = try NPYFile(path: unsigned).integers() }
        #expect(refusal?.place == "element 0, byte 128" && refusal?.found == "18446744073709551615")
    }

    // MARK: Hostile and odd headers

    /// A version 1 file with a dictionary as given.
    private func file(_ dictionary: String, data: [UInt8] = [], version: UInt8 = 1, length: Int? = nil) -> [UInt8] {
        let length = length ?? dictionary.utf8.count
        let lengthBytes = (0..<(version == 1 ? 2 : 4)).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) }
        return [0x93] + Array("NUMPY".utf8) + [version, 0] + lengthBytes + Array(dictionary.utf8) + data
    }

    private func header(_ type: String, _ shape: String, order: String = "False") -> [UInt8] {
        var text = "{'descr': '\(type)', 'fortran_order': \(order), 'shape': \(shape), }"
        text += String(repeating: " ", count: 128 - 11 - text.utf8.count) + "\n"
        return file(text)
    }

    @Test func unusualButValidHeadersAreRead() throws {
        let data: [UInt8] = [0, 0, 128, 63, 0, 0, 0, 64]
        for dictionary in [
            "{'shape': (2,), 'fortran_order': False, 'descr': '<f4'}",
            "{\"descr\":\"<f4\",\"fortran_order\":True,\"shape\":(2,)}",
            "  { 'descr' : '<f4' , 'fortran_order' : False , 'shape' : ( 2 , ) , }   \n",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (2L,), }\n",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2, 1), }",
            // An odd length: the data are not aligned.
            "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), } \n",
        ] {
            for version in 1...3 as ClosedRange<UInt8> {
                let path = try folder.write(file(dictionary, data: data, version: version), "a.npy")
                let array = try NPYFile(path: path)
                #expect(array.count == 2)
                #expect(try array.floats() == [1, 2])
                #expect(try array.withFloats { Array($0) } == [1, 2])
            }
        }
        let path = try folder.write(
            file("{'descr': '|b1', 'fortran_order': False, 'shape': (3,)}", data: [0, 1, 2]),
            "b"
        )
        #expect(try NPYFile(path: path).integers() == [0, 1, 1])
    }

    @Test(arguments: [
        "", "{", "}", "{}", "()", "{'descr': '<f4'}", "{'descr': '<f4', 'fortran_order': False}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2)", "{'descr': '<f4', 'fortran_order': False, 'shape': 2}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': [2]}", "{'descr': '<f4', 'fortran_order': 0, 'shape': (2,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-2,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (+2,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2.0,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (0x2,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 9223372036854775807)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 0)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} x",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}}",
        "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'extra': 1}",
        "{'descr': '<f3', 'fortran_order': False, 'shape': (2,)}",
        "{'descr': 'f4', 'fortran_order': False, 'shape': (2,)}",
        "{'descr': '', 'fortran_order': False, 'shape': (2,)}", "{'descr': '<', 'fortran_order': False, 'shape': (2,)}",
        "{'descr': '<é', 'fortran_order': False, 'shape': (2,)}",
        "{'descr': |O, 'fortran_order': False, 'shape': (2,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'a", "__import__('os').system('true')",
        "{'descr': '<f4' 'fortran_order': False, 'shape': (2,)}",
        "{'descr' '<f4', 'fortran_order': False, 'shape': (2,)}",
        "{'descr': '<f4', 'fortran_order': Falsely, 'shape': (2,)}",
        "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 2)}",
    ])
    func malformedHeadersAreRefusedWithTheirPlace(dictionary: String) throws {
        let path = try folder.write(file(dictionary, data: [0, 0, 128, 63, 0, 0, 0, 64]), "a.npy")
        let error = #expect(throws: InputError.self) { _ = try NPYFile(path: path) }
        #expect(error?.file == path && error?.place?.isEmpty == false)
        #expect((error?.description.utf8.count ?? 0) < path.utf8.count + 300)
    }

    @Test func manyAxesAndLongHeadersAreRefused() throws {
        let axes = String(repeating: "1,", count: 40)
        let many = try folder.write(
            file("{'descr': '|u1', 'fortran_order': False, 'shape': (\(axes))}", data: [1]),
            "many"
        )
        #expect(throws: InputError.self) { _ = try NPYFile(path: many) }
        let long = try folder.write(file("{}", version: 2, length: Int(UInt32.max)), "long")
        #expect(throws: InputError.self) { _ = try NPYFile(path: long) }
        let cut = try folder.write(file("{}", length: 4000), "cut")
        let error = #expect(throws: InputError.self) { _ = try NPYFile(path: cut) }
        #expect(error?.code == .truncated)
        let version = try folder.write(file("{}", version: 4), "version")
        #expect(throws: InputError.self) { _ = try NPYFile(path: version) }
    }

    @Test func everyPrefixAndEveryLongerFileIsRefused() throws {
        let whole = [UInt8](try Data(contentsOf: URL(fileURLWithPath: NPYGolden.folder + "/single.npy")))
        for length in 0..<whole.count {
            let path = try folder.write(Array(whole[..<length]), "cut.npy")
            #expect(throws: InputError.self) { _ = try NPYFile(path: path) }
        }
        let longer = try folder.write(whole + [0], "longer.npy")
        let error = #expect(throws: InputError.self) { _ = try NPYFile(path: longer) }
        #expect(error?.code == .malformed && error?.place == "byte 152")
        #expect(error?.expected == "152 bytes" && error?.found == "153")
    }

    /// No single damaged byte of the header may crash the reader, or change what is read without being noticed.
    @Test func damagedHeadersNeverCrash() throws {
        let whole = [UInt8](try Data(contentsOf: URL(fileURLWithPath: NPYGolden.folder + "/double.npy")))
        for position in 0..<128 {
            for change in [0x00, 0xff, UInt8(ascii: "9"), UInt8(ascii: "'"), UInt8(ascii: ")"), whole[position] ^ 1] {
                var damaged = whole
                damaged[position] = change
                let path = try folder.write(damaged, "damaged.npy")
                guard let file = try? NPYFile(path: path) else { continue }
                #expect(file.count * file.elementType.size == 48)
            }
        }
    }
}
