/// Points for plots and for the threshold explorer.
public struct ReportCurves: Codable, Hashable, Sendable {
    /// The ROC curve, thinned evenly over decades of either error; undefined when a class is empty.
    public var roc: Reported<Curve>
    /// TAR intervals at FARs between the targets; empty when none were computed.
    public var band: [BandPoint]
    /// Score counts in equal bins.
    public var histogram: Reported<Histogram>

    /// States of the decision from the strictest threshold on, one entry of each list per state.
    public struct Curve: Codable, Hashable, Sendable {
        /// Impostors accepted.
        public var acceptedImpostors: [Int]
        /// Genuines accepted.
        public var acceptedGenuine: [Int]
        /// The lowest accepted score; null where nothing is accepted.
        public var thresholds: [Double?]
    }

    /// A TAR interval at a FAR.
    public struct BandPoint: Codable, Hashable, Sendable {
        /// The FAR.
        public var far: Double
        /// The lower end of the TAR interval.
        public var low: Double
        /// The upper end.
        public var high: Double
    }

    /// Score counts of both classes in bins of equal width.
    public struct Histogram: Codable, Hashable, Sendable {
        /// Where the first bin begins.
        public var low: Double
        /// Where the last bin ends.
        public var high: Double
        /// Genuine scores in each bin.
        public var genuine: [Int]
        /// Impostor scores in each bin.
        public var impostor: [Int]
    }
}
