/// The states that the threshold explorer can show, for its script.
struct ThresholdStates {
    private struct State: Hashable {
        let threshold: Double?
        let impostors: Int
        let genuine: Int
    }

    private let states: [State]
    private let jumps: [(label: String, index: Int)]
    private let report: VerificationReport

    /// The states of the ROC curve and of the operating points, the strictest first; nil when a class is empty.
    init?(report: VerificationReport) {
        guard let curve = report.curves.roc.value else { return nil }
        self.report = report
        let points = report.verification.operatingPoints.compactMap { point in
            point.outcome.value.map { measured in
                (
                    rate: point.farTarget,
                    state: State(
                        threshold: measured.threshold.value,
                        impostors: measured.acceptedImpostors,
                        genuine: measured.acceptedGenuine
                    ),
                    resolved: measured.resolved
                )
            }
        }
        // An operating point's threshold is the midpoint of all that decide alike: it replaces the curve's.
        let chosen = Set(points.map { Place($0.state) })
        var all = curve.thresholds.indices
            .map { index in
                State(
                    threshold: curve.thresholds[index],
                    impostors: curve.acceptedImpostors[index],
                    genuine: curve.acceptedGenuine[index]
                )
            }
            .filter { !chosen.contains(Place($0)) }
        var seen: Set<Place> = []
        all += points.map(\.state).filter { seen.insert(Place($0)).inserted }
        all.sort { ($0.impostors, $0.genuine) < ($1.impostors, $1.genuine) }
        states = all
        jumps = points.filter(\.resolved).reversed()
            .compactMap { point in
                all.firstIndex { Place($0) == Place(point.state) }
                    .map { ("FAR \(NumberText.rate(point.rate))", $0) }
            }
    }

    private struct Place: Hashable {
        let impostors: Int
        let genuine: Int

        init(_ state: State) {
            impostors = state.impostors
            genuine = state.genuine
        }
    }

    var json: String {
        let thresholds = states.map { $0.threshold.map { JSONText.number($0) } ?? "null" }.joined(separator: ",")
        let impostors = states.map { "\($0.impostors)" }.joined(separator: ",")
        let genuine = states.map { "\($0.genuine)" }.joined(separator: ",")
        let labels = jumps.map { "[\(JSONText.quoted($0.label)),\($0.index)]" }.joined(separator: ",")
        return "{\"t\":[\(thresholds)],\"i\":[\(impostors)],\"g\":[\(genuine)],\"jumps\":[\(labels)],"
            + "\"impostors\":\(report.protocol.impostor),\"genuine\":\(report.protocol.genuine)}"
    }
}
