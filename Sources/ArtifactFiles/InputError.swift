/// Something outside the program (a file, an option, a machine) is not as it must be.
///
/// One error type serves every reader, so that a message always has the same shape:
/// `file: place: problem (expected …, found …)`.
public struct InputError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of mistake it is; callers branch on this, people read ``description``.
    public enum Code: String, Hashable, Sendable {
        /// A name that no list of known names holds.
        case unknownName
        /// Bytes or text that do not follow the format.
        case malformed
        /// The input ends before it should.
        case truncated
        /// Well-formed, but a feature that is not supported.
        case unsupported
        /// Two inputs that must agree do not.
        case mismatch
        /// A file, key or parameter that must exist does not.
        case missing
        /// A file or folder cannot be written.
        case unwritable
        /// A size or count is over a stated bound.
        case limitExceeded
        /// Something that is refused for safety.
        case forbidden
        /// Options that contradict each other or are out of range.
        case usage
        /// A computation that is no longer finite.
        case diverged
    }

    /// The kind of mistake.
    public var code: Code
    /// The file, when there is one.
    public var file: String?
    /// Where in it: `line 12`, `key "state_dict"`, `byte 4096`, `node "Conv_3"`.
    public var place: String?
    /// What is wrong, in a few words without a full stop.
    public var problem: String
    /// What was expected.
    public var expected: String?
    /// What was found.
    public var found: String?

    /// Creates an error.
    public init(
        _ code: Code,
        _ problem: String,
        file: String? = nil,
        place: String? = nil,
        expected: String? = nil,
        found: String? = nil
    ) {
        self.code = code
        self.file = file
        self.place = place
        self.problem = problem
        self.expected = expected
        self.found = found
    }

    /// The error of a name that is not in a literal list.
    ///
    /// - Parameters:
    ///   - name: What was given.
    ///   - kind: What it should name: "protocol", "preprocessing".
    ///   - known: The names that exist.
    /// - Returns: An error that lists `known`, and asks whether the nearest was meant.
    public static func unknownName(_ name: String, kind: String, known: [String]) -> InputError {
        let guess = name.nearest(in: known).map { ": did you mean '\($0)'?" } ?? ""
        return InputError(
            .unknownName,
            "unknown \(kind) '\(name)'\(guess)",
            expected: "one of " + known.joined(separator: ", ")
        )
    }

    /// The same error with the file filled in where none was named.
    public func inFile(_ path: String) -> InputError {
        var copy = self
        copy.file = copy.file ?? path
        return copy
    }

    /// The same error with the place filled in where none was named.
    public func at(_ place: String) -> InputError {
        var copy = self
        copy.place = copy.place ?? place
        return copy
    }

    /// The same error with what the place lies in before it: `zip entry 'a', byte 10`.
    public func within(_ whole: String) -> InputError {
        var copy = self
        copy.place = copy.place.map { "\(whole), \($0)" } ?? whole
        return copy
    }

    /// `file: place: problem (expected …, found …)` on one line; control characters are escaped.
    public var description: String {
        var text = [file, place].compactMap { $0 }.map { $0 + ": " }.joined()
        text += problem
        let details = [expected.map { "expected \($0)" }, found.map { "found \($0)" }].compactMap { $0 }
        if !details.isEmpty { text += " (\(details.joined(separator: ", ")))" }
        return text.unicodeScalars
            .map { $0.value < 0x20 || $0.value == 0x7f ? $0.escaped(asASCII: true) : String($0) }
            .joined()
    }
}

extension String {
    /// The name that this one was probably meant to be: the fewest letters inserted, removed, replaced or swapped with their
    /// neighbour, at most a third of them; nil when none is that near.
    public func nearest(in names: [String]) -> String? {
        // Of numbers and single letters everything is near.
        guard count(where: \.isLetter) >= 3 else { return nil }
        let limit = Swift.max(1, count / 3)
        return names.map { (name: $0, distance: distance(to: $0)) }
            .filter { $0.distance <= limit }
            .min { ($0.distance, $0.name) < ($1.distance, $1.name) }?
            .name
    }

    /// The optimal string alignment distance (Damerau–Levenshtein without repeated edits), letters' case aside.
    private func distance(to other: String) -> Int {
        let left = Array(lowercased().prefix(64))
        let right = Array(other.lowercased().prefix(64))
        var before: [Int] = []
        var row = Array(0...right.count)
        for i in left.indices {
            var next = [i + 1]
            for j in right.indices {
                var least = Swift.min(row[j + 1] + 1, next[j] + 1, row[j] + (left[i] == right[j] ? 0 : 1))
                if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
                    least = Swift.min(least, before[j - 1] + 1)
                }
                next.append(least)
            }
            (before, row) = (row, next)
        }
        return row[right.count]
    }
}
