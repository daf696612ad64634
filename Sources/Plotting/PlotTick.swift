/// A mark on an axis.
public struct PlotTick: Hashable, Sendable {
    /// The value it stands at.
    public let value: Double
    /// What is written there; nil for a minor tick.
    public let label: String?

    /// Places a tick.
    public init(value: Double, label: String?) {
        self.value = value
        self.label = label
    }
}
