internal import Mustache

/// Text that may stand in a page: made by escaping foreign text, or from what this module wrote itself.
///
/// Templates insert it with three braces. Mustache's own escaping goes by characters, and a quote followed by a
/// combining mark is one character that it lets pass though it ends an attribute; so it is not relied on.
struct Markup: Hashable, Sendable {
    let text: String

    /// Foreign text, safe in element content and in quoted attribute values.
    init(escaping text: String) {
        var output = ""
        for scalar in VisibleText.line(text).unicodeScalars {
            switch scalar {
            case "&": output += "&amp;"
            case "<": output += "&lt;"
            case ">": output += "&gt;"
            case "\"": output += "&quot;"
            case "'": output += "&#39;"
            default: output.unicodeScalars.append(scalar)
            }
        }
        self.text = output
    }

    /// Markup written by this module.
    init(trusted text: String) { self.text = text }
}

/// The values of a template.
///
/// Only ``Markup``, flags and further contexts can be put in.
struct PageContext {
    private(set) var values: [String: Any] = [:]

    /// Escapes foreign text.
    mutating func set(_ key: String, _ text: String) { values[key] = Markup(escaping: text).text }

    mutating func set(_ key: String, _ markup: Markup) { values[key] = markup.text }

    mutating func set(_ key: String, _ flag: Bool) { values[key] = flag }

    mutating func set(_ key: String, _ list: [PageContext]) { values[key] = list.map(\.values) }

    mutating func set(_ key: String, _ context: PageContext?) {
        if let context { values[key] = context.values } else { values[key] = false }
    }

    /// A context of texts, all escaped.
    init(_ texts: [String: String] = [:]) {
        for (key, text) in texts { set(key, text) }
    }
}

/// A page's template, parsed once.
struct PageTemplate {
    private let template: MustacheTemplate
    private let library: MustacheLibrary

    /// Parses a template and the partials that it may include.
    init(_ text: String, partials: [String: String] = [:]) {
        do {
            template = try MustacheTemplate(string: text)
            library = MustacheLibrary(templates: try partials.mapValues { try MustacheTemplate(string: $0) })
        } catch {
            preconditionFailure("a template of this module does not parse: \(error)")
        }
    }

    func render(_ context: PageContext) -> String { template.render(context.values, library: library) }
}
