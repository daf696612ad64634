/// Least-significant-digit radix sort: stable, and linear in the number of elements.
enum RadixSort {
    private static let digitBits = 11
    private static let buckets = 1 << digitBits

    /// Sorts by an unsigned key, smallest first; elements of equal keys keep their order.
    ///
    /// - Parameters:
    ///   - elements: What to sort.
    ///   - key: The key of an element; called several times for each.
    @inline(__always)
    static func sort<Element: BitwiseCopyable, Key: FixedWidthInteger & UnsignedInteger>(
        _ elements: inout [Element],
        key: (Element) -> Key
    ) {
        let count = elements.count
        guard count > 400 else {
            elements.sort { key($0) < key($1) }
            return
        }
        let passes = (Key.bitWidth + digitBits - 1) / digitBits
        var offsets = histograms(elements, passes: passes, key: key)
        var sorted = [Element](unsafeUninitializedCapacity: count) { scratch, initialized in
            // The scratch memory is written whole by each pass before it is read.
            elements.withUnsafeMutableBufferPointer { original in
                var source = original
                var target = scratch
                for pass in 0..<passes {
                    let moved = offsets.withUnsafeMutableBufferPointer { all in
                        let slice = UnsafeMutableBufferPointer(rebasing: all[pass * buckets..<(pass + 1) * buckets])
                        return scatter(source, into: target, offsets: slice, shift: pass * digitBits, key: key)
                    }
                    if moved { swap(&source, &target) }
                }
                if source.baseAddress == original.baseAddress { _ = scratch.update(from: original) }
            }
            initialized = count
        }
        swap(&elements, &sorted)
    }

    /// How many elements have each value of each digit.
    @inline(__always)
    private static func histograms<Element, Key: FixedWidthInteger>(
        _ elements: [Element],
        passes: Int,
        key: (Element) -> Key
    ) -> [Int] {
        var counts = [Int](repeating: 0, count: passes * buckets)
        counts.withUnsafeMutableBufferPointer { counts in
            elements.withUnsafeBufferPointer { elements in
                for element in elements {
                    let bits = key(element)
                    for pass in 0..<passes {
                        let digit = Int(truncatingIfNeeded: bits >> Key(truncatingIfNeeded: pass * digitBits))
                        counts[pass * buckets + (digit & (buckets - 1))] &+= 1
                    }
                }
            }
        }
        return counts
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
            let digit = Int(truncatingIfNeeded: key(element) >> Key(truncatingIfNeeded: shift)) & (buckets - 1)
            let place = offsets[digit]
            offsets[digit] = place &+ 1
            (destination + place).initialize(to: element)
        }
        return true
    }
}
