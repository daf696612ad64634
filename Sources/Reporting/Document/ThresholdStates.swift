internal import VerificationMetrics

/// The states that the threshold explorer of a page can show, the strictest first.
package struct ThresholdStates: Encodable, Sendable {
    private struct Jump: Encodable {
        let label: String
        let index: Int
    }

    private struct State: Hashable {
        let impostors: Int
        let genuine: Int
    }

    // Short names: there may be thousands of states in a page.
    private let t: [Double?]
    private let i: [Int]
    private let g: [Int]
    private let jumps: [Jump]
    private let impostors: Int
    private let genuine: Int

    /// The states of the ROC curve and of the operating points; nil when a class is empty.
    init?(report: VerificationReport) {
        guard let curve = report.curves.roc.value else { return nil }
        var thresholds: [State: Double?] = [:]
        for index in curve.thresholds.indices {
            let state = State(impostors: curve.acceptedImpostors[index], genuine: curve.acceptedGenuine[index])
            thresholds[state] = .some(curve.thresholds[index])
        }
        // An operating point's threshold is the midpoint of all that decide alike: it replaces the curve's.
        var points: [(label: String, state: State)] = []
        for point in report.verification.operatingPoints.reversed() {
            guard let measured = point.outcome.value else { continue }
            let state = State(impostors: measured.acceptedImpostors, genuine: measured.acceptedGenuine)
            thresholds[state] = .some(measured.threshold.value)
            if measured.resolved { points.append(("FAR \(NumberText.rate(point.farTarget))", state)) }
        }
        let states = thresholds.keys.sorted { ($0.impostors, $0.genuine) < ($1.impostors, $1.genuine) }
        t = states.map { thresholds[$0] ?? nil }
        i = states.map(\.impostors)
        g = states.map(\.genuine)
        jumps = points.compactMap { label, state in
            states.firstIndex(of: state).map { Jump(label: label, index: $0) }
        }
        impostors = report.protocol.impostor
        genuine = report.protocol.genuine
    }
}
