/// The few colours of all plots: apart for colour-blind eyes, and apart in lightness on grey paper.
///
/// An SVG carries them as attributes, so that it stands alone; a page overrides them by class for dark backgrounds.
/// Blue and orange are of the Okabe–Ito palette, darkened for contrast on white.
public enum PlotInk: String, CaseIterable, Hashable, Sendable {
    /// The main series: genuine comparisons, the system.
    case primary
    /// What it is set against: impostor comparisons, the other system.
    case secondary
    /// Reference lines and what matters less.
    case muted
    /// Text and axes.
    case ink
    /// The light lines behind the data.
    case grid

    var lightColor: String {
        switch self {
        case .primary: "#005a9c"
        case .secondary: "#d98200"
        case .muted: "#767676"
        case .ink: "#1a1a1a"
        case .grid: "#e2e2e2"
        }
    }

    private var darkColor: String {
        switch self {
        case .primary: "#6cb6ff"
        case .secondary: "#ffb454"
        case .muted: "#9a9a9a"
        case .ink: "#e8e8e8"
        case .grid: "#333a41"
        }
    }

    /// Style rules that recolour all plots of a page for a dark background, whose colour is `paper`.
    public static func darkStyleRules(paper: String) -> String {
        ".vp-halo{stroke:\(paper)}"
            + allCases.map { ink in
                ".vp-s-\(ink.rawValue){stroke:\(ink.darkColor)}.vp-f-\(ink.rawValue){fill:\(ink.darkColor)}"
            }
            .joined()
    }

    var strokeAttributes: [(String, String)] { [("class", "vp-s-\(rawValue)"), ("stroke", lightColor)] }

    var fillAttributes: [(String, String)] { [("class", "vp-f-\(rawValue)"), ("fill", lightColor)] }
}

/// What of a text stands at its position.
public enum TextAnchor: String, Hashable, Sendable {
    case start
    case middle
    case end
}

/// The text of an SVG under construction; texts and attribute values are escaped here and nowhere else.
struct SVGCanvas {
    private(set) var body = ""

    mutating func element(_ name: String, _ attributes: [(String, String)], text: String? = nil) {
        body += "<" + name + Self.attributes(attributes)
        body += text.map { ">" + Self.escaped($0) + "</\(name)>\n" } ?? "/>\n"
    }

    mutating func open(_ name: String, _ attributes: [(String, String)]) {
        body += "<" + name + Self.attributes(attributes) + ">\n"
    }

    mutating func close(_ name: String) { body += "</\(name)>\n" }

    mutating func line(
        _ ink: PlotInk,
        from start: (x: Double, y: Double),
        to end: (x: Double, y: Double),
        width: Double = 1,
        isDashed: Bool = false
    ) {
        let ends = [("x1", start.x), ("y1", start.y), ("x2", end.x), ("y2", end.y), ("stroke-width", width)]
        element("line", ends.map { ($0, Self.number($1)) } + ink.strokeAttributes + Self.dashes(isDashed))
    }

    /// An open path through points.
    mutating func path(_ ink: PlotInk, through points: [(x: Double, y: Double)], width: Double, isDashed: Bool = false)
    {
        guard points.count > 1 else { return }
        let look = [("fill", "none"), ("stroke-width", Self.number(width)), ("stroke-linejoin", "round")]
        element("path", [("d", Self.pathData(points))] + look + ink.strokeAttributes + Self.dashes(isDashed))
    }

    /// A filled shape.
    mutating func area(_ ink: PlotInk, around points: [(x: Double, y: Double)], opacity: Double) {
        guard points.count > 2 else { return }
        let look = [("fill-opacity", Self.number(opacity)), ("stroke", "none")]
        element("path", [("d", Self.pathData(points) + "Z")] + look + ink.fillAttributes)
    }

    mutating func rectangle(_ ink: PlotInk, x: Double, y: Double, width: Double, height: Double, opacity: Double) {
        let numbers = [
            ("x", x), ("y", y), ("width", max(width, 0)), ("height", max(height, 0)), ("fill-opacity", opacity),
        ]
        element("rect", numbers.map { ($0, Self.number($1)) } + ink.fillAttributes)
    }

    mutating func text(
        _ text: String,
        _ ink: PlotInk,
        x: Double,
        y: Double,
        anchor: TextAnchor,
        size: Double? = nil,
        isBold: Bool = false,
        hasHalo: Bool = false,
        turned: Double? = nil
    ) {
        var attributes = [("x", Self.number(x)), ("y", Self.number(y)), ("text-anchor", anchor.rawValue)]
        if hasHalo {
            // A rim in the colour of the paper keeps lines behind the letters from running through them.
            attributes += [
                ("class", "vp-f-\(ink.rawValue) vp-halo"), ("fill", ink.lightColor), ("stroke", "#fff"),
                ("stroke-width", "3.5"), ("stroke-linejoin", "round"), ("paint-order", "stroke"),
            ]
        } else {
            attributes += ink.fillAttributes
        }
        if let size { attributes.append(("font-size", Self.number(size))) }
        if isBold { attributes.append(("font-weight", "600")) }
        if let turned {
            attributes.append(("transform", "rotate(\(Self.number(turned)) \(Self.number(x)) \(Self.number(y)))"))
        }
        element("text", attributes, text: text)
    }

    private static func dashes(_ isDashed: Bool) -> [(String, String)] { isDashed ? [("stroke-dasharray", "5 4")] : [] }

    private static func pathData(_ points: [(x: Double, y: Double)]) -> String {
        points.enumerated()
            .map { index, point in (index == 0 ? "M" : "L") + number(point.x) + " " + number(point.y) }
            .joined()
    }

    private static func attributes(_ attributes: [(String, String)]) -> String {
        attributes.map { " \($0.0)=\"\(escaped($0.1))\"" }.joined()
    }

    /// A length with two decimals; tidy, and the same on every machine.
    static func number(_ value: Double) -> String {
        let hundredths = Int((value * 100).rounded())
        let sign = hundredths < 0 ? "-" : ""
        let whole = hundredths.magnitude / 100
        let rest = hundredths.magnitude % 100
        if rest == 0 { return sign + String(whole) }
        let digits = (rest < 10 ? "0" : "") + String(rest)
        return sign + "\(whole)." + (digits.hasSuffix("0") ? String(digits.dropLast()) : digits)
    }

    /// Text for element content and attribute values.
    ///
    /// It goes scalar by scalar, since a quote with a combining mark is one character but ends an attribute all the
    /// same. What XML cannot hold becomes U+FFFD.
    private static func escaped(_ text: String) -> String {
        var output = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": output += "&amp;"
            case "<": output += "&lt;"
            case ">": output += "&gt;"
            case "\"": output += "&quot;"
            case "'": output += "&#39;"
            case "\t", "\n", "\r": output += " "
            case _ where scalar.value < 0x20 || scalar.value == 0xfffe || scalar.value == 0xffff: output += "\u{fffd}"
            default: output.unicodeScalars.append(scalar)
            }
        }
        return output
    }
}
