import ArtifactFiles
import FaceProtocols
import Foundation
import Testing

/// A format of which a small valid folder exists in the fixtures.
struct SampleFormat: Sendable, CustomTestStringConvertible {
    let name: String
    let yaml: String
    /// Text files of the fixture that are copied.
    let files: [String]
    /// Images that are made, empty, where the format looks for them.
    let images: [String]

    var testDescription: String { name }

    static let older = SampleFormat(
        name: "nist-older",
        yaml: """
            name: nist
            format: nist-csv
            files:
              matches: ijbc_11_G1_G2_matches.csv
              galleries: "ijbc_1N_gallery_G1.csv, ijbc_1N_gallery_G2.csv"
              probes: ijbc_1N_probe_mixed.csv
            """,
        files: [
            "ijbc_1N_gallery_G1.csv", "ijbc_1N_gallery_G2.csv", "ijbc_1N_probe_mixed.csv", "ijbc_11_G1_G2_matches.csv",
        ],
        images: (1...8).map { "images/img/\($0).jpg" } + (1...2).map { "images/frames/9_0000\($0).jpg" }
    )
    static let newer = SampleFormat(
        name: "nist-newer",
        yaml: """
            name: nist
            format: nist-csv
            files:
              templates: "test1/enroll_templates.csv,test1/verif_templates.csv"
              matches: test1/match.csv
            """,
        files: ["test1/enroll_templates.csv", "test1/verif_templates.csv", "test1/match.csv"],
        images: older.images
    )
    static let search = SampleFormat(
        name: "nist-newer",
        yaml: """
            name: nist
            format: nist-csv
            files: {galleries: "test4/gallery_G1.csv,test4/gallery_G2.csv", probes: test4/probes.csv}
            """,
        files: ["test4/gallery_G1.csv", "test4/gallery_G2.csv", "test4/probes.csv"],
        images: older.images
    )
    static let lfw = SampleFormat(
        name: "lfw",
        yaml: "name: lfw\nformat: lfw-pairs\n",
        files: ["pairs.txt"],
        images: (1...3).map { "images/Ann_Lee/Ann_Lee_000\($0).jpg" } + (1...4).map { "images/Bo/Bo_000\($0).jpg" }
            + ["images/Cy/Cy_0012.jpg"]
    )
    static let folder = SampleFormat(
        name: "folder",
        yaml: "name: own\nformat: identity-folder\nfiles: {pairs: pairs.csv}\n",
        files: [],
        images: ["images/ann/a.jpg", "images/ann/b.PNG", "images/bob/1.jpeg", "images/cy/x, y.jpg", "images/cy/2.jpg"]
    )
    static func bin(_ variant: String) -> SampleFormat {
        SampleFormat(
            name: "bins",
            yaml: "name: bin\nformat: insightface-bin\nfiles: {file: \(variant).bin, folds: '2'}\n",
            files: ["\(variant).bin"],
            images: []
        )
    }

    /// A copy that may be changed.
    func copy() throws -> TemporaryData {
        let data = try TemporaryData()
        for file in files {
            let place = "\(data.path)/\(file)"
            try FileSystem.createFolder(URL(fileURLWithPath: place).deletingLastPathComponent().path)
            try FileManager.default.copyItem(atPath: "\(fixture(name))/\(file)", toPath: place)
        }
        for image in images {
            let place = URL(fileURLWithPath: "\(data.path)/\(image)")
            try FileSystem.createFolder(place.deletingLastPathComponent().path)
            try Data().write(to: place)
        }
        if name == "folder" {
            try data.write(
                "first,second,label\nann/a.jpg,ann/b.PNG,1\nbob/1.jpeg,ann/a.jpg,0\n\"cy/x, y.jpg\",cy/2.jpg,1\n",
                "pairs.csv"
            )
        }
        return data
    }

    /// What the fixture's script read.
    func expected() throws -> [String: Any] {
        let data = try Data(contentsOf: URL(fileURLWithPath: "\(fixture(name))/expected.json"))
        return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    func reading(
        _ data: TemporaryData,
        _ options: ProtocolReadOptions = ProtocolReadOptions(workers: 2)
    ) throws -> ProtocolReading {
        try read(data.path, yaml, options)
    }
}
