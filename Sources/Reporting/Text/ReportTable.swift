/// A table before it is given a form.
struct ReportTable {
    enum Alignment {
        case left
        case right
    }

    struct Column {
        let title: String
        let alignment: Alignment
        /// Whether it belongs to the column before it and is set small.
        let isSmall: Bool

        init(title: String, alignment: Alignment, isSmall: Bool = false) {
            self.title = title
            self.alignment = alignment
            self.isSmall = isSmall
        }
    }

    /// What stands in a field: a value and, small beside it, a second one.
    struct Cell {
        let text: String
        let detail: String?

        init(_ text: String, detail: String? = nil) {
            self.text = text
            self.detail = detail
        }

        /// Both on one line: `95.42 [95.12, 95.70]`, `11 (22.jpg)`.
        var line: String {
            guard let detail, !detail.isEmpty else { return text }
            return detail.hasSuffix("]") ? "\(text) \(detail)" : "\(text) (\(detail))"
        }
    }

    let caption: String
    let columns: [Column]
    var rows: [[Cell]]
    /// What must be known to read the table, in sentences.
    var notes: [String]
}

/// A name and its value on a list.
struct ReportFact {
    let label: String
    let value: String

    init(_ label: String, _ value: String) {
        self.label = label
        self.value = value
    }
}
