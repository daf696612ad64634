internal import LargeArrays

/// The columns of ``Comparisons`` while several threads fill them, each part of a file the rows of its own lines only.
struct ComparisonColumns {
    let first: LargeArrayBuilder<UInt32>
    let second: LargeArrayBuilder<UInt32>
    let labels: LargeArrayBuilder<UInt8>

    init(count: Int, place: LargeArrayPlace) {
        first = LargeArrayBuilder(count: count, place: place)
        second = LargeArrayBuilder(count: count, place: place)
        labels = LargeArrayBuilder(count: count, place: place)
    }

    @inline(__always)
    func set(_ row: Int, _ first: UInt32, _ second: UInt32, _ label: UInt8) {
        self.first.elements[row] = first
        self.second.elements[row] = second
        labels.elements[row] = label
    }

    /// Rows that are written and not read soon.
    func giveBack(_ rows: Range<Int>) {
        first.giveBack(rows)
        second.giveBack(rows)
        labels.giveBack(rows)
    }

    func finish() -> Comparisons {
        Comparisons(columns: first.finish(), second.finish(), labels.finish())
    }
}
