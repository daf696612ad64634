internal import ArtifactFiles
package import FaceEvaluation
package import FaceImaging
internal import Foundation
package import Reporting

/// What `verifar doctor` says: the value behind `doctor.json`, `doctor.md` and the text.
package struct DoctorReport: Sendable, Codable {
    /// What was examined.
    package struct Subject: Hashable, Sendable, Codable {
        package var checkpoint: String
        /// What it was taken for.
        package var architecture: String
        /// The protocol or folder.
        package var data: String
        /// The user's preprocessing.
        package var preprocessing: FacePreprocessing
        /// Why that one.
        package var preprocessingOrigin: String
        /// The user's policy.
        package var policy: EvaluationPolicy

        package init(
            checkpoint: String,
            architecture: String,
            data: String,
            preprocessing: FacePreprocessing,
            preprocessingOrigin: String,
            policy: EvaluationPolicy
        ) {
            self.checkpoint = checkpoint
            self.architecture = architecture
            self.data = data
            self.preprocessing = preprocessing
            self.preprocessingOrigin = preprocessingOrigin
            self.policy = policy
        }
    }

    /// The faces that were looked at.
    package struct Sample: Hashable, Sendable, Codable {
        package var faces: Int
        package var subjects: Int
        package var population: Int

        init(_ examination: Examination) {
            faces = examination.faces.count
            subjects = Set(examination.subjects).count
            population = examination.population.count
        }
    }

    /// A check and its outcome.
    package struct Check: Hashable, Sendable, Codable {
        package var name: String
        package var question: String
        /// What came of it.
        package var summary: String
    }

    /// A setting that was tried.
    package struct Trial: Hashable, Sendable, Codable {
        /// What was varied.
        package var factor: String
        /// To what.
        package var label: String
        /// From the user's setting (1) or the best of the round before.
        package var round: Int
        /// How it separates; absent where the output is of no use.
        package var separation: Separation?
        /// Against the setting that it was varied from.
        package var gain: PairedGain?

        init(_ trial: SettingTrial) {
            factor = trial.factor
            label = trial.label
            round = trial.round
            separation = trial.separation
            gain = trial.gain
        }
    }

    /// The version of this form.
    package var schema = 1
    /// What was examined.
    package var subject: Subject
    /// The sample; absent when no face could be chosen.
    package var sample: Sample?
    /// Under the user's setting.
    package var separation: Separation?
    /// Under the best setting found.
    package var bestSeparation: Separation?
    /// What is wrong, the likeliest first.
    package var findings: [DoctorFinding] = []
    /// Options that put all wrong settings of the preprocessing right at once.
    package var suggestedOptions: String?
    /// Every check.
    package var checks: [Check] = []
    /// Every setting that was tried.
    package var trials: [Trial] = []
    /// Pictures beside the report.
    package var contactSheets: [String] = []
    /// Whether nothing makes the numbers bad.
    package var isHealthy: Bool

    /// An empty report.
    package init(subject: Subject) {
        self.subject = subject
        isHealthy = true
    }

    /// The findings that make the numbers bad.
    package var culprits: [DoctorFinding] { findings.filter { $0.kind == .culprit } }
}

// MARK: The document

