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
