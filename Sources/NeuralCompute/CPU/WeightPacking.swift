internal import CKernels
internal import NeuralGraph

/// Weights in the order in which the kernels read them.
enum WeightPacking {
    /// As ``panels(_:outChannels:inChannels:positions:run:)``, or for half precision with pairs of rows interleaved:
    /// `[panel][half of the rows][panel width][2]`.
    static func panels(
        _ weight: ArraySlice<Float>,
        outChannels: Int,
        inChannels: Int,
        positions: Int,
        stored: StoredType,
        run: Int = 2
    ) -> AlignedMemory {
        let single = panels(
            weight,
            outChannels: outChannels,
            inChannels: inChannels,
            positions: positions,
            run: stored == .bfloat16 ? run : 0
        )
        guard stored == .bfloat16 else { return single.memory }
        let width = vf_panel_width()
        let half = AlignedMemory(byteCount: single.count * 2)
        let bits = half.base.assumingMemoryBound(to: UInt16.self)
        for index in 0..<single.count {
            // A panel has an even number of rows, so pairs never straddle panels.
            let (row, column) = (index / width, index % width)
            bits[(row / 2 * width + column) * 2 + row % 2] = StoredType.bfloat16Bits(single.base[index])
        }
        return half
    }

    /// `[outChannels, inChannels, positions]` → `[panel][position × inChannels][panel width]`, the rest zero.
    ///
    /// - Parameter run: Rows that are read in one go; where that is odd, each run gets a row of zeros behind it.
    static func panels(
        _ weight: ArraySlice<Float>,
        outChannels: Int,
        inChannels: Int,
        positions: Int,
        run: Int = 0
    ) -> AlignedFloats {
        let width = vf_panel_width()
        let depth = inChannels * positions
        let isPadded = !run.isMultiple(of: 2)
        let rows = isPadded ? depth / run * (run + 1) : depth
        let panelCount = (outChannels + width - 1) / width
        let packed = AlignedFloats(count: panelCount * rows * width)
        weight.withUnsafeBufferPointer { weight in
            for out in 0..<outChannels {
                let target = packed.base + out / width * rows * width + out % width
                let source = weight.baseAddress.unsafelyUnwrapped + out * depth
                for position in 0..<positions {
                    for channel in 0..<inChannels {
                        let place = position * inChannels + channel
                        let row = isPadded ? place / run * (run + 1) + place % run : place
                        target[row * width] = source[channel * positions + position]
                    }
                }
            }
        }
        return packed
    }

    /// `[channels, 1 or 2, kernel]` → `[kernel position][channels]`, or `[kernel position][2][channels]` for pairs:
    /// first the weight of the channel's own input, then of its neighbour's.
    static func perChannel(_ weight: [Float], channels: Int, kernel: Extent, isPaired: Bool) -> AlignedFloats {
        let positions = kernel.height * kernel.width
        let perGroup = isPaired ? 2 : 1
        let packed = AlignedFloats(count: positions * perGroup * channels)
        for channel in 0..<channels {
            for position in 0..<positions {
                for which in 0..<perGroup {
                    let inner = isPaired ? (which == 0 ? channel % 2 : 1 - channel % 2) : 0
                    packed.base[(position * perGroup + which) * channels + channel] =
                        weight[(channel * perGroup + inner) * positions + position]
                }
            }
        }
        return packed
    }

    /// Weights of 3×3 kernels for products that take two bfloat16 inputs at a time.
    ///
    /// See `pair_weights` of `vf_depthwise`. What is left over of whole vectors of channels is not in it.
    static func tapPairs(_ weight: [Float], channels: Int, isPaired: Bool) -> AlignedMemory {
        let memory = AlignedMemory(byteCount: channels * (isPaired ? 18 : 12) * 2)
        let bits = memory.base.assumingMemoryBound(to: UInt16.self)
        let block = isPaired ? 32 : 16
        for channel in 0..<channels / block * block {
            let (first, lane) = (channel / block * block, channel % block)
            if isPaired {
                for tap in 0..<9 {
                    let place = first * 18 + tap * 64 + lane % 2 * 32 + lane / 2 * 2
                    bits[place] = StoredType.bfloat16Bits(weight[channel * 18 + tap])
                    bits[place + 1] = StoredType.bfloat16Bits(weight[channel * 18 + 9 + tap])
                }
            } else {
                for column in 0..<3 {
                    let place = first * 12 + column * 64 + lane * 2
                    let taps = (0..<3).map { StoredType.bfloat16Bits(weight[channel * 9 + 3 * $0 + column]) }
                    (bits[place], bits[place + 1], bits[place + 32]) = (taps[0], taps[1], taps[2])
                }
            }
        }
        return memory
    }

    /// Values followed by zeros up to whole panels.
    static func padded(_ values: ArraySlice<Float>) -> AlignedFloats {
        let width = vf_panel_width()
        let result = AlignedFloats(count: (values.count + width - 1) / width * width)
        for (offset, value) in values.enumerated() { result.base[offset] = value }
        return result
    }
}
