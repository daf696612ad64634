/// Something that was found, in plain words.
package struct DoctorFinding: Hashable, Sendable, Codable {
    /// What it means.
    package enum Kind: String, Hashable, Sendable, Codable, CaseIterable {
        /// It makes the numbers bad.
        case culprit
        /// It may make them worse, or concerns few faces.
        case warning
    }

    /// What it means.
    package var kind: Kind
    /// The check that found it.
    package var check: String
    /// What is wrong, one sentence.
    package var title: String
    /// How likely it is the reason, in [0, 1]: culprits are ranked by it.
    package var likelihood: Double
    /// The numbers behind it.
    package var evidence: [String]
    /// What to do about it.
    package var remedy: String
    /// The command-line options that do it, where options can.
    package var options: String?

    package init(
        _ kind: Kind,
        check: String,
        _ title: String,
        likelihood: Double,
        evidence: [String] = [],
        remedy: String,
        options: String? = nil
    ) {
        self.kind = kind
        self.check = check
        self.title = title
        self.likelihood = likelihood
        self.evidence = evidence
        self.remedy = remedy
        self.options = options
    }

    /// The likelihood in words.
    package var surety: String {
        switch (kind, likelihood) {
        case (.warning, _): "worth a look"
        case (_, 0.95...): "almost certain"
        case (_, 0.8..<0.95): "very likely"
        case (_, 0.6..<0.8): "likely"
        default: "possible"
        }
    }
}

/// What a check says.
package struct DoctorCheckResult: Hashable, Sendable, Codable {
    /// The outcome in a few words, with its numbers.
    package var summary: String
    /// What is wrong.
    package var findings: [DoctorFinding]

    package init(_ summary: String, _ findings: [DoctorFinding] = []) {
        self.summary = summary
        self.findings = findings
    }
}

/// One thing that is looked at.
///
/// A check is a file of its own and a line in ``DoctorChecks/all``.
package protocol DoctorCheck: Sendable {
    /// Its name in reports.
    var name: String { get }
    /// What it asks.
    var question: String { get }

    /// Looks.
    ///
    /// - Parameter examination: Network, sample, and what earlier checks found.
    func run(_ examination: Examination) throws -> DoctorCheckResult
}

/// Everything that is looked at.
package enum DoctorChecks {
    /// In this order: what concerns the data comes before what is only to be judged with sound data.
    package static let all: [any DoctorCheck] = [
        PictureCheck(), LandmarkShapeCheck(), LandmarkRowCheck(), OutputCheck(), BatchCheck(), FoldingCheck(),
        PrecisionCheck(), ChannelCheck(), NormalisationCheck(), AlignmentCheck(), LabelCheck(), SeparationCheck(),
        FlipCheck(), WeightingCheck(), IdentityCheck(),
    ]

    /// The checks that vary a setting.
    package static let factors: [any SettingFactor] = all.compactMap { $0 as? any SettingFactor }
}
