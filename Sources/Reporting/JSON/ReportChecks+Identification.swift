internal import ArtifactFiles
internal import VerificationMetrics

extension IdentificationSummary {
    /// Refuses rates that contradict counts, curves or each other.
    func check(_ key: String) throws(InputError) {
        try ReportClaim(key + ".galleries")
            .holds(!galleries.isEmpty, "no gallery", expected: "one or more", found: "none")
        var names: Set<String> = []
        for (index, gallery) in galleries.enumerated() {
            let place = "\(key).galleries[\(index)]"
            try ReportClaim(place + ".name")
                .holds(
                    names.insert(gallery.name).inserted,
                    "two galleries of one name",
                    expected: "a name of its own",
                    found: "'\(gallery.name)'"
                )
            try gallery.check(place)
            try Self.checkKinds(gallery.ranks, gallery.openSet, as: average, place)
        }
        try average.check(key + ".average", of: galleries)
    }

    /// Refuses a gallery whose ranks or targets are not those of the average.
    private static func checkKinds(
        _ ranks: [RankRate],
        _ openSet: [OpenSetRate],
        as average: Average,
        _ key: String
    ) throws(InputError) {
        try ReportClaim(key + ".ranks")
            .holds(
                ranks.map(\.rank) == average.ranks.map(\.rank),
                "not the ranks of the average",
                expected: "\(average.ranks.map(\.rank))",
                found: "\(ranks.map(\.rank))"
            )
        try ReportClaim(key + ".openSet")
            .holds(
                openSet.map(\.fpirTarget) == average.openSet.map(\.fpirTarget),
                "not the targets of the average",
                expected: "\(average.openSet.map(\.fpirTarget))",
                found: "\(openSet.map(\.fpirTarget))"
            )
    }
}

extension IdentificationSummary.GalleryResult {
    fileprivate func check(_ key: String) throws(InputError) {
        let most = 1 << 53
        try ReportClaim(key + ".templates").isCount(templates, in: 0...most)
        try ReportClaim(key + ".subjects").isCount(subjects, in: 0...templates)
        try ReportClaim(key + ".mated").isCount(mated, in: 0...(subjects > 0 ? most : 0))
        try ReportClaim(key + ".unmated").isCount(unmated, in: 0...most)
        try checkRanks(key)
        try checkMatches(key + ".cmc")
        for (index, open) in openSet.enumerated() { try check(open, "\(key).openSet[\(index)]") }
        try checkOrder(key + ".openSet")
        try checkCurve(key + ".dir")
    }

    private func checkRanks(_ key: String) throws(InputError) {
        try ranks.checkOrder(key + ".ranks")
        for (index, rank) in ranks.enumerated() {
            let place = "\(key).ranks[\(index)].outcome"
            try ReportClaim(place).isDefined(rank.outcome, exactlyWhere: mated > 0, "a probe has a mate")
            if let value = rank.outcome.value { try ReportClaim(place + ".rate").isRate(value.rate, of: mated) }
        }
    }

    /// The cumulative match characteristic: rises, and passes through the rates at ranks.
    private func checkMatches(_ key: String) throws(InputError) {
        let bounds = mated > 0 ? 1...subjects : 0...0
        try ReportClaim(key)
            .holds(
                bounds.contains(cmc.count),
                "ranks count from 1 to the gallery's subjects",
                expected: "\(bounds.lowerBound) to \(bounds.upperBound) rates",
                found: "\(cmc.count)"
            )
        for (index, rate) in cmc.enumerated() {
            let claim = ReportClaim("\(key)[\(index)]")
            try claim.isRate(rate, of: mated)
            guard index > 0 else { continue }
            try claim.holds(
                rate >= cmc[index - 1],
                "identification rates fall with the rank",
                expected: "at least \(cmc[index - 1])",
                found: "\(rate)"
            )
        }
        for rank in ranks where cmc.indices.contains(rank.rank - 1) {
            guard let value = rank.outcome.value else { continue }
            try ReportClaim("\(key)[\(rank.rank - 1)]")
                .isEqual(cmc[rank.rank - 1], to: value.rate, "not the rate at rank \(rank.rank)")
        }
    }

