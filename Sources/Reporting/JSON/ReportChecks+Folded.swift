internal import ArtifactFiles

extension FoldedSummary {
    /// Refuses figures that contradict each other.
    ///
    /// - Parameters:
    ///   - key: Of this section.
    ///   - comparisons: Those that were scored; the section's pairs are these and the excluded ones.
    func check(_ key: String, comparisons: Int) throws(InputError) {
        try ReportClaim(key + ".pairs").isCount(pairs, in: max(2, comparisons)...max(2, comparisons, 1 << 53))
        try ReportClaim(key + ".folds").isCount(folds, in: 2...pairs)
        try ReportClaim(key + ".farTarget").isTarget(farTarget)
        try ReportClaim(key + ".rows").holds(!rows.isEmpty, "no figures", expected: "a row or more", found: "none")
        var seen: Set<[String]> = []
        for (index, row) in rows.enumerated() {
            let place = "\(key).rows[\(index)]"
            try ReportClaim(place)
                .holds(
                    seen.insert([row.flip, row.rule]).inserted,
                    "flip and rule stand there twice",
                    expected: "one row for each",
                    found: "\(row.flip) and \(row.rule)"
                )
            try row.check(place, folds: folds)
        }
    }
}

extension FoldedSummary.Row {
    fileprivate func check(_ key: String, folds: Int) throws(InputError) {
        try ReportClaim(key + ".foldAccuracies")
            .holds(
                foldAccuracies.count == folds,
                "an accuracy for each fold is needed",
                expected: "\(folds)",
                found: "\(foldAccuracies.count)"
            )
        for (fold, accuracy) in foldAccuracies.enumerated() {
            try ReportClaim("\(key).foldAccuracies[\(fold)]").isRate(accuracy)
        }
        try accuracy.check(key + ".accuracy")
        let count = Double(folds)
        let mean = foldAccuracies.reduce(0, +) / count
        let square = foldAccuracies.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
        try ReportClaim(key + ".accuracy.mean").isEqual(accuracy.mean, to: mean, "not the mean of the folds")
        // A rounding error of the mean shows in the root as its square root.
        try ReportClaim(key + ".accuracy.standardDeviation")
            .holds(
                abs(accuracy.standardDeviation - square.squareRoot()) < 1e-7,
                "not the standard deviation of the folds",
                expected: "\(square.squareRoot())",
                found: "\(accuracy.standardDeviation)"
            )
        try tar.value?.check(key + ".tar")
        try far.value?.check(key + ".far")
        if let allowedImpostors {
            try ReportClaim(key + ".allowedImpostors").isCount(allowedImpostors, in: 0...1 << 53)
        }
    }
}

extension FoldedSummary.Spread {
    /// Of rates: their variance is at most mean × (1 − mean), all of them being 0 or 1 then.
    fileprivate func check(_ key: String) throws(InputError) {
        try ReportClaim(key + ".mean").isRate(mean)
        let most = (mean * (1 - mean)).squareRoot()
        try ReportClaim(key + ".standardDeviation")
            .holds(
                standardDeviation >= 0 && standardDeviation <= most + 1e-7,
                "rates of that mean cannot spread so",
                expected: "0 to \(most)",
                found: "\(standardDeviation)"
            )
    }
}
