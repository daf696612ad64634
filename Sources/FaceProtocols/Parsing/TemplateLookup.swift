/// Ids from a file and their dense indices: the ranks of the ids in ascending order.
struct DenseIndex {
    /// The distinct ids, ascending.
    let ids: [Int]
    /// The index of each row's id.
    let indices: [UInt32]

    /// Ids below this are looked up in a table of one word each.
    static let tableLimit = 1 << 22

    init(_ rows: [Int]) {
        let largest = rows.max() ?? 0
        if largest < Self.tableLimit {
            var ranks = [UInt32](repeating: 0, count: largest + 1)
            for id in rows { ranks[id] = 1 }
            var ids: [Int] = []
            for id in ranks.indices where ranks[id] != 0 {
                ranks[id] = UInt32(ids.count)
                ids.append(id)
            }
            self.ids = ids
            indices = rows.map { ranks[$0] }
        } else {
            // Rows that follow each other mostly repeat an id.
            var ids = rows.sorted()
            var kept = 0
            for index in ids.indices where index == 0 || ids[index] != ids[kept - 1] {
                ids[kept] = ids[index]
                kept += 1
            }
            ids.removeSubrange(kept...)
            self.ids = ids
            indices = rows.map { UInt32(SortedSearch.firstIndex(in: ids, notLessThan: $0)) }
        }
    }
}

/// Binary search.
enum SortedSearch {
    /// The first index whose id is at least `id`; the count where there is none.
    static func firstIndex(in ids: [Int], notLessThan id: Int) -> Int {
        ids.withUnsafeBufferPointer { firstIndex(in: $0, notLessThan: id) }
    }

    /// The first index whose id is at least `id`; the count where there is none.
    @inline(__always)
    static func firstIndex(in ids: UnsafeBufferPointer<Int>, notLessThan id: Int) -> Int {
        var low = 0
        var length = ids.count
        while length > 0 {
            let half = length >> 1
            // Written so that it becomes a conditional move: the outcome of the comparison cannot be predicted.
            let next = low + half + 1
            let isBelow = ids[low + half] < id
            low = isBelow ? next : low
            length = isBelow ? length - half - 1 : half
        }
        return low
    }
}

/// Template ids → dense indices, for millions of look-ups.
///
/// A table where the ids are small, as in all published protocols; otherwise binary search, which hostile ids cannot
/// slow down as they can a hash table.
package struct TemplateLookup: Sendable {
    private let ids: [Int]
    /// The index plus one by id, 0 for an id that no image has; empty when the ids are large.
    private let table: [UInt32]

    /// Prepares look-ups of ascending ids.
    package init(ids: [Int]) {
        self.ids = ids
        if let largest = ids.last, largest < DenseIndex.tableLimit {
            var table = [UInt32](repeating: 0, count: largest + 1)
            for (index, id) in ids.enumerated() { table[id] = UInt32(index + 1) }
            self.table = table
        } else {
            table = []
        }
    }

    /// Gives `body` a look-up through plain pointers.
    func withPointers<Result>(_ body: (Pointers) -> Result) -> Result {
        ids.withUnsafeBufferPointer { ids in
            table.withUnsafeBufferPointer { table in body(Pointers(ids: ids, table: table)) }
        }
    }

    /// A look-up that touches no array object.
    struct Pointers {
        fileprivate let ids: UnsafeBufferPointer<Int>
        fileprivate let table: UnsafeBufferPointer<UInt32>

        /// The dense index plus one; 0 for an unknown id.
        @inline(__always)
        func indexPlusOne(of id: UInt) -> UInt32 {
            if id < UInt(table.count) { return table[Int(id)] }
            guard table.isEmpty, let id = Int(exactly: id) else { return 0 }
            let index = SortedSearch.firstIndex(in: ids, notLessThan: id)
            return index < ids.count && ids[index] == id ? UInt32(index + 1) : 0
        }
    }
}
