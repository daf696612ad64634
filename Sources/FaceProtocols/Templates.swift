/// The templates of a protocol and the images of each.
public struct Templates: Hashable, Sendable {
    /// The ids of the files by dense index, ascending.
    public let ids: [Int]
    /// Where each template's images begin in `order`; one more entry than templates.
    private let starts: [UInt32]
    private let order: [UInt32]

    /// Groups images by template.
    ///
    /// - Parameters:
    ///   - ids: The ids by dense index, ascending.
    ///   - imageTemplates: Each image's dense template index.
    ///   - imageMedia: Each image's dense medium index.
    package init(ids: [Int], imageTemplates: [UInt32], imageMedia: [UInt32]) {
        self.ids = ids
        var starts = [UInt32](repeating: 0, count: ids.count + 1)
        for template in imageTemplates { starts[Int(template) + 1] += 1 }
        for index in 0..<ids.count { starts[index + 1] += starts[index] }
        var next = starts
        var order = [UInt32](repeating: 0, count: imageTemplates.count)
        for (image, template) in imageTemplates.enumerated() {
            order[Int(next[Int(template)])] = UInt32(image)
            next[Int(template)] += 1
        }
        for template in 0..<ids.count {
            let range = Int(starts[template])..<Int(starts[template + 1])
            if range.count > 1 {
                order[range].sort { (imageMedia[Int($0)], $0) < (imageMedia[Int($1)], $1) }
            }
        }
        self.starts = starts
        self.order = order
    }

    /// How many templates there are.
    public var count: Int { ids.count }

    /// A template's images, ordered by medium and then by row, so that the frames of one video stand together.
    public func images(of template: Int) -> ArraySlice<UInt32> {
        order[Int(starts[template])..<Int(starts[template + 1])]
    }

    /// The dense index of an id; nil when no image has it.
    public func index(of id: Int) -> Int? {
        let index = SortedSearch.firstIndex(in: ids, notLessThan: id)
        return index < ids.count && ids[index] == id ? index : nil
    }
}

/// The subject of each template.
public struct TemplateSubjects: Hashable, Sendable {
    /// Where the subjects come from.
    public enum Origin: String, Hashable, Sendable {
        /// A file of the protocol states them.
        case stated
        /// They are the sets of templates that genuine comparisons connect.
        case impliedByGenuineComparisons = "implied"
    }

    /// Each template's dense subject index; ``none`` where the files state no subject for an uncompared template.
    public let indices: [UInt32]
    /// The subjects' names by dense index, in the order in which their first templates come.
    public let names: [String]
    /// Where they come from.
    public let origin: Origin

    /// The index of a template without a subject.
    public static let none = UInt32.max

    /// How many subjects there are.
    public var count: Int { names.count }

    /// Numbers stated subjects in the order of their first templates.
    ///
    /// - Parameter namesByTemplate: Each template's subject; nil where none is stated.
    package init(stated namesByTemplate: [String?]) {
        var known: [String: UInt32] = [:]
        var names: [String] = []
        indices = namesByTemplate.map { name in
            guard let name else { return Self.none }
            if let index = known[name] { return index }
            let index = UInt32(names.count)
            known[name] = index
            names.append(name)
            return index
        }
        self.names = names
        origin = .stated
    }

    /// The connected components of the templates under genuine comparisons; a template without one is a subject alone.
    ///
    /// A component is named after its first template's id.
    ///
    /// - Parameters:
    ///   - comparisons: The comparisons.
    ///   - templates: The templates.
    /// - Returns: nil when no comparison is genuine.
    package init?(connectedBy comparisons: Comparisons, templates: Templates) {
        guard comparisons.genuineCount > 0 else { return nil }
        let roots = Self.roots(of: comparisons, templateCount: templates.count)
        var names: [String] = []
        var indices = [UInt32](repeating: Self.none, count: roots.count)
        // A root is its component's smallest template, so it is met before the others.
        for (template, root) in roots.enumerated() {
            if Int(root) == template {
                indices[template] = UInt32(names.count)
                names.append("\(templates.ids[template])")
            } else {
                indices[template] = indices[Int(root)]
            }
        }
        self.indices = indices
        self.names = names
        origin = .impliedByGenuineComparisons
    }

    /// Each template's representative under genuine comparisons: the smallest index of its component.
    private static func roots(of comparisons: Comparisons, templateCount: Int) -> [UInt32] {
        var parents = (0..<UInt32(templateCount)).map { $0 }
        func root(of template: UInt32) -> UInt32 {
            var node = template
            while parents[Int(node)] != node {
                parents[Int(node)] = parents[Int(parents[Int(node)])]
                node = parents[Int(node)]
            }
            return node
        }
        for index in comparisons.labels.indices where comparisons.labels[index] == 1 {
            let left = root(of: comparisons.first[index])
            let right = root(of: comparisons.second[index])
            // The smaller index stays the root. Path halving alone keeps this near linear.
            if left != right { parents[Int(max(left, right))] = min(left, right) }
        }
        for template in 0..<UInt32(templateCount) { parents[Int(template)] = root(of: template) }
        return parents
    }
}
