internal import ArtifactFiles

/// Whether the images are on disk and no link leads out of the data folder; each folder is listed once.
struct ImageFileCheck {
    let value: VerificationProtocol
    let origins: ProtocolOrigins
    let dataFolder: String

    func run(allowsLinks: Bool, _ findings: inout FindingList) {
        guard value.images.container == nil else { return }
        let root = value.imageFolder.isEmpty ? dataFolder : "\(dataFolder)/\(value.imageFolder)"
        var folders: [Substring: [String: FileSystem.Kind]] = [:]
        guard check(folder: value.imageFolder, allowsLinks, &findings) else { return }
        for (image, path) in value.images.paths.enumerated() {
            let (folder, name) = Self.split(path)
            if folders[folder] == nil {
                let isSafe =
                    folder.isEmpty || allowsLinks || folder.hasPrefix("/")
                    || !FileSystem.hasLink(folder, below: root)
                if !isSafe {
                    findings.add(
                        .symbolicLink,
                        at: .init("\(value.imageFolder)/\(folder)"),
                        "the folder is a symbolic link (--allow-outside follows it)"
                    )
                }
                let place = folder.hasPrefix("/") ? String(folder) : "\(root)/\(folder)"
                // One that cannot be listed is empty.
                let entries = isSafe ? (try? FileSystem.entries(inFolder: place)) ?? [] : []
                folders[folder] = Dictionary(uniqueKeysWithValues: entries.map { ($0.name, $0.kind) })
            }
            check(image, path, folders[folder]?[String(name)], allowsLinks, &findings)
        }
    }

    private func check(
        _ image: Int,
        _ path: String,
        _ kind: FileSystem.Kind?,
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
                at: place,
                "the image '\(path)' is a symbolic link (--allow-outside follows it)"
            )
        case .folder, .other, nil:
            findings.add(
                .missingImage,
                at: place,
                "the image '\(path)' is not in \(value.imageFolder); it counts as failed",
                found: kind == nil ? nil : "something that is no file"
            )
        }
    }

    private func check(folder: String, _ allowsLinks: Bool, _ findings: inout FindingList) -> Bool {
        let path = "\(dataFolder)/\(folder)"
        if !allowsLinks, !folder.isEmpty, FileSystem.hasLink(folder, below: dataFolder) {
            findings.add(
                .symbolicLink,
                at: .init(folder),
                "the image folder is a symbolic link (--allow-outside follows it)",
                expected: "a folder in the data folder, or links allowed"
            )
            return false
        }
        guard FileSystem.isFolder(path) else {
            findings.add(.missingImageFolder, at: .init(folder), "there is no folder of images")
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
