/// The text of an SVG under construction.
///
/// Texts and attribute values are escaped here and nowhere else.
public struct SVGCanvas: Sendable {
    private(set) var body = ""

    mutating func element(_ name: String, _ attributes: [(String, String)], text: String? = nil) {
        body += "<" + name + Self.attributes(attributes)
        if let text {
            body += ">" + Self.escaped(text) + "</\(name)>\n"
        } else {
            body += "/>\n"
        }
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
        element(
            "line",
            [
                ("x1", Self.number(start.x)), ("y1", Self.number(start.y)), ("x2", Self.number(end.x)),
                ("y2", Self.number(end.y)), ("stroke-width", Self.number(width)),
            ] + ink.strokeAttributes + (isDashed ? [("stroke-dasharray", "5 4")] : [])
        )
    }

    /// An open path through points.
    mutating func path(_ ink: PlotInk, through points: [(x: Double, y: Double)], width: Double, isDashed: Bool = false)
    {
        guard points.count > 1 else { return }
        element(
            "path",
            [("d", Self.pathData(points)), ("fill", "none"), ("stroke-width", Self.number(width))]
                + [("stroke-linejoin", "round")] + ink.strokeAttributes
                + (isDashed ? [("stroke-dasharray", "5 4")] : [])
        )
    }

    /// A filled shape.
    mutating func area(_ ink: PlotInk, around points: [(x: Double, y: Double)], opacity: Double) {
        guard points.count > 2 else { return }
        element(
            "path",
            [("d", Self.pathData(points) + "Z"), ("fill-opacity", Self.number(opacity)), ("stroke", "none")]
                + ink.fillAttributes
        )
    }

    mutating func rectangle(_ ink: PlotInk, x: Double, y: Double, width: Double, height: Double, opacity: Double) {
        element(
            "rect",
            [
                ("x", Self.number(x)), ("y", Self.number(y)), ("width", Self.number(max(width, 0))),
                ("height", Self.number(max(height, 0))), ("fill-opacity", Self.number(opacity)),
            ] + ink.fillAttributes
        )
    }

    /// Where a text's position is: its beginning, middle or end.
    public enum Anchor: String, Hashable, Sendable {
        /// The text begins there.
        case start
        /// The text is centred there.
        case middle
        /// The text ends there.
        case end
    }

    mutating func text(
        _ text: String,
        _ ink: PlotInk,
        x: Double,
        y: Double,
        anchor: Anchor,
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
    static func escaped(_ text: String) -> String {
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