    /// No search is both found at rank 1 and accepted more often than found at rank 1.
    private var mostFound: Double { cmc.first ?? 0 }

    private func check(_ open: IdentificationSummary.OpenSetRate, _ key: String) throws(InputError) {
        try ReportClaim(key + ".outcome")
            .isDefined(open.outcome, exactlyWhere: mated > 0 && unmated > 0, "probes with and without a mate exist")
        let target = try? FARTarget("\(open.fpirTarget)")
        let isResolved = target.map { open.outcome.value != nil && $0.allowedImpostors(of: unmated) > 0 }
        try ReportClaim(key + ".resolved")
            .holds(
                isResolved.map { $0 == open.resolved } ?? true,
                "resolved is where the target allows a probe without a mate",
                expected: "\(!open.resolved)",
                found: "\(open.resolved)"
            )
        guard let value = open.outcome.value else { return }
        if let allowed = open.allowedProbes, let target {
            let expected = target.allowedImpostors(of: unmated)
            try ReportClaim(key + ".allowedProbes")
                .holds(allowed == expected, "not target × probes", expected: "\(expected)", found: "\(allowed)")
        }
        try ReportClaim(key + ".outcome.rate").isRate(value.rate, of: mated)
        try ReportClaim(key + ".outcome.rate").isAtMost(value.rate, mostFound, "above the rate at rank 1")
        let claim = ReportClaim(key + ".fpir")
        guard let fpir = open.fpir else {
            return try claim.holds(false, "the FPIR reached is missing", expected: "a rate", found: "none")
        }
        try claim.isRate(fpir, of: unmated)
        try claim.isAtMost(fpir, open.fpirTarget, "above its target")
    }

    /// With a higher FPIR no fewer are found and the threshold is no higher.
    private func checkOrder(_ key: String) throws(InputError) {
        try openSet.checkOrder(key)
        let order = openSet.indices.sorted { openSet[$0].fpirTarget < openSet[$1].fpirTarget }
        for (lower, higher) in zip(order, order.dropFirst()) {
            if let before = openSet[lower].fpir, let after = openSet[higher].fpir {
                try ReportClaim("\(key)[\(higher)].fpir")
                    .holds(before <= after, "falls with the target", expected: "at least \(before)", found: "\(after)")
            }
            if let before = openSet[lower].threshold, let after = openSet[higher].threshold {
                try ReportClaim("\(key)[\(higher)].threshold")
                    .holds(before >= after, "rises with the FPIR", expected: "at most \(before)", found: "\(after)")
            }
        }
    }

    /// The DIR curve: rises, and has no point that the open-set rates miss.
    private func checkCurve(_ key: String) throws(InputError) {
        try ReportClaim(key)
            .isDefined(dir, exactlyWhere: mated > 0 && unmated > 0, "probes with and without a mate exist")
        guard let points = dir.value else { return }
        for (index, point) in points.enumerated() {
            let place = "\(key)[\(index)]"
            try ReportClaim(place + ".fpir").isRate(point.fpir, of: unmated)
            try ReportClaim(place + ".tpir").isRate(point.tpir, of: mated)
            try ReportClaim(place + ".tpir").isAtMost(point.tpir, mostFound, "above the rate at rank 1")
            for open in openSet where point.fpir <= open.fpirTarget {
                guard let value = open.outcome.value else { continue }
                try ReportClaim(place + ".tpir")
                    .isAtMost(point.tpir, value.rate, "above the rate that is reported at FPIR \(open.fpirTarget)")
            }
            guard index > 0 else { continue }
            let last = points[index - 1]
            try ReportClaim(place)
                .holds(
                    last.fpir <= point.fpir && last.tpir <= point.tpir,
                    "the curve falls",
                    expected: "at least \(last.fpir) and \(last.tpir)",
                    found: "\(point.fpir) and \(point.tpir)"
                )
        }
    }
}

