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

    /// The colour on white.
    public var lightColor: String {
        switch self {
        case .primary: "#005a9c"
        case .secondary: "#d98200"
        case .muted: "#767676"
        case .ink: "#1a1a1a"
        case .grid: "#e2e2e2"
        }
    }

    /// The colour on near-black.
    public var darkColor: String {
        switch self {
        case .primary: "#6cb6ff"
        case .secondary: "#ffb454"
        case .muted: "#9a9a9a"
        case .ink: "#e8e8e8"
        case .grid: "#333a41"
        }
    }

    /// Rules that recolour all plots of a page.
    ///
    /// - Parameters:
    ///   - paper: The colour of the background.
    ///   - color: The colour of an ink.
    public static func styleRules(paper: String, color: (PlotInk) -> String) -> String {
        ".vp-halo{stroke:\(paper)}"
            + allCases.map { ink in
                ".vp-s-\(ink.rawValue){stroke:\(color(ink))}.vp-f-\(ink.rawValue){fill:\(color(ink))}"
            }
            .joined()
    }

    var strokeAttributes: [(String, String)] { [("class", "vp-s-\(rawValue)"), ("stroke", lightColor)] }

    var fillAttributes: [(String, String)] { [("class", "vp-f-\(rawValue)"), ("fill", lightColor)] }
}
