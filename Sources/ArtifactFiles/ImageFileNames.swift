/// Which files of a folder are images that can be read, by their names' endings, and which were left out.
///
/// An image's content decides how it is decoded; the ending only decides whether a folder's file is taken for one.
public struct ImageFileNames: Hashable, Sendable {
    /// What is read: `jpg`, `jpeg`, `png`, in any case.
    public static let readEndings: Set<String> = ["jpg", "jpeg", "png"]
    /// Images of other formats, which are not read.
    private static let otherEndings: Set<String> = [
        "avif", "bmp", "gif", "heic", "heif", "jfif", "jp2", "jpe", "jxl", "pbm", "pgm", "pnm", "ppm", "tga", "tif",
        "tiff",
        "webp",
    ]
    private static let namedFiles = 3

    /// Some files, and the names of the first few.
    private struct Group: Hashable {
        var count = 0
        var names: [String] = []

        mutating func add(_ name: String) {
            count += 1
            if names.count < namedFiles { names.append(name) }
        }

        var list: String { names.joined(separator: ", ") + (count > names.count ? ", …" : "") }
    }

    /// What was left out of each ending of another image format.
    private var images: [String: Group] = [:]
    private var others = Group()

    /// Nothing was left out yet.
    public init() {}

    /// Whether a folder's file is taken for an image that can be read.
    ///
    /// If not, it is counted as left out, unless it is hidden (its name begins with a dot).
    ///
    /// - Parameters:
    ///   - name: The file's name.
    ///   - path: What messages call it; the name without it.
    public mutating func takes(_ name: String, path: @autoclosure () -> String? = nil) -> Bool {
        let ending = Self.ending(name)
        if Self.readEndings.contains(ending) { return true }
        guard !name.hasPrefix(".") else { return false }
        if Self.otherEndings.contains(ending) {
            images[ending, default: Group()].add(path() ?? name)
        } else {
            others.add(path() ?? name)
        }
        return false
    }

    /// How many images of other formats were left out.
    public var imageCount: Int { images.values.reduce(0) { $0 + $1.count } }

    /// What was left out, with names and the cure; nil when nothing was.
    public var summary: String? {
        var parts: [String] = []
        for (ending, group) in images.sorted(by: { $0.key < $1.key }) {
            parts.append("\(group.count) .\(ending) (\(group.list))")
        }
        if others.count > 0 {
            parts.append("\(others.count) other \(others.count == 1 ? "file" : "files") (\(others.list))")
        }
        guard !parts.isEmpty else { return nil }
        let cure = images.isEmpty ? "" : "; only JPEG and PNG are read: \(Self.cure)"
        return "left out: \(parts.joined(separator: ", "))\(cure)"
    }

    /// How to make readable files of others.
    public static let cure = "convert the others, for instance by ImageMagick's `mogrify -format png FILES`"

    /// What follows the last dot, in lower case.
    public static func ending(_ name: String) -> String {
        guard let dot = name.lastIndex(of: "."), dot > name.startIndex else { return "" }
        return name[name.index(after: dot)...].lowercased()
    }
}
