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
