/// The shape of one face's activation: no batch axis, channels last.
public enum ActivationShape: Hashable, Sendable, Codable, CustomStringConvertible {
    /// `[height, width, channels]`.
    case spatial(height: Int, width: Int, channels: Int)
    /// `[count]`.
    case vector(Int)

    /// The number of scalars.
    public var count: Int {
        switch self {
        case .spatial(let height, let width, let channels): height * width * channels
        case .vector(let count): count
        }
    }

    /// The last axis.
    public var channels: Int {
        switch self {
        case .spatial(_, _, let channels): channels
        case .vector(let count): count
        }
    }

    /// Rows and columns; a vector has one of each.
    public var extent: (height: Int, width: Int) {
        switch self {
        case .spatial(let height, let width, _): (height, width)
        case .vector: (1, 1)
        }
    }

    /// `112×112×3` or `512`.
    public var description: String {
        switch self {
        case .spatial(let height, let width, let channels): "\(height)×\(width)×\(channels)"
        case .vector(let count): "\(count)"
        }
    }
}
