import ForeignReaders
import SeededRandom
import TestSupport
import Testing

/// A reader answers any bytes with a value or an error; the process survives.
///
/// `Scripts/fuzz` does the same for hours.
@Suite struct ForeignReadersTests {
    private static let mutantsPerReader = 2000

    @Test(.timeLimit(.minutes(1)), arguments: ForeignReaders.all.map(\.name))
    func survivesDamagedFiles(_ name: String) throws {
        let reader = try #require(ForeignReaders.all.first { $0.name == name })
        let seeds = try reader.seeds()
        #expect(!seeds.isEmpty)
        let session = try FuzzSession(reader)
        session.run([])
        for seed in seeds { session.run(seed) }
        var random = SeededGenerator(seed: 7, stream: UInt64(name.utf8.count))
        for number in 0..<Self.mutantsPerReader {
            var mutant = seeds[number % seeds.count]
            if number % 4 == 3 {
                Damage.exaggerate(&mutant, &random)
            } else {
                for _ in 0...random.index(below: 4) { Damage.apply(to: &mutant, &random) }
            }
            if number % 8 == 0 { mutant.removeLast(random.index(below: mutant.count + 1)) }
            if number % 8 == 1, let token = reader.dictionary.randomElement(using: &random) {
                mutant.insert(contentsOf: token, at: random.index(below: mutant.count + 1))
            }
            session.run(mutant)
        }
    }

    /// Some seed of every reader is read, or the mutants would be of nothing.
    @Test(arguments: ForeignReaders.all.map(\.name))
    func someSeedIsRead(_ name: String) throws {
        let reader = try #require(ForeignReaders.all.first { $0.name == name })
        let folder = try ScratchFolder()
        let read = try reader.seeds()
            .filter { seed in
                do {
                    try reader.read(seed, in: folder)
                    return true
                } catch {
                    return false
                }
            }
        #expect(!read.isEmpty)
    }
}
