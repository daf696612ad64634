/// Radix sort: linear in the number of elements, in place but for ``scratchLimit`` elements.
///
/// Long lists are divided in place by their leading digit, over and over, until the parts fit the scratch memory; those
/// are sorted from the last digit up. The order of elements with equal keys is not defined, but always the same.
package enum RadixSort {
    private static let digitBits = 11
    private static let buckets = 1 << digitBits
    /// The longest part that is sorted with as much scratch memory: what a core's cache holds.
    package static let scratchLimit = 1 << 20
    /// Below, comparing is quicker.
    private static let shortest = 400

    /// Sorts by an unsigned key, smallest first.
    ///
    /// - Parameters:
    ///   - elements: What to sort.
    ///   - scratchLimit: How many elements of scratch memory to use at most.
    ///   - key: The key of an element; called several times for each.
    @inline(__always)
    package static func sort<Element: BitwiseCopyable, Key: FixedWidthInteger & UnsignedInteger>(
        _ elements: inout [Element],
        scratchLimit: Int = Self.scratchLimit,
        key: (Element) -> Key
    ) {
        elements.withUnsafeMutableBufferPointer { sort($0, scratchLimit: scratchLimit, key: key) }
    }

    /// Sorts by an unsigned key, smallest first; see ``sort(_:scratchLimit:key:)``.
    @inline(__always)
    package static func sort<Element: BitwiseCopyable, Key: FixedWidthInteger & UnsignedInteger>(
        _ elements: UnsafeMutableBufferPointer<Element>,
        scratchLimit: Int = Self.scratchLimit,
        key: (Element) -> Key
    ) {
        var elements = elements
        guard elements.count > shortest else {
            elements.sort { key($0) < key($1) }
            return
        }
        let scratch = UnsafeMutableBufferPointer<Element>.allocate(capacity: min(elements.count, scratchLimit))
        defer { scratch.deallocate() }
        // Parts that are still to be sorted, by their lower bits.
        var parts = [(range: 0..<elements.count, bits: Key.bitWidth)]
        while let part = parts.popLast() {
            var list = UnsafeMutableBufferPointer(rebasing: elements[part.range])
            if list.count <= shortest {
                list.sort { key($0) < key($1) }
            } else if list.count <= scratch.count {
                sortByDigits(list, bits: part.bits, scratch, key: key)
            } else if part.bits > 0 {
                let shift = max(0, part.bits - digitBits)
                let ends = divide(list, shift: shift, key: key)
                var start = part.range.lowerBound
                for end in ends {
                    let next = part.range.lowerBound + end
                    if next > start + 1 { parts.append((start..<next, shift)) }
                    start = next
                }
            }
        }
    }

    /// The digit of a key that begins at a bit; of the topmost, fewer bits may be left.
    @inline(__always)
    private static func digit<Key: FixedWidthInteger>(_ key: Key, _ shift: Int) -> Int {
        Int(truncatingIfNeeded: key >> Key(truncatingIfNeeded: shift)) & (buckets - 1)
    }

    /// Moves elements, in place, to the bucket of one digit.
    ///
    /// - Returns: Where each bucket ends.
    @inline(__always)
    private static func divide<Element: BitwiseCopyable, Key: FixedWidthInteger>(
        _ list: UnsafeMutableBufferPointer<Element>,
        shift: Int,
        key: (Element) -> Key
    ) -> [Int] {
        var next = [Int](repeating: 0, count: buckets)
        for element in list { next[digit(key(element), shift)] &+= 1 }
        var start = 0
        for bucket in 0..<buckets {
            let size = next[bucket]
            next[bucket] = start
            start &+= size
        }
        var ends = Array(next.dropFirst())
        ends.append(list.count)
        next.withUnsafeMutableBufferPointer { next in
            for bucket in 0..<buckets {
                while next[bucket] < ends[bucket] {
                    var element = list[next[bucket]]
                    var home = digit(key(element), shift)
                    // Put the element in its bucket and go on with the one that was in the way.
                    while home != bucket {
                        swap(&element, &list[next[home]])
                        next[home] &+= 1
                        home = digit(key(element), shift)
                    }
                    list[next[bucket]] = element
                    next[bucket] &+= 1
                }
            }
        }
        return ends
    }

    /// Sorts by the lower `bits` bits, from the last digit up, with as much scratch memory.
    @inline(__always)
    private static func sortByDigits<Element: BitwiseCopyable, Key: FixedWidthInteger>(
        _ list: UnsafeMutableBufferPointer<Element>,
        bits: Int,
        _ scratch: UnsafeMutableBufferPointer<Element>,
        key: (Element) -> Key
    ) {
        let passes = (bits + digitBits - 1) / digitBits
        var counts = [Int](repeating: 0, count: passes * buckets)
        counts.withUnsafeMutableBufferPointer { counts in
            for element in list {
                let bits = key(element)
                for pass in 0..<passes { counts[pass * buckets + digit(bits, pass * digitBits)] &+= 1 }
            }
            var source = list
            var target = UnsafeMutableBufferPointer(rebasing: scratch[..<list.count])
            for pass in 0..<passes {
                let offsets = UnsafeMutableBufferPointer(rebasing: counts[pass * buckets..<(pass + 1) * buckets])
                if scatter(source, into: target, offsets: offsets, shift: pass * digitBits, key: key) {
                    swap(&source, &target)
                }
            }
            if source.baseAddress != list.baseAddress { _ = list.update(fromContentsOf: source) }
        }
    }

    /// Moves elements to their place by one digit; returns false, and moves nothing, where the digit never varies.
    @inline(__always)
    private static func scatter<Element: BitwiseCopyable, Key: FixedWidthInteger>(
        _ source: UnsafeMutableBufferPointer<Element>,
        into target: UnsafeMutableBufferPointer<Element>,
        offsets: UnsafeMutableBufferPointer<Int>,
        shift: Int,
        key: (Element) -> Key
    ) -> Bool {
        guard !offsets.contains(source.count) else { return false }
        var start = 0
        for bucket in 0..<buckets {
            let size = offsets[bucket]
            offsets[bucket] = start
            start &+= size
        }
        guard let destination = target.baseAddress else { return false }
        for element in source {
            let digit = digit(key(element), shift)
            let place = offsets[digit]
            offsets[digit] = place &+ 1
            (destination + place).initialize(to: element)
        }
        return true
    }
}

/// A floating-point type whose order can be read off unsigned bits.
protocol RadixScore: BinaryFloatingPoint, BitwiseCopyable, Sendable {
    associatedtype Key: FixedWidthInteger & UnsignedInteger & BitwiseCopyable & Sendable
    /// Bits that grow as the score falls. Not for NaN; −0 comes right after 0, so that the two stay one block of ties.
    var descendingKey: Key { get }
}

extension Float: RadixScore {
    var descendingKey: UInt32 { bitPattern & 0x8000_0000 == 0 ? 0x7fff_ffff - bitPattern : bitPattern }
}

extension Double: RadixScore {
    var descendingKey: UInt64 {
        bitPattern & 0x8000_0000_0000_0000 == 0 ? 0x7fff_ffff_ffff_ffff - bitPattern : bitPattern
    }
}
