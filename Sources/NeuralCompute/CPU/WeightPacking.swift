internal import CKernels
internal import NeuralGraph

/// Weights in the order in which the kernels read them.
enum WeightPacking {
    /// As ``panels(_:outChannels:inChannels:positions:)``, or for half precision with pairs of rows interleaved:
    /// `[panel][half of position × inChannels][panel width][2]`.
    static func panels(
        _ weight: ArraySlice<Float>,
        outChannels: Int,
        inChannels: Int,
        positions: Int,
        stored: StoredType
    ) -> AlignedMemory {
        let single = panels(weight, outChannels: outChannels, inChannels: inChannels, positions: positions)
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
    static func panels(
        _ weight: ArraySlice<Float>,
        outChannels: Int,
        inChannels: Int,
        positions: Int
    ) -> AlignedFloats {
        let width = vf_panel_width()
        let depth = inChannels * positions
        let panelCount = (outChannels + width - 1) / width
        let packed = AlignedFloats(count: panelCount * depth * width)
        weight.withUnsafeBufferPointer { weight in
            for out in 0..<outChannels {
                let target = packed.base + out / width * depth * width + out % width
                let source = weight.baseAddress.unsafelyUnwrapped + out * depth
                for position in 0..<positions {
                    for channel in 0..<inChannels {
                        target[(position * inChannels + channel) * width] = source[channel * positions + position]
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

    /// Values followed by zeros up to whole panels.
    static func padded(_ values: ArraySlice<Float>) -> AlignedFloats {
        let width = vf_panel_width()
        let result = AlignedFloats(count: (values.count + width - 1) / width * width)
        for (offset, value) in values.enumerated() { result.base[offset] = value }
        return result
    }
}
