import Foundation
import Plotting
import Testing

#if canImport(FoundationXML)
import FoundationXML
#endif

@Suite struct PlotTests {
    static let hostile = "</title><script>alert(1)</script>\"\u{301} onload='x' & \u{0}\u{7}\u{ffff}]]>"

    private func plot(_ marks: [PlotMark], title: String = "A figure") -> Plot {
        Plot(
            id: "figure",
            title: title,
            summary: title,
            horizontal: .log(from: 1e-4, to: 1, title: title),
            vertical: .linear(from: 0, to: 100, title: title),
            marks: marks
        )
    }

    @Test(arguments: [false, true]) func everyMarkIsWellFormed(standsAlone: Bool) throws {
        let svg = plot(
            [
                .region(from: 1e-4, to: 1e-3, label: Self.hostile),
                .band(
                    lower: [PlotPoint(1e-3, 10), PlotPoint(1, 90)],
                    upper: [PlotPoint(1e-3, 30), PlotPoint(1, 99)]
                ),
                .curve([PlotPoint(0, 0), PlotPoint(1e-3, 20), PlotPoint(1, 95)], isStepped: true, isDashed: true),
                .histogram(edges: [1e-3, 1e-2, 0.1], values: [20, 40], ink: .secondary),
                .dot(PlotPoint(1e-2, 50), interval: 40...60, label: Self.hostile),
                .verticalRule(at: 0.5, label: Self.hostile), .horizontalRule(at: 50, label: "x"),
                .label(Self.hostile, at: PlotPoint(0.1, 10), anchor: .end, ink: .primary),
                .density(counts: [0, 1, 2, 100], columns: 2, ink: .primary),
            ],
            title: Self.hostile
        )
        .svg(standsAlone: standsAlone)
        let elements = try XMLElements(svg)
        #expect(elements.names.contains("path") && elements.names.contains("circle"))
        #expect(!elements.names.contains("script"))
        #expect(elements.attributeNames.isDisjoint(with: ["onload", "onclick"]))
        #expect(!svg.contains("nan") && !svg.contains("inf"))
    }

    @Test func ticksStandWhereTheScaleSays() throws {
        let plot = plot([])
        let frame = plot.frame
        let lines = try XMLElements(plot.svg()).elements.filter { $0.name == "line" }
        for (value, place) in [(1e-4, 0.0), (1e-3, 0.25), (1e-2, 0.5), (0.1, 0.75), (1, 1)] {
            let x = frame.left + place * frame.width
            let tick = lines.first { line in
                abs((line.number("x1") ?? 0) - x) < 0.01 && line.number("x1") == line.number("x2")
                    && abs((line.number("y1") ?? 0) - (frame.top + frame.height)) < 0.01
                    && abs((line.number("y2") ?? 0) - (frame.top + frame.height + 5)) < 0.01
            }
            #expect(tick != nil, "no tick at \(value)")
        }
    }

    @Test func stepsAreLevelThenUpright() throws {
        let plot = plot([.curve([PlotPoint(1e-4, 0), PlotPoint(1e-2, 50), PlotPoint(1, 100)], isStepped: true)])
        let frame = plot.frame
        let path = try #require(try XMLElements(plot.svg()).elements.first { $0.name == "path" }?.attributes["d"])
        let (middle, bottom) = (frame.left + frame.width / 2, frame.top + frame.height)
        #expect(path.hasPrefix("M\(text(frame.left)) \(text(bottom))L\(text(middle)) \(text(bottom))L\(text(middle)) "))
    }

    @Test func sameFigureSameBytes() {
        let marks: [PlotMark] = [.curve([PlotPoint(1e-3, 1.0 / 3), PlotPoint(0.7, 66.6)])]
        #expect(plot(marks).svg() == plot(marks).svg())
    }

    @Test func pageCanPlaceValuesByItself() throws {
        let plot = plot([])
        let root = try #require(try XMLElements(plot.svg()).elements.first)
        #expect(root.attributes["data-x"] == "log 0.0001 1.0")
        #expect(root.attributes["data-y"] == "linear 0.0 100.0")
        let numbers = try #require(root.attributes["data-frame"]).split(separator: " ").compactMap { Double($0) }
        #expect(numbers == [plot.frame.left, plot.frame.top, plot.frame.width, plot.frame.height])
    }

    private func text(_ value: Double) -> String { value == value.rounded() ? "\(Int(value))" : "\(value)" }
}

/// The elements of an XML text in document order.
final class XMLElements: NSObject, XMLParserDelegate {
    struct Element {
        let name: String
        let attributes: [String: String]

        func number(_ attribute: String) -> Double? { attributes[attribute].flatMap { Double($0) } }
    }

    private(set) var elements: [Element] = []
    var names: Set<String> { Set(elements.map(\.name)) }
    var attributeNames: Set<String> { Set(elements.flatMap(\.attributes.keys)) }

    init(_ text: String) throws {
        super.init()
        let parser = XMLParser(data: Data(text.utf8))
        parser.delegate = self
        guard parser.parse() else {
            throw parser.parserError ?? CocoaError(.fileReadCorruptFile)
        }
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
}
