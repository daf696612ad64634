#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// What is in a folder.
struct FolderListing {
    enum Kind {
        case file
        case link
        case other
    }

    private(set) var kinds: [String: Kind] = [:]

    /// An empty listing.
    init() {}

    /// Lists a folder; one that cannot be listed is empty.
    init(_ path: String) {
        guard let folder = opendir(path) else { return }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
            }
            let type = Int32(entry.pointee.d_type)
            switch type {
            case Int32(DT_REG): kinds[name] = .file
            case Int32(DT_LNK): kinds[name] = .link
            case Int32(DT_UNKNOWN): kinds[name] = Self.kind(of: "\(path)/\(name)", followsLinks: false)
            default: kinds[name] = .other
            }
        }
    }

    static func kind(of path: String, followsLinks: Bool) -> Kind? {
        var status = stat()
        guard (followsLinks ? stat(path, &status) : lstat(path, &status)) == 0 else { return nil }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return .file
        case S_IFLNK: return .link
        default: return .other
        }
    }

    /// Whether a component of a relative path is a symbolic link.
    static func hasLink(_ path: some StringProtocol, below root: String) -> Bool {
        var place = root
        for component in path.split(separator: "/") {
            place += "/" + component
            if kind(of: place, followsLinks: false) == .link { return true }
        }
        return false
    }
}
