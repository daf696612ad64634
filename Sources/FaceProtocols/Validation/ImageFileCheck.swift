/// Whether the images are on disk and no link leads out of the data folder; each folder is listed once.
struct ImageFileCheck {
    let value: VerificationProtocol
    let origins: ProtocolOrigins
    let dataFolder: String

    func run(allowsLinks: Bool, _ findings: inout FindingList) {
        guard value.images.container == nil else { return }
        let root = value.imageFolder.isEmpty ? dataFolder : "\(dataFolder)/\(value.imageFolder)"
        var folders: [Substring: FolderListing] = [:]
        guard check(folder: value.imageFolder, allowsLinks, &findings) else { return }
        for (image, path) in value.images.paths.enumerated() {
            let (folder, name) = Self.split(path)
            if folders[folder] == nil {
                let isSafe =
                    folder.isEmpty || allowsLinks || folder.hasPrefix("/")
                    || !FolderListing.hasLink(folder, below: root)
                if !isSafe {
                    findings.add(
                        .symbolicLink,
                        file: "\(value.imageFolder)/\(folder)",
                        "the folder is a symbolic link (--allow-outside follows it)"
                    )
                }
                let place = folder.hasPrefix("/") ? String(folder) : "\(root)/\(folder)"
                folders[folder] = isSafe ? FolderListing(place) : FolderListing()
            }
            guard let listing = folders[folder] else { continue }
            check(image, path, listing.kinds[String(name)], allowsLinks, &findings)
        }
    }

    private func check(
        _ image: Int,
        _ path: String,
        _ kind: FolderListing.Kind?,
        _ allowsLinks: Bool,
        _ findings: inout FindingList
    ) {
        let place = origins.place(ofImage: image)
        switch kind {
        case .file: break
        case .link where allowsLinks: break
        case .link:
            findings.add(
                .symbolicLink,
                file: place.file,
                line: place.line,
                "the image '\(path)' is a symbolic link (--allow-outside follows it)"
            )
        case .other, nil:
            findings.add(
                .missingImage,
                file: place.file,
                line: place.line,
                "the image '\(path)' is not in \(value.imageFolder); it counts as failed",
                found: kind == nil ? nil : "something that is no file"
            )
        }
    }

    private func check(folder: String, _ allowsLinks: Bool, _ findings: inout FindingList) -> Bool {
        let path = "\(dataFolder)/\(folder)"
        if !allowsLinks, !folder.isEmpty, FolderListing.hasLink(folder, below: dataFolder) {
            findings.add(
                .symbolicLink,
                file: folder,
                "the image folder is a symbolic link (--allow-outside follows it)",
                expected: "a folder in the data folder, or links allowed"
            )
            return false
        }
        guard FolderListing.kind(of: path, followsLinks: true) == .other else {
            findings.add(.missingImageFolder, file: folder, "there is no folder of images")
            return false
        }
        return true
    }

    /// The folder with its slash, empty where there is none, and the name.
    private static func split(_ path: String) -> (folder: Substring, name: Substring) {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return ("", path[...]) }
        let start = path.utf8.index(after: slash)
        return (path[..<start], path[start...])
    }
}
