import Foundation

#if canImport(FoundationXML)
import FoundationXML
#endif

/// The elements of a page or picture in document order; pages are written so that XML's parser accepts them.
final class MarkupElements: NSObject, XMLParserDelegate {
    struct Element: Hashable {
        let name: String
        let attributes: [String: String]
    }

    private(set) var elements: [Element] = []
    /// All text outside scripts and style sheets.
    private(set) var text = ""

    /// Names of elements and of their attributes, in document order: what hostile text must not change.
    var shape: [String] { elements.map { "\($0.name) \($0.attributes.keys.sorted().joined(separator: ","))" } }

    init(page: String) throws {
        super.init()
        var rest = page.replacing("<!DOCTYPE html>\n", with: "")
        for name in ["script", "style"] { rest = Self.emptied(rest, name) }
        let parser = XMLParser(data: Data(rest.utf8))
        parser.delegate = self
        guard parser.parse() else {
            throw NotWellFormed(
                problem: parser.parserError?.localizedDescription ?? "",
                line: rest.split(separator: "\n", omittingEmptySubsequences: false)
                    .dropFirst(parser.lineNumber - 1).first.map(String.init) ?? ""
            )
        }
    }

    struct NotWellFormed: Error {
        let problem: String
        let line: String
    }

    /// Elements of a name without their content, which is no XML.
    private static func emptied(_ page: String, _ name: String) -> String {
        var output = ""
        var rest = page[...]
        while let start = rest.range(of: "<\(name)"), let open = rest[start.upperBound...].firstIndex(of: ">"),
            let end = rest[open...].range(of: "</\(name)>")
        {
            output += rest[...open]
            rest = rest[end.lowerBound...]
            output += rest.prefix(name.count + 3)
            rest = rest.dropFirst(name.count + 3)
        }
        return output + rest
    }

    func parser(
        _ parser: XMLParser,
        didStartElement elementName: String,
        namespaceURI: String?,
        qualifiedName: String?,
        attributes: [String: String]
    ) {
        elements.append(Element(name: elementName, attributes: attributes))
    }

    func parser(_ parser: XMLParser, foundCharacters string: String) { text += string }
}