extension DoctorReport {
    package func document() -> ReportDocument {
        var document = ReportDocument(name: "doctor", title: "verifar doctor: \(verdict)")
        document.sections = [ReportSection("", [.facts(facts)])]
        for (index, finding) in findings.enumerated() {
            let title = "\(index + 1). [\(finding.surety)] \(finding.title)"
            let blocks: [ReportBlock] = [
                .list(finding.evidence + ["check: \(finding.check)"]), .paragraph("→ \(finding.remedy)"),
            ]
            let options: [ReportBlock] = finding.options.map { [.code($0)] } ?? []
            document.sections.append(ReportSection(title, blocks + options))
        }
        if let suggestedOptions {
            document.sections.append(ReportSection("All settings at once", [.code(suggestedOptions)]))
        }
        let outcomes = ReportTable(
            "checks",
            columns: [.left("check"), .left("question", isDetail: true), .left("outcome")],
            rows: checks.map { [.init($0.name), .init($0.question), .init($0.summary)] }
        )
        document.sections.append(ReportSection("What was checked", [.table(outcomes)]))
        if !trials.isEmpty {
            let note = "One factor at a time; round 1 varies the setting as given."
            document.sections.append(
                ReportSection("Settings that were tried", isDetail: true, [.paragraph(note), .table(trialTable)])
            )
        }
        let sheets = contactSheets.map { ReportBlock.picture(file: $0, alt: "aligned faces") }
        document.sections.append(ReportSection("", isDetail: true, sheets))
        // A standard error over fewer than two people is infinite.
        document.json = { () throws(InputError) in try JSONText.of(self, allowsNonFinite: true) }
        return document
    }

    private var verdict: String {
        guard isHealthy else {
            return culprits.count == 1 ? "1 culprit found" : "\(culprits.count) culprits found, the likeliest first"
        }
        return findings.isEmpty ? "healthy" : "healthy, \(Words.count(findings.count, "thing")) worth a look"
    }

    private var facts: [ReportFact] {
        var facts = [
            ReportFact("checkpoint", "\(subject.checkpoint) (\(subject.architecture))"),
            ReportFact("data", subject.data),
            ReportFact("preprocessing", "\(subject.preprocessing) (\(subject.preprocessingOrigin))"),
            ReportFact("policy", subject.policy.label),
        ]
        if let sample {
            let text = "\(sample.faces) of \(sample.population) faces, \(sample.subjects) people"
            facts.append(ReportFact("sample", text))
        }
        if let separation {
            let counts =
                "\(separation.genuineCount) genuine, \(separation.impostorCount) impostor pairs of single upright faces"
            facts.append(
                ReportFact(
                    "separation",
                    "margin \(Words.number(separation.margin)) (standard deviations of strangers' scores), AUC "
                        + "\(Words.number(separation.auc, 4)), TAR at FAR 1 % "
                        + "\(Words.percent(separation.tarAtFAR1Percent)) (\(counts))"
                )
            )
        }
        return facts
    }

    private var trialTable: ReportTable {
        ReportTable(
            "trials",
            columns: [
                .right("round"), .left("factor"), .left("value"), .right("margin"), .right("gain (± standard error)"),
                .right("AUC"), .right("TAR at FAR 1 %"),
            ],
            rows: trials.map { trial in
                let gain = trial.gain.map { gain in
                    let sign = gain.difference < 0 ? "−" : "+"
                    return "\(sign)\(Words.number(abs(gain.difference))) ± \(Words.number(gain.standardError))"
                }
                return [
                    "\(trial.round)", trial.factor, trial.label, Words.number(trial.separation?.margin),
                    gain ?? "undefined", Words.number(trial.separation?.auc, 4),
                    Words.percent(trial.separation?.tarAtFAR1Percent),
                ]
                .map { .init($0) }
            }
        )
    }
}

/// Numbers in sentences.
enum Words {
    static func number(_ value: Double?, _ decimals: Int = 2) -> String {
        guard let value, value.isFinite else { return "undefined" }
        return String(format: "%.\(decimals)f", value)
    }

    static func percent(_ value: Double?) -> String {
        guard let value, value.isFinite else { return "undefined" }
        return String(format: "%.1f %%", value * 100)
    }

    static func count(_ value: Int, _ noun: String) -> String { value == 1 ? "1 \(noun)" : "\(value) \(noun)s" }

    /// Text from files on one line: control characters are spelled out.
    static func visible(_ text: String) -> String { VisibleText.line(text) }

    /// A few names.
    static func list(_ names: [String], most: Int = 3) -> String {
        let shown = names.prefix(most).map { visible($0) }.joined(separator: ", ")
        return names.count > most ? shown + ", …" : shown
    }
}
