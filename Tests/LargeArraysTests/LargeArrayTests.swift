import LargeArrays
import Testing

@Suite struct LargeArrayTests {
    private func array(_ count: Int, _ place: LargeArrayPlace) -> LargeArray<UInt32> {
        let builder = LargeArrayBuilder<UInt32>(count: count, place: place)
        for index in 0..<count { builder.elements.initializeElement(at: index, to: UInt32(index) &* 2_654_435_761) }
        builder.giveBack(0..<count)
        return builder.finish()
    }

    /// A page holds 1,024 of them, a block 1,048,576.
    @Test(arguments: [0, 1, 1023, 1024, 1025, 1_048_576, 1_100_001])
    func elementsAreTheSameWhereverTheyLie(count: Int) {
        let inMemory = array(count, .memory)
        let inFile = array(count, .file)
        #expect(!inMemory.isInFile && inFile.isInFile == (count > 0))
        #expect(inMemory == inFile && inFile.hashValue == inMemory.hashValue)
        // Written, given back, read, given back, read again.
        inFile.giveBack(0..<count)
        #expect(inFile == inMemory)
        #expect(Array(inFile) == (0..<count).map { UInt32($0) &* 2_654_435_761 })
    }

    @Test func smallArraysLieInMemoryAndLargeOnesInAFile() {
        #expect(!LargeArrayBuilder<UInt8>(count: LargeArray<UInt8>.fileThreshold - 1).finish().isInFile)
        let large = LargeArrayBuilder<UInt8>(count: LargeArray<UInt8>.fileThreshold).finish()
        #expect(large.isInFile)
        // Sharing, not copying.
        #expect(LargeArray(large).isInFile)
    }

    @Test func blocksCoverEveryElementOnceInOrder() {
        let count = 2 * LargeArray<UInt32>.blockLength + 17
        let (first, second) = (array(count, .file), array(count, .memory))
        var next = 0
        first.forEachBlock(with: second, second) { start, first, second, third in
            #expect(start == next && first.elementsEqual(second) && third.elementsEqual(second))
            #expect(first.count <= LargeArray<UInt32>.blockLength)
            next += first.count
        }
        #expect(next == count)
    }

    @Test func keepingKeepsTheOrder() {
        let values: LargeArray<Float> = [5, 1, -.infinity, 4, -.infinity]
        #expect(values.keeping { values[$0] > -.infinity } == [5, 1, 4])
        #expect(values.keeping { _ in false }.isEmpty)
    }

    @Test func anArrayOfAFewBytesMayLieInAFile() {
        let builder = LargeArrayBuilder<UInt8>(count: 3, place: .file)
        builder.elements.initialize(repeating: 7)
        #expect(builder.finish() == [7, 7, 7])
    }
}