extension IdentificationSummary.Average {
    fileprivate func check(_ key: String, of galleries: [IdentificationSummary.GalleryResult]) throws(InputError) {
        try ranks.checkOrder(key + ".ranks")
        try openSet.checkOrder(key + ".openSet")
        for (index, rank) in ranks.enumerated() {
            try Self.check(rank.outcome, "\(key).ranks[\(index)].outcome", galleries.map { $0.ranks[index].outcome })
        }
        for (index, open) in openSet.enumerated() {
            let place = "\(key).openSet[\(index)]"
            try Self.check(open.outcome, place + ".outcome", galleries.map { $0.openSet[index].outcome })
            let isResolved = galleries.allSatisfy { $0.openSet[index].resolved }
            try ReportClaim(place + ".resolved")
                .holds(
                    isResolved == open.resolved,
                    "an average is resolved where all galleries are",
                    expected: "\(isResolved)",
                    found: "\(open.resolved)"
                )
        }
    }

    private static func check(
        _ outcome: Reported<IdentificationSummary.Rate>,
        _ key: String,
        _ galleries: [Reported<IdentificationSummary.Rate>]
    ) throws(InputError) {
        let rates = galleries.compactMap { $0.value?.rate }
        try ReportClaim(key)
            .isDefined(outcome, exactlyWhere: rates.count == galleries.count, "every gallery has a rate")
        guard let value = outcome.value else { return }
        try ReportClaim(key + ".rate").isRate(value.rate)
        let mean = rates.reduce(0, +) / Double(rates.count)
        try ReportClaim(key + ".rate").isEqual(value.rate, to: mean, "not the mean over the galleries")
    }
}

extension [IdentificationSummary.RankRate] {
    /// Refuses ranks that do not rise, rates that fall with them, and intervals that are none.
    fileprivate func checkOrder(_ key: String) throws(InputError) {
        var last: (rank: Int, rate: Double) = (0, 0)
        for (index, rank) in enumerated() {
            try ReportClaim("\(key)[\(index)].rank")
                .holds(
                    rank.rank > last.rank,
                    "ranks count from 1 and rise",
                    expected: "above \(last.rank)",
                    found: "\(rank.rank)"
                )
            last.rank = rank.rank
            guard let value = rank.outcome.value else { continue }
            let place = "\(key)[\(index)].outcome"
            try ReportClaim(place + ".rate").isRate(value.rate)
            try ReportClaim(place + ".rate")
                .holds(
                    value.rate >= last.rate - ReportClaim.tolerance,
                    "identification rates fall with the rank",
                    expected: "at least \(last.rate)",
                    found: "\(value.rate)"
                )
            last.rate = value.rate
            try value.interval.value?.check(place + ".interval")
        }
    }
}

extension [IdentificationSummary.OpenSetRate] {
    /// Refuses targets out of range, rates that fall with them, and intervals that are none.
    fileprivate func checkOrder(_ key: String) throws(InputError) {
        for (index, open) in enumerated() {
            try ReportClaim("\(key)[\(index)].fpirTarget").isTarget(open.fpirTarget)
            guard let value = open.outcome.value else { continue }
            try ReportClaim("\(key)[\(index)].outcome.rate").isRate(value.rate)
            try value.interval.value?.check("\(key)[\(index)].outcome.interval")
        }
        let order = indices.sorted { (self[$0].fpirTarget, $0) < (self[$1].fpirTarget, $1) }
        for (lower, higher) in zip(order, order.dropFirst()) {
            guard let before = self[lower].outcome.value, let after = self[higher].outcome.value else { continue }
            try ReportClaim("\(key)[\(higher)].outcome.rate")
                .holds(
                    after.rate >= before.rate - ReportClaim.tolerance,
                    "open-set rates fall with the FPIR",
                    expected: "at least \(before.rate)",
                    found: "\(after.rate)"
                )
        }
    }
}

extension ReportClaim {
    /// Refuses a result where there can be none, and none where there must be one.
    fileprivate func isDefined<Value>(
        _ outcome: Reported<Value>,
        exactlyWhere isDefinable: Bool,
        _ condition: String
    ) throws(InputError) {
        try holds(
            (outcome.value != nil) == isDefinable,
            "a result is there exactly where \(condition)",
            expected: isDefinable ? "a result" : "\"undefined\"",
            found: isDefinable ? "\"undefined\"" : "a result"
        )
    }
}
