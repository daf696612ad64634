internal import CKernels
internal import NeuralGraph

/// A convolution's weights in the kernels' orders.
struct ConvolutionPacking {
    let geometry: ConvolutionGeometry
    private let width = Int(vt_panel_width())

    init(_ geometry: ConvolutionGeometry) { self.geometry = geometry }

    private func panels(_ channels: Int) -> Int { (channels + width - 1) / width }

    /// Floats of one group's weights, forward.
    var forwardGroupSize: Int { panels(geometry.outPerGroup) * width * geometry.taps * geometry.inPerGroup }
    /// Floats of one group's weights for the input's gradient, all phases.
    var backwardGroupSize: Int { panels(geometry.inPerGroup) * width * geometry.taps * geometry.outPerGroup }
    /// Floats of one group's bias.
    var biasGroupSize: Int { panels(geometry.outPerGroup) * width }
    /// Floats of a depthwise or paired kernel.
    var channelwiseSize: Int { geometry.taps * sets * geometry.channels }
    /// Weights per tap and channel of a depthwise or paired kernel.
    var sets: Int { geometry.kind == .paired ? 2 : 1 }

    /// Floats in all.
    var count: Int {
        geometry.kind == .dense
            ? geometry.groups * (max(forwardGroupSize, backwardGroupSize) + biasGroupSize) : channelwiseSize
    }

    /// Where the biases lie.
    var biasOffset: Int { geometry.groups * max(forwardGroupSize, backwardGroupSize) }

    /// Floats of one tap and input channel's gradients, and how many such rows there are.
    var gradientRow: Int { geometry.kind == .dense ? geometry.outPerGroup : geometry.channels }
    var gradientRows: Int {
        geometry.kind == .dense
            ? geometry.groups * geometry.taps * geometry.inPerGroup : geometry.taps * sets
    }

    // MARK: Dense

    /// Units of work of packing.
    var forwardUnits: Int { geometry.kind == .dense ? geometry.groups * panels(geometry.outPerGroup) : 1 }
    var backwardUnits: Int { geometry.kind == .dense ? geometry.groups * panels(geometry.inPerGroup) : 1 }

    /// `[group][panel][tap][inPerGroup][panel width]`.
    func packForward(
        _ unit: Int,
        _ weight: UnsafePointer<Float>,
        bias: UnsafePointer<Float>?,
        to packed: UnsafeMutablePointer<Float>
    ) {
        guard geometry.kind == .dense else { return packChannelwise(weight, to: packed, isMirrored: false) }
        let (taps, inner, outer) = (geometry.taps, geometry.inPerGroup, geometry.outPerGroup)
        let (group, panel) = unit.quotientAndRemainder(dividingBy: panels(outer))
        let target = packed + group * forwardGroupSize + panel * taps * inner * width
        let present = min(width, outer - panel * width)
        let source = weight + (group * outer + panel * width) * inner * taps
        for tap in 0..<taps {
            for channel in 0..<inner {
                let row = target + (tap &* inner &+ channel) &* width
                let first = source + (channel &* taps &+ tap)
                let pitch = inner &* taps
                for column in 0..<present { row[column] = first[column &* pitch] }
                for column in present..<width { row[column] = 0 }
            }
        }
        let biases = packed + biasOffset + group * biasGroupSize + panel * width
        let first = group * outer + panel * width
        for column in 0..<width {
            guard let bias, column < present else {
                biases[column] = 0
                continue
            }
            biases[column] = bias[first + column]
        }
    }

    /// `[group][phase][panel][tap of the phase][outPerGroup][panel width]`: the transpose.
    func packBackward(_ unit: Int, _ weight: UnsafePointer<Float>, to packed: UnsafeMutablePointer<Float>) {
        guard geometry.kind == .dense else { return packChannelwise(weight, to: packed, isMirrored: true) }
        let (taps, inner, outer) = (geometry.taps, geometry.inPerGroup, geometry.outPerGroup)
        let (group, panel) = unit.quotientAndRemainder(dividingBy: panels(inner))
        let present = min(width, inner - panel * width)
        var start = packed + group * backwardGroupSize
        for phase in geometry.phases {
            var row = start + panel * phase.taps.count * outer * width
            for tap in phase.taps {
                for channel in 0..<outer {
                    let place = (group &* outer &+ channel) &* inner &+ panel &* width
                    let source = weight + (place &* taps &+ tap)
                    for column in 0..<present { row[column] = source[column &* taps] }
                    for column in present..<width { row[column] = 0 }
                    row += width
                }
            }
            start += panels(inner) * phase.taps.count * outer * width
        }
    }

    /// Where a phase's weights start in a group's.
    func phaseOffset(_ number: Int) -> Int {
        let before = geometry.phases[..<number].reduce(0) { $0 + $1.taps.count }
        return panels(geometry.inPerGroup) * width * before * geometry.outPerGroup
    }

    // MARK: Depthwise and paired

    private func packChannelwise(
        _ weight: UnsafePointer<Float>,
        to packed: UnsafeMutablePointer<Float>,
        isMirrored: Bool
    ) {
        let (taps, channels) = (geometry.taps, geometry.channels)
        for tap in 0..<taps {
            let from = isMirrored ? taps - 1 - tap : tap
            let row = packed + tap * sets * channels
            for channel in 0..<channels {
                if sets == 1 {
                    row[channel] = weight[channel * taps + from]
                    continue
                }
                // weight[out][inner]: the own number, and the neighbour's; backward out and in change places.
                let neighbour = channel ^ 1
                row[channel] = weight[(channel * 2 + (channel & 1)) * taps + from]
                row[channels + channel] =
                    isMirrored
                    ? weight[(neighbour * 2 + (channel & 1)) * taps + from]
                    : weight[(channel * 2 + (neighbour & 1)) * taps + from]
            }
        }
    }

    // MARK: Gradients

    /// Adds one row of summed gradients to where PyTorch's order has them.
    func addGradient(_ unit: Int, _ row: UnsafePointer<Float>, to gradient: UnsafeMutablePointer<Float>) {
        let (taps, inner, outer) = (geometry.taps, geometry.inPerGroup, geometry.outPerGroup)
        if geometry.kind == .dense {
            let (group, rest) = unit.quotientAndRemainder(dividingBy: taps * inner)
            let (tap, channel) = rest.quotientAndRemainder(dividingBy: inner)
            let target = gradient + (group * outer * inner + channel) * taps + tap
            let pitch = inner &* taps
            for column in 0..<outer { target[column &* pitch] += row[column] }
            return
        }
        let (tap, set) = unit.quotientAndRemainder(dividingBy: sets)
        for channel in 0..<geometry.channels {
            let input = set == 0 ? channel & 1 : (channel ^ 1) & 1
            gradient[(sets == 1 ? channel : channel * 2 + input) * taps + tap] += row[channel]
        }
    }
}
