import ArtifactFiles
import FaceEvaluation
import Foundation
import Testing

@Suite struct EmbeddingCacheTests {
    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = NSTemporaryDirectory() + "verifar-cache-\(UUID().uuidString)"
        defer { FileSystem.remove(folder) }
        try body(folder)
    }

    private let network = ContentDigest(of: "network")

    private func digest(_ number: Int) -> ContentDigest { ContentDigest(of: "face \(number)") }

    private func embedding(_ number: Int) -> [Float] { (0..<8).map { Float(number * 10 + $0) } }

    private func fill(_ folder: String, _ numbers: Range<Int>) throws {
        let cache = try EmbeddingCache(root: folder, network: network, dimensions: 8)
        for number in numbers {
            try embedding(number)
                .withUnsafeBufferPointer { buffer in
                    if let base = buffer.baseAddress { try cache.store(digest(number), base) }
                }
        }
        try cache.flush()
    }

    private func read(_ cache: EmbeddingCache, _ number: Int) -> [Float]? {
        var values = [Float](repeating: -1, count: 8)
        let isThere = values.withUnsafeMutableBufferPointer { buffer in
            buffer.baseAddress.map { cache.copy(digest(number), to: $0) } ?? false
        }
        return isThere ? values : nil
    }

    private func segments(_ folder: String) throws -> [String] {
        let sub = try FileSystem.names(inFolder: folder)[0]
        return try FileSystem.names(inFolder: folder + "/" + sub).map { "\(folder)/\(sub)/\($0)" }
    }

    @Test func whatWasStoredIsFoundByTheNextRun() throws {
        try withFolder { folder in
            try fill(folder, 0..<20)
            try fill(folder, 20..<25)
            let cache = try EmbeddingCache(root: folder, network: network, dimensions: 8)
            #expect(cache.count == 25)
            #expect(cache.damagedRecordCount == 0)
            for number in 0..<25 { #expect(read(cache, number) == embedding(number)) }
            #expect(read(cache, 26) == nil)
            #expect(try segments(folder).count == 2)
        }
    }

    @Test func anotherNetworkSeesNothing() throws {
        try withFolder { folder in
            try fill(folder, 0..<3)
            let other = try EmbeddingCache(root: folder, network: ContentDigest(of: "other"), dimensions: 8)
            #expect(other.count == 0)
        }
    }

    /// Cut anywhere, as by a kill: whole records before the cut stay, nothing wrong appears.
    @Test func aCutFileLosesOnlyWhatWasCut() throws {
        try withFolder { folder in
            try fill(folder, 0..<4)
            let path = try segments(folder)[0]
            let whole = try Data(contentsOf: URL(fileURLWithPath: path))
            for length in stride(from: whole.count, through: 0, by: -7) {
                try whole.prefix(length).write(to: URL(fileURLWithPath: path))
                let cache = try EmbeddingCache(root: folder, network: network, dimensions: 8)
                for number in 0..<4 {
                    if let found = read(cache, number) { #expect(found == embedding(number)) }
                }
                #expect(cache.count == max(0, (length - 12) / 72))
            }
        }
    }

    /// A flipped bit anywhere in a record: that record is not found, the others are.
    @Test func damagedRecordsAreNotFound() throws {
        try withFolder { folder in
            try fill(folder, 0..<4)
            let path = try segments(folder)[0]
            let whole = try Data(contentsOf: URL(fileURLWithPath: path))
            for byte in stride(from: 12, to: whole.count, by: 5) {
                var damaged = whole
                damaged[byte] ^= 0x10
                try damaged.write(to: URL(fileURLWithPath: path))
                let cache = try EmbeddingCache(root: folder, network: network, dimensions: 8)
                #expect(cache.damagedRecordCount == 1)
                let hit = (byte - 12) / 72
                for number in 0..<4 { #expect(read(cache, number) == (number == hit ? nil : embedding(number))) }
            }
        }
    }

    @Test func anUnwritableFolderIsNamed() {
        do {
            _ = try EmbeddingCache(root: "/proc/nowhere", network: network, dimensions: 8)
            Issue.record("no error")
        } catch {
            #expect("\(error)".contains("/proc/nowhere"))
        }
    }
}
