/// A face-verification protocol as every format yields it: who is in which image, and who is compared with whom.
///
/// Templates, media and subjects have dense indices from 0, in ascending order of the ids in the files; so row t of a
/// matrix of templates belongs to `templates.ids[t]`, as in InsightFace's scripts. Images and comparisons keep the
/// order of their files.
public struct VerificationProtocol: Hashable, Sendable {
    /// The protocol's name.
    public let name: String
    /// The folder of the images, relative to the data folder.
    public let imageFolder: String
    /// The faces.
    public let images: FaceImages
    /// The templates: sets of images of one subject.
    public let templates: Templates
    /// The medium ids of the files by dense medium index, ascending.
    public let mediumIDs: [Int]
    /// Who is compared with whom; empty for a protocol of searches alone.
    public let comparisons: Comparisons
    /// The subject of each template as the files state it; nil when they do not.
    public let subjects: TemplateSubjects?
    /// Searches of probes in galleries (1:N).
    public let searches: [IdentificationSearch]

    /// Puts a protocol together from parts that share one set of dense indices.
    package init(
        name: String,
        imageFolder: String,
        images: FaceImages,
        templates: Templates,
        mediumIDs: [Int],
        comparisons: Comparisons,
        subjects: TemplateSubjects? = nil,
        searches: [IdentificationSearch] = []
    ) {
        self.name = name
        self.imageFolder = imageFolder
        self.images = images
        self.templates = templates
        self.mediumIDs = mediumIDs
        self.comparisons = comparisons
        self.subjects = subjects
        self.searches = searches
    }

    /// A protocol whose images are templates and media of their own.
    ///
    /// - Parameter ids: The ids of these, by image.
    init(
        name: String,
        imageFolder: String,
        images: FaceImages,
        ids: [Int],
        comparisons: Comparisons,
        subjects: TemplateSubjects? = nil
    ) {
        self.init(
            name: name,
            imageFolder: imageFolder,
            images: images,
            templates: Templates(ids: ids, imageTemplates: images.templates, imageMedia: images.media),
            mediumIDs: ids,
            comparisons: comparisons,
            subjects: subjects
        )
    }

    /// The subjects that the files state, or else those that the genuine comparisons imply.
    ///
    /// - Returns: nil when the files state none and no comparison is genuine.
    public func subjectsOrImplied() -> TemplateSubjects? {
        subjects ?? TemplateSubjects(connectedBy: comparisons, templates: templates)
    }

    /// The same protocol with its images under other names.
    ///
    /// - Parameters:
    ///   - names: A path for each image, relative to `folder`.
    ///   - folder: The folder of the images, relative to the data folder.
    public func renamingImages(_ names: [String], folder: String) -> VerificationProtocol {
        VerificationProtocol(
            name: name,
            imageFolder: folder,
            images: images.renamed(names),
            templates: templates,
            mediumIDs: mediumIDs,
            comparisons: comparisons,
            subjects: subjects,
            searches: searches
        )
    }

    /// Where an image lies.
    ///
    /// - Parameters:
    ///   - image: The image's row.
    ///   - dataFolder: The data folder.
    /// - Returns: A path; absolute image paths, which a reader refuses unless told otherwise, stand for themselves.
    public func path(ofImage image: Int, dataFolder: String) -> String {
        let path = images.paths[image]
        if path.hasPrefix("/") { return path }
        return [dataFolder, imageFolder, path].filter { !$0.isEmpty }.joined(separator: "/")
    }
}

/// One search of probes in a gallery (1:N).
///
/// IJB-C has two galleries, evaluated apart and then averaged.
public struct IdentificationSearch: Hashable, Sendable {
    /// The gallery's name, `G1`.
    public let name: String
    /// The dense template indices of the gallery.
    public let gallery: [UInt32]
    /// The dense template indices of the probes; those whose subject is not in the gallery have no mate.
    public let probes: [UInt32]

    /// Creates a search.
    package init(name: String, gallery: [UInt32], probes: [UInt32]) {
        self.name = name
        self.gallery = gallery
        self.probes = probes
    }
}
