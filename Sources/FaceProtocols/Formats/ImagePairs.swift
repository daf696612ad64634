internal import ArtifactFiles
internal import SeededRandom

/// Pairs of a listing's images.
struct ImagePairs {
    private(set) var first: [UInt32] = []
    private(set) var second: [UInt32] = []
    private(set) var labels: [UInt8] = []

    private mutating func append(_ left: Int, _ right: Int, _ isGenuine: Bool) {
        first.append(UInt32(left))
        second.append(UInt32(right))
        labels.append(isGenuine ? 1 : 0)
    }

    /// Numbers the images of the pairs alone, in ascending order.
    ///
    /// - Returns: The former index of each.
    mutating func keepUsedImages() -> [Int] {
        let used = Set(first).union(second).sorted()
        let indices = Dictionary(uniqueKeysWithValues: zip(used, 0...))
        first = first.map { UInt32(indices[$0] ?? 0) }
        second = second.map { UInt32(indices[$0] ?? 0) }
        return used.map(Int.init)
    }

    /// Reads a file of pairs.
    mutating func read(_ rows: TextRows, _ listing: IdentityListing, findings: inout FindingList) {
        let indices = Dictionary(zip(listing.paths, 0...), uniquingKeysWith: { first, _ in first })
        let names = rows.csvHeader
        guard names == ["first", "second"] || names == ["first", "second", "label"] else {
            findings.add(
                .badHeader,
                at: rows.place(0),
                "wrong header",
                expected: "first,second or first,second,label",
                found: "'\(names.joined(separator: ",").prefix(80))'"
            )
            return
        }
        let columns = names.joined(separator: ",")
        rows.forEachCSVRow(
            CSVForm(columns: names.count, expected: columns, ifMalformed: columns),
            findings: &findings
        ) { add($0, indices, listing, at: $1, &$2) }
    }

    private mutating func add(
        _ row: CSVRow,
        _ indices: [String: Int],
        _ listing: IdentityListing,
        at place: ProtocolFinding.Place,
        _ findings: inout FindingList
    ) {
        var images: [Int] = []
        for field in 0..<2 {
            guard let path = row.text(field), let image = indices[path] else {
                findings.add(
                    .unknownImage,
                    at: place,
                    "no such image",
                    expected: "<person>/<file> of the folder of images",
                    found: row.fields[field].quoted
                )
                return
            }
            images.append(image)
        }
        let isGenuine = listing.people[images[0]] == listing.people[images[1]]
        if row.fields.count == 3 {
            let label = row.fields[2]
            guard label.count == 1, label[0] == 48 || label[0] == 49 else {
                findings.add(.badLabel, at: place, "bad label", expected: "0 or 1", found: label.quoted)
                return
            }
            if (label[0] == 49) != isGenuine {
                findings.add(
                    .subjectDisagreement,
                    at: place,
                    "the label disagrees with the folders",
                    expected: isGenuine ? "1" : "0",
                    found: label.quoted
                )
            }
        }
        append(images[0], images[1], isGenuine)
    }

    /// Every pair of two different images, in ascending order.
    mutating func makeAll(_ listing: IdentityListing, limit: Int) throws(InputError) {
        let count = listing.paths.count
        guard count * (count - 1) / 2 <= limit else {
            throw InputError(
                .limitExceeded,
                "\(count) images make too many pairs",
                expected: "at most \(limit); set 'sample' for fewer",
                found: "\(count * (count - 1) / 2)"
            )
        }
        for members in listing.members {
            for left in members {
                for right in left + 1..<max(count, left + 1) { append(left, right, right < members.upperBound) }
            }
        }
    }

    /// Puts genuine and impostor pairs in turn into consecutive folds, so that each has its share of both.
    mutating func dealt(into count: Int) throws(InputError) -> [Range<Int>] {
        var dealt = [[Int]](repeating: [], count: count)
        var turns = [0, 0]
        for (index, label) in labels.enumerated() {
            dealt[turns[Int(label)] % count].append(index)
            turns[Int(label)] += 1
        }
        guard turns.allSatisfy({ $0 >= count }) else {
            throw InputError(
                .usage,
                "a fold would have pairs of one kind alone",
                place: "key \"files.folds\"",
                expected: "at most \(min(turns[0], turns[1])) folds",
                found: "\(count) for \(turns[1]) genuine and \(turns[0]) impostor pairs"
            )
        }
        let order = dealt.flatMap { $0 }
        (first, second, labels) = (order.map { first[$0] }, order.map { second[$0] }, order.map { labels[$0] })
        var end = 0
        return dealt.map { fold in
            defer { end += fold.count }
            return end..<end + fold.count
        }
    }

    /// `count` different pairs, or all where there are no more; the same seed and images give the same pairs.
    ///
    /// Half of them are genuine; where there are fewer of a kind, the other kind has the rest. Pairs of a kind are drawn
    /// uniformly without repetition.
    mutating func sample(_ count: Int, of listing: IdentityListing, seed: UInt64) {
        let total = listing.paths.count
        let genuine = listing.members.reduce(0) { $0 + $1.count * ($1.count - 1) / 2 }
        let impostor = total * (total - 1) / 2 - genuine
        var generator = SeededGenerator(seed: seed)
        let genuineCount = min(genuine, max(count / 2, count - impostor))
        var ends: [Int] = []
        for members in listing.members { ends.append((ends.last ?? 0) + members.count * (members.count - 1) / 2) }
        for number in Self.choose(genuineCount, of: genuine, &generator) {
            let person = SortedSearch.firstIndex(in: ends, notLessThan: number + 1)
            let members = listing.members[person]
            var rest = number - (person > 0 ? ends[person - 1] : 0)
            var left = members.lowerBound
            while rest >= members.upperBound - 1 - left {
                rest -= members.upperBound - 1 - left
                left += 1
            }
            append(left, left + 1 + rest, true)
        }
        // Impostor pair n: the first image's pairs with all later people, then the second's.
        var starts: [Int] = []
        var sum = 0
        for members in listing.members {
            for _ in members {
                sum += total - members.upperBound
                starts.append(sum)
            }
        }
        let personEnd = listing.members.flatMap { members in members.map { _ in members.upperBound } }
        for number in Self.choose(count - genuineCount, of: impostor, &generator) {
            let left = SortedSearch.firstIndex(in: starts, notLessThan: number + 1)
            append(left, personEnd[left] + number - (left > 0 ? starts[left - 1] : 0), false)
        }
    }

    /// `count` different numbers below `total`, ascending: Floyd's algorithm (Bentley and Floyd, 1987).
    private static func choose(_ count: Int, of total: Int, _ generator: inout SeededGenerator) -> [Int] {
        guard count < total else { return Array(0..<total) }
        var chosen: Set<Int> = []
        for bound in total - count..<total {
            let number = generator.index(below: bound + 1)
            if !chosen.insert(number).inserted { chosen.insert(bound) }
        }
        return chosen.sorted()
    }
}
