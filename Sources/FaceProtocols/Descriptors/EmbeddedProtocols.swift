/// The protocols that the program knows wherever it is copied to: the texts of `Protocols/<name>/protocol.yml`.
///
/// Texts rather than SwiftPM resources: a resource bundle is looked for beside the executable or at the path where it
/// was built, so a copied binary would lose it, and embedded resources must lie inside the target's folder. A test
/// holds this file equal to the folder; run with VERIFAR_RECORD=1 it writes the file anew, and fails.
package enum EmbeddedProtocols {
    /// Names and texts, by name.
    package static let all: [(name: String, text: String)] = [
        (
            name: "ijbb",
            text: #"""
            name: ijbb
            title: IJB-B 1:1 verification, mixed media, as InsightFace packages it
            format: insightface-ijb
            files:
              prefix: ijbb
              images: loose_crop
              meta: meta
            counts:
              images: 227630
              templates: 12115
              comparisons: 8010270
              genuine: 10270
            obtain: |
              NIST distributed IJB-B on request until it stopped on 14 March 2023
              (https://www.nist.gov/itl/iad/ig/face-challenges); nothing of it is in this repository.
              InsightFace's package of loose crops and text files is described in
              recognition/_evaluation_/ijb/README.md of https://github.com/deepinsight/insightface, which asks
              its users to apply for IJB-B themselves and to follow its licence. The data folder holds
              loose_crop/1.jpg to loose_crop/227630.jpg and meta/ijbb_face_tid_mid.txt,
              meta/ijbb_name_5pts_score.txt, meta/ijbb_template_pair_label.txt; an optional meta/subjects.csv
              (header template,subject) states the subjects.
            licence: |
              That of the data set: its paper says that all images and videos are published under a Creative
              Commons licence; NIST's terms apply to the set.
            citation: |
              C. Whitelam, E. Taborsky, A. Blanton, B. Maze, J. Adams, T. Miller, N. Kalka, A. K. Jain, J. A.
              Duncan, K. Allen, J. Cheney and P. Grother. IARPA Janus Benchmark-B Face Dataset. IEEE Conference
              on Computer Vision and Pattern Recognition Workshops (CVPRW), 2017.

            """#
        ),
        (
            name: "ijbc",
            text: #"""
            name: ijbc
            title: IJB-C 1:1 verification, mixed media, as InsightFace packages it
            format: insightface-ijb
            files:
              prefix: ijbc
              images: loose_crop
              meta: meta
            counts:
              images: 469375
              templates: 23124
              comparisons: 15658489
              genuine: 19557
            obtain: |
              NIST distributed IJB-C on request until it stopped on 14 March 2023
              (https://www.nist.gov/itl/iad/ig/face-challenges); nothing of it is in this repository.
              InsightFace's package of loose crops and text files is described in
              recognition/_evaluation_/ijb/README.md of https://github.com/deepinsight/insightface, which asks
              its users to apply for IJB-C themselves and to follow its licence. The data folder holds
              loose_crop/1.jpg to loose_crop/469375.jpg and meta/ijbc_face_tid_mid.txt,
              meta/ijbc_name_5pts_score.txt, meta/ijbc_template_pair_label.txt; an optional meta/subjects.csv
              (header template,subject) states the subjects.
            licence: |
              That of the data set: the images carry Creative Commons licences of their own, and NIST's terms
              apply to the set.
            citation: |
              B. Maze, J. Adams, J. A. Duncan, N. Kalka, T. Miller, C. Otto, A. K. Jain, W. T. Niggel, J.
              Anderson, J. Cheney and P. Grother. IARPA Janus Benchmark - C: Face Dataset and Protocol.
              International Conference on Biometrics (ICB), 2018.

            """#
        ),
    ]
}
