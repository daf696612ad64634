internal import FaceEvaluation
internal import FaceImaging
internal import Foundation

extension DoctorReport {
    /// The report for a terminal.
    package var text: String {
        var lines = ["verifar doctor: \(verdict)", ""]
        lines += facts.map { "  \($0.label): \($0.value)" }
        for (index, finding) in findings.enumerated() {
            lines += ["", "\(index + 1). [\(finding.surety)] \(finding.title)"]
            lines += finding.evidence.map { "     \($0)" }
            lines.append("   → \(finding.remedy)")
            if let options = finding.options { lines.append("     \(options)") }
        }
        if let suggestedOptions { lines += ["", "All settings at once: \(suggestedOptions)"] }
        lines += ["", "What was checked:"]
        let width = checks.map(\.name.count).max() ?? 0
        lines += checks.map { check in
            "  \(check.name)\(String(repeating: " ", count: width - check.name.count))  \(check.summary)"
        }
        return lines.joined(separator: "\n")
    }

    /// The report as Markdown.
    package var markdown: String {
        var lines = ["# verifar doctor: \(verdict)", ""]
        lines += facts.map { "- \($0.label): \(Self.escaped($0.value))" }
        for (index, finding) in findings.enumerated() {
            lines += [
                "", "## \(index + 1). \(Self.escaped(finding.title))", "", "*\(finding.surety)* (\(finding.check))", "",
            ]
            lines += finding.evidence.map { "- \(Self.escaped($0))" }
            lines += ["", Self.escaped(finding.remedy)]
            if let options = finding.options { lines += ["", "    \(options)"] }
        }
        if let suggestedOptions { lines += ["", "All settings at once:", "", "    \(suggestedOptions)"] }
        lines += ["", "## What was checked", "", "| check | question | outcome |", "|---|---|---|"]
        lines += checks.map { "| \($0.name) | \(Self.escaped($0.question)) | \(Self.escaped($0.summary)) |" }
        if !trials.isEmpty {
            lines += [
                "", "## Settings that were tried", "", "One factor at a time; round 1 varies the setting as given.", "",
            ]
            lines += ["| round | factor | value | margin | gain (± standard error) | AUC | TAR at FAR 1 % |"]
            lines += ["|--:|---|---|--:|--:|--:|--:|"]
            lines += trials.map { Self.row($0) }
        }
        for sheet in contactSheets { lines += ["", "![aligned faces](\(sheet))"] }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The report as JSON.
    package func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf",
            negativeInfinity: "-inf",
            nan: "nan"
        )
        return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    }

    private var verdict: String {
        guard isHealthy else {
            return culprits.count == 1 ? "1 culprit found" : "\(culprits.count) culprits found, the likeliest first"
        }
        return findings.isEmpty ? "healthy" : "healthy, \(Words.count(findings.count, "thing")) worth a look"
    }

    private var facts: [(label: String, value: String)] {
        var facts = [
            ("checkpoint", "\(Words.visible(subject.checkpoint)) (\(subject.architecture))"),
            ("data", Words.visible(subject.data)),
            ("preprocessing", "\(subject.preprocessing) (\(subject.preprocessingOrigin))"),
            ("policy", subject.policy.label),
        ]
        if let sample {
            facts.append(
                ("sample", "\(sample.faces) of \(sample.population) faces, \(sample.subjects) people")
            )
        }
        if let separation {
            facts.append(
                (
                    "separation",
                    "margin \(Words.number(separation.margin)) (standard deviations of strangers' scores), AUC \(Words.number(separation.auc, 4)), TAR at FAR 1 % "
                        + "\(Words.percent(separation.tarAtFAR1Percent)) (\(separation.genuineCount) genuine, "
                        + "\(separation.impostorCount) impostor pairs of single upright faces)"
                )
            )
        }
        return facts
    }

    private static func row(_ trial: Trial) -> String {
        let gain = trial.gain.map {
            "\($0.difference < 0 ? "−" : "+")\(Words.number(abs($0.difference))) ± \(Words.number($0.standardError))"
        }
        let cells = [
            "\(trial.round)", trial.factor, escaped(trial.label), Words.number(trial.separation?.margin),
            gain ?? "undefined",
            Words.number(trial.separation?.auc, 4), Words.percent(trial.separation?.tarAtFAR1Percent),
        ]
        return "| " + cells.joined(separator: " | ") + " |"
    }

    /// Text in which nothing is markup.
    private static func escaped(_ text: String) -> String {
        var output = ""
        for character in Words.visible(text) {
            switch character {
            case "&": output += "&amp;"
            case "<": output += "&lt;"
            case ">": output += "&gt;"
            case "\\", "`", "*", "_", "[", "]", "|", "#", "~", "$", "!": output += "\\\(character)"
            default: output.append(character)
            }
        }
        return output
    }
}
