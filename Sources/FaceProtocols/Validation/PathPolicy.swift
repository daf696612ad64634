/// What the paths in protocol files may be; by default nothing that could leave the data folder.
public struct PathPolicy: Hashable, Sendable {
    /// Whether image paths may be absolute.
    public var allowsAbsolutePaths: Bool
    /// Whether images and folders below the data folder may be symbolic links.
    public var allowsSymbolicLinks: Bool

    /// Plain relative paths to files that are no links.
    public static let strict = PathPolicy(allowsAbsolutePaths: false, allowsSymbolicLinks: false)

    /// Creates a policy.
    public init(allowsAbsolutePaths: Bool, allowsSymbolicLinks: Bool) {
        self.allowsAbsolutePaths = allowsAbsolutePaths
        self.allowsSymbolicLinks = allowsSymbolicLinks
    }

    /// What is wrong with a path as text; nil when nothing is.
    ///
    /// `..`, `.` and empty components are refused even where they would stay inside, so that one file has one name.
    public func problem(of path: String) -> String? {
        let bytes = path.utf8
        if bytes.isEmpty { return "the path is empty" }
        if bytes.contains(where: { $0 < 0x20 || $0 == 0x7f }) { return "the path holds a control character" }
        var relative = path[...].utf8
        if relative.first == UInt8(ascii: "/") {
            guard allowsAbsolutePaths else { return "the path is absolute" }
            relative = relative.dropFirst()
        }
        // The common case has one component that does not start with a dot.
        if relative.first != UInt8(ascii: "."), !relative.contains(UInt8(ascii: "/")), !relative.isEmpty { return nil }
        for component in relative.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            if component.elementsEqual("..".utf8) { return "the path leaves its folder" }
            if component.isEmpty || component.elementsEqual(".".utf8) { return "the path is not plain" }
        }
        return nil
    }
}
