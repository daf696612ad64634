/// Where scalp hair begins: the lowest height with hair for each direction around the head.
struct HairEdge {
    private static let degrees: [Float] = [0, 20, 40, 55, 68, 80, 92, 110, 140, 180]
    /// Heights on the viewer's left and on the viewer's right.
    private var left: [Float]
    private var right: [Float]

    init(traits: HairTraits, cut: HairCut) {
        let line = traits.hairlineY
        let recession = traits.recession
        let bald = (1 - traits.coverage) * 7
        var heights = [
            line - 0.55 * traits.peak + bald, line + 0.1 + 0.6 * recession + bald,
            line - 0.35 + 1.2 * recession + bald, line - 1.7 + 0.8 * recession + 0.7 * bald,
            3.3 + 0.3 * recession + 0.3 * bald, 1.1 - max(0, cut.sideburn), 2.7, 0.6, -6, -8,
        ]
        if cut.length > 0 && !cut.tiedBack {
            let ends = -3 - cut.length
            heights.replaceSubrange(4..., with: [2.6, -1.5, ends, ends, ends, ends])
        } else if cut.tiedBack {
            heights.replaceSubrange(5..., with: [1.6, 2.4, 0, -6.5, -8])
        }
        left = heights
        right = heights
        guard cut.fringe > 0 else { return }
        let floor: Float = 2.6
        for (index, weight) in zip(0..<5, [Float(1), 1, 1, 0.8, 0.3]) {
            let low = max(floor, heights[index] - cut.fringe * weight)
            let high = max(floor, heights[index] - cut.fringe * weight * (1 - abs(cut.parting)))
            left[index] = min(heights[index], cut.parting < 0 ? high : low)
            right[index] = min(heights[index], cut.parting < 0 ? low : high)
        }
    }

    /// The lowest height with hair in a direction; negative degrees are the viewer's left.
    func height(atDegrees degrees: Float) -> Float {
        let heights = degrees < 0 ? left : right
        let angle = abs(degrees)
        var upper = 1
        while upper < Self.degrees.count - 1 && Self.degrees[upper] < angle { upper += 1 }
        let t = clamp((angle - Self.degrees[upper - 1]) / (Self.degrees[upper] - Self.degrees[upper - 1]))
        return mix(heights[upper - 1], heights[upper], t)
    }
}

extension HairCut {
    /// The cut on the day of a photograph.
    func worn(_ look: Appearance, coverage: Float) -> HairCut {
        var cut = self
        let shift = look.cutShift
        let factor = clamp(1 + shift.x, 0.35, 1.8)
        cut.topVolume *= factor
        cut.sideVolume *= factor
        if coverage > 0.85 {
            let fall = fringe + shift.y
            cut.fringe = fall > 0.6 ? min(4, fall) : 0
            cut.parting = clamp(parting + shift.z, -1, 1)
            if length > 0 {
                cut.length = max(1, length + shift.w)
                if look.tieHair { cut.tiedBack.toggle() }
            }
        }
        cut.sideburn += 0.4 * shift.z
        if look.hat {
            cut.fringe = 0
            cut.topVolume = min(cut.topVolume, 0.5)
        }
        return cut
    }
}
