internal import ArtifactFiles

extension VerificationReport {
    /// Refuses values that are well-formed but cannot be true, before anything is drawn from them.
    func check() throws(InputError) {
        let counts = self.protocol
        // Beyond 2⁵³ counts could neither be added nor turned into rates.
        guard (0...1 << 53).contains(counts.genuine), (0...1 << 53).contains(counts.impostor) else {
            throw Self.problem("a count is negative or beyond all bounds", "protocol")
        }
        for (index, point) in verification.operatingPoints.enumerated() {
            try check(point, "verification.operatingPoints[\(index)]")
        }
        for (index, mode) in (modes ?? []).enumerated() {
            for (place, point) in mode.operatingPoints.enumerated() {
                try check(point, "modes[\(index)].operatingPoints[\(place)]")
            }
        }
        for (index, point) in verification.nearestFAR.enumerated() {
            let key = "verification.nearestFAR[\(index)]"
            try Self.checkRate(point.farTarget, key + ".farTarget")
            if let measured = point.outcome.value {
                try Self.checkRate(measured.tar, key + ".tar")
                try Self.checkRate(measured.far, key + ".far")
            }
        }
        try folded?.check("folded", comparisons: counts.genuine + counts.impostor)
        try identification?.check("identification")
        try checkErrorRates()
        try checkCurves()
        try checkPictures()
    }

    private func check(_ point: ReportedPoint, _ key: String) throws(InputError) {
        try Self.checkRate(point.farTarget, key + ".farTarget")
        guard point.farTarget > 0 else { throw Self.problem("a FAR target must be above 0", key + ".farTarget") }
        guard let measured = point.outcome.value else { return }
        try Self.checkRate(measured.tar, key + ".tar")
        try Self.checkRate(measured.far, key + ".far")
        guard (0...self.protocol.genuine).contains(measured.acceptedGenuine) else {
            throw Self.problem("more genuine comparisons are accepted than there are", key + ".acceptedGenuine")
        }
        guard (0...self.protocol.impostor).contains(measured.acceptedImpostors), measured.allowedImpostors >= 0 else {
            throw Self.problem("more impostor comparisons are accepted than there are", key + ".acceptedImpostors")
        }
        // The denominators are the protocol's counts: a rate that contradicts them was counted over something else.
        let isTAR = abs(measured.tar * Double(self.protocol.genuine) - Double(measured.acceptedGenuine)) < 0.01
        let isFAR = abs(measured.far * Double(self.protocol.impostor) - Double(measured.acceptedImpostors)) < 0.01
        guard isTAR && isFAR else {
            throw Self.problem("rates and counts contradict each other", key)
        }
        if let interval = measured.interval.value {
            try interval.check(key + ".interval")
        }
    }

    private func checkCurves() throws(InputError) {
        if let curve = curves.roc.value {
            let count = curve.thresholds.count
            guard curve.acceptedImpostors.count == count, curve.acceptedGenuine.count == count else {
                throw Self.problem("the lists differ in length", "curves.roc")
            }
            guard curve.acceptedImpostors.rises(to: self.protocol.impostor),
                curve.acceptedGenuine.rises(to: self.protocol.genuine)
            else { throw Self.problem("counts fall, or exceed those of the protocol", "curves.roc") }
        }
        if let histogram = curves.histogram.value {
            guard histogram.genuine.count == histogram.impostor.count, !histogram.genuine.isEmpty,
                histogram.low < histogram.high,
                histogram.genuine.sum(to: self.protocol.genuine), histogram.impostor.sum(to: self.protocol.impostor)
            else { throw Self.problem("the bins do not fit together", "curves.histogram") }
        }
        for (index, point) in curves.band.enumerated() {
            try Self.checkRate(point.far, "curves.band[\(index)].far")
            try Self.checkRate(point.low, "curves.band[\(index)].low")
            try Self.checkRate(point.high, "curves.band[\(index)].high")
        }
    }

    private func checkPictures() throws(InputError) {
        for name in pictureNames where !Self.isPictureName(name) {
            throw InputError(
                .forbidden,
                "a picture must be a plain file name",
                place: "key \"picture\"",
                found: "'\(name)'"
            )
        }
    }

    /// Letters, digits, `-`, `_` and dots inside: nothing that could lead out of the folder.
    static func isPictureName(_ name: String) -> Bool {
        let allowed = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
            default: false
            }
        }
        return allowed && !name.isEmpty && !name.hasPrefix(".") && name.utf8.count <= 200
    }

    private static func checkRate(_ value: Double, _ key: String) throws(InputError) {
        try ReportClaim(key).isRate(value)
    }

    private static func problem(_ text: String, _ key: String) -> InputError {
        InputError(.malformed, text, place: "key \"\(key)\"")
    }
}

extension [Int] {
    /// Whether the numbers are counts that add up to no more than `limit`; of any numbers.
    fileprivate func sum(to limit: Int) -> Bool {
        var rest = limit
        for count in self {
            guard (0...rest).contains(count) else { return false }
            rest -= count
        }
        return true
    }

    fileprivate func rises(to limit: Int) -> Bool {
        zip(self, dropFirst()).allSatisfy { $0 <= $1 } && (first ?? 0) >= 0 && (last ?? 0) <= limit
    }
}
