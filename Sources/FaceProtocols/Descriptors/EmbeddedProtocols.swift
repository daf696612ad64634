/// The protocols that the program knows wherever it is copied to: the texts of `Protocols/<name>/protocol.yml`.
///
/// Texts rather than SwiftPM resources: a resource bundle is looked for beside the executable or at the path where it
/// was built, so a copied binary would lose it, and embedded resources must lie inside the target's folder. A test
/// holds this file equal to the folder; run with VERIFAR_RECORD=1 it writes the file anew, and fails.
package enum EmbeddedProtocols {
    /// Names and texts, by name.
    package static let all: [(name: String, text: String)] = [
        (
            name: "agedb-30",
            text: #"""
            name: agedb-30
            title: AgeDB, pairs thirty years apart, 6,000 pairs, as InsightFace packages it
            format: insightface-bin
            files:
              file: agedb_30.bin
              folds: "10"
            counts:
              images: 12000
              comparisons: 6000
              genuine: 3000
            obtain: |
              The data folder holds agedb_30.bin, a pickle of aligned 112x112 faces that comes with InsightFace's training
              sets (recognition/_datasets_/README.md of https://github.com/deepinsight/insightface). The faces are
              those of AgeDB, which its authors hand out on request.
              Nothing of it is in this repository.
            licence: |
              Research use; the pictures belong to those who took them. See the original set.
            citation: |
              S. Moschoglou, A. Papaioannou, C. Sagonas, J. Deng, I. Kotsia and S. Zafeiriou. AgeDB: The First
              Manually Collected, In-the-Wild Age Database. IEEE Conference on Computer Vision and Pattern Recognition
              Workshops (CVPRW), 2017.

            """#
        ),
        (
            name: "calfw",
            text: #"""
            name: calfw
            title: Cross-Age LFW, 6,000 pairs, as InsightFace packages it
            format: insightface-bin
            files:
              file: calfw.bin
              folds: "10"
            counts:
              images: 12000
              comparisons: 6000
              genuine: 3000
            obtain: |
              The data folder holds calfw.bin, a pickle of aligned 112x112 faces that comes with InsightFace's training
              sets (recognition/_datasets_/README.md of https://github.com/deepinsight/insightface). The faces are
              those of http://whdeng.cn/CALFW/ (Cross-Age LFW).
              Nothing of it is in this repository.
            licence: |
              Research use; the pictures belong to those who took them. See the original set.
            citation: |
              T. Zheng, W. Deng and J. Hu. Cross-Age LFW: A Database for Studying Cross-Age Face Recognition in
              Unconstrained Environments. arXiv:1708.08197, 2017.

            """#
        ),
        (
            name: "cfp-ff",
            text: #"""
            name: cfp-ff
            title: Celebrities in Frontal-Profile, frontal against frontal, 7,000 pairs, as InsightFace packages it
            format: insightface-bin
            files:
              file: cfp_ff.bin
              folds: "10"
            counts:
              images: 14000
              comparisons: 7000
              genuine: 3500
            obtain: |
              The data folder holds cfp_ff.bin, a pickle of aligned 112x112 faces that comes with InsightFace's training
              sets (recognition/_datasets_/README.md of https://github.com/deepinsight/insightface). The faces are
              those of http://www.cfpw.io (CFPW).
              Nothing of it is in this repository.
            licence: |
              Research use; the pictures belong to those who took them. See the original set.
            citation: |
              S. Sengupta, J.-C. Chen, C. Castillo, V. M. Patel, R. Chellappa and D. W. Jacobs. Frontal to Profile
              Face Verification in the Wild. IEEE Winter Conference on Applications of Computer Vision (WACV), 2016.

            """#
        ),
        (
            name: "cfp-fp",
            text: #"""
            name: cfp-fp
            title: Celebrities in Frontal-Profile, frontal against profile, 7,000 pairs, as InsightFace packages it
            format: insightface-bin
            files:
              file: cfp_fp.bin
              folds: "10"
            counts:
              images: 14000
              comparisons: 7000
              genuine: 3500
            obtain: |
              The data folder holds cfp_fp.bin, a pickle of aligned 112x112 faces that comes with InsightFace's training
              sets (recognition/_datasets_/README.md of https://github.com/deepinsight/insightface). The faces are
              those of http://www.cfpw.io (CFPW).
              Nothing of it is in this repository.
            licence: |
              Research use; the pictures belong to those who took them. See the original set.
            citation: |
              S. Sengupta, J.-C. Chen, C. Castillo, V. M. Patel, R. Chellappa and D. W. Jacobs. Frontal to Profile
              Face Verification in the Wild. IEEE Winter Conference on Applications of Computer Vision (WACV), 2016.

            """#
        ),
        (
            name: "cplfw",
            text: #"""
            name: cplfw
            title: Cross-Pose LFW, 6,000 pairs, as InsightFace packages it
            format: insightface-bin
            files:
              file: cplfw.bin
              folds: "10"
            counts:
              images: 12000
              comparisons: 6000
              genuine: 3000
            obtain: |
              The data folder holds cplfw.bin, a pickle of aligned 112x112 faces that comes with InsightFace's training
              sets (recognition/_datasets_/README.md of https://github.com/deepinsight/insightface). The faces are
              those of http://whdeng.cn/CPLFW/ (Cross-Pose LFW).
              Nothing of it is in this repository.
            licence: |
              Research use; the pictures belong to those who took them. See the original set.
            citation: |
              T. Zheng and W. Deng. Cross-Pose LFW: A Database for Studying Cross-Pose Face Recognition in
              Unconstrained Environments. Beijing University of Posts and Telecommunications, Technical Report 18-01,
              2018.

            """#
        ),
        (
            name: "folder",
            text: #"""
            name: folder
            title: One's own faces, a folder for each person; all pairs unless others are set
            format: identity-folder
            files:
              images: images
            obtain: |
              The data folder holds images/<person>/<file>.jpg (.jpeg, .png). Pairs are all pairs of images;
              --protocol-set pairs=pairs.csv takes those of a file with the header first,second or
              first,second,label, and --protocol-set sample=10000 a seeded sample of 10,000 pairs, half of them genuine.
              --protocol-set folds=10 adds the accuracy of a 10-fold cross-validation: pairs that are made are dealt out so
              that each fold has its share of both kinds, those of a file are cut into equal parts in the file's order.
              The images must be aligned faces of the network's size, or have landmarks: --protocol-set landmarks=FILE.

            """#
        ),
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
        (
            name: "lfw",
            text: #"""
            name: lfw
            title: Labeled Faces in the Wild, 6,000 pairs in ten folds, as InsightFace packages it
            format: insightface-bin
            files:
              file: lfw.bin
              folds: "10"
            counts:
              images: 12000
              comparisons: 6000
              genuine: 3000
            obtain: |
              The data folder holds lfw.bin, a pickle of aligned 112x112 faces that comes with InsightFace's training
              sets (recognition/_datasets_/README.md of https://github.com/deepinsight/insightface). The faces are
              those of http://vis-www.cs.umass.edu/lfw/ (Labeled Faces in the Wild).
              Nothing of it is in this repository.
            licence: |
              Research use; the pictures belong to those who took them. See the original set.
            citation: |
              G. B. Huang, M. Ramesh, T. Berg and E. Learned-Miller. Labeled Faces in the Wild: A Database for
              Studying Face Recognition in Unconstrained Environments. University of Massachusetts, Amherst,
              Technical Report 07-49, 2007.

            """#
        ),
        (
            name: "lfw-pairs",
            text: #"""
            name: lfw-pairs
            title: Labeled Faces in the Wild from its own pairs.txt, 6,000 pairs in ten folds
            format: lfw-pairs
            files:
              images: images
              pairs: pairs.txt
            counts:
              comparisons: 6000
              genuine: 3000
            obtain: |
              http://vis-www.cs.umass.edu/lfw/ had the images and pairs.txt; nothing of it is in this repository. The
              data folder holds images/<name>/<name>_0001.jpg and pairs.txt. The images must be aligned faces of the
              network's size, or have landmarks: --protocol-set landmarks=FILE, a line for each image with its path
              below images/, five points and a score.
            licence: |
              Research use; the pictures belong to those who took them. See the original set.
            citation: |
              G. B. Huang, M. Ramesh, T. Berg and E. Learned-Miller. Labeled Faces in the Wild: A Database for
              Studying Face Recognition in Unconstrained Environments. University of Massachusetts, Amherst,
              Technical Report 07-49, 2007.

            """#
        ),
        (
            name: "nist-ijbb",
            text: #"""
            name: nist-ijbb
            title: IJB-B 1:1 verification and 1:N identification, mixed media, from NIST's CSV files
            format: nist-csv
            files:
              images: images
              galleries: protocol/ijbb_1N_gallery_S1.csv, protocol/ijbb_1N_gallery_S2.csv
              probes: protocol/ijbb_1N_probe_mixed.csv
              matches: protocol/ijbb_11_S1_S2_matches.csv
            counts:
              images: 227630
              templates: 12115
              comparisons: 8010270
              genuine: 10270
              subjects: 1845
            obtain: |
              NIST distributed IJB-B on request until it stopped on 14 March 2023
              (https://www.nist.gov/itl/iad/ig/face-challenges); nothing of it is in this repository. The data
              folder holds images/, from which FILENAME starts, and protocol/ with the four files named above.
              Without landmarks faces are cut out by their boxes, which the report says; a file of
              landmarks, one line for each row of the files of templates in the order above, is set by
              --protocol-set landmarks=FILE.
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
            name: "nist-ijbc",
            text: #"""
            name: nist-ijbc
            title: IJB-C 1:1 verification and 1:N identification, mixed media, from NIST's older CSV files
            format: nist-csv
            files:
              images: images
              galleries: protocols/ijbc_1N_gallery_G1.csv, protocols/ijbc_1N_gallery_G2.csv
              probes: protocols/ijbc_1N_probe_mixed.csv
              matches: protocols/ijbc_11_G1_G2_matches.csv
            counts:
              images: 469375
              templates: 23124
              comparisons: 15658489
              genuine: 19557
              subjects: 3531
            obtain: |
              NIST distributed IJB-C on request until it stopped on 14 March 2023
              (https://www.nist.gov/itl/iad/ig/face-challenges); nothing of it is in this repository. The data
              folder holds images/, from which FILENAME starts, and protocols/ with the four files named above.
              Without landmarks faces are cut out by their boxes, which the report says; a file of
              landmarks, one line for each row of the files of templates in the order above, is set by
              --protocol-set landmarks=FILE.
            licence: |
              That of the data set: the images carry Creative Commons licences of their own, and NIST's terms
              apply to the set.
            citation: |
              B. Maze, J. Adams, J. A. Duncan, N. Kalka, T. Miller, C. Otto, A. K. Jain, W. T. Niggel, J.
              Anderson, J. Cheney and P. Grother. IARPA Janus Benchmark - C: Face Dataset and Protocol.
              International Conference on Biometrics (ICB), 2018.

            """#
        ),
        (
            name: "nist-ijbc-covariates",
            text: #"""
            name: nist-ijbc-covariates
            title: IJB-C 1:1 verification of single images with covariates, from NIST's older CSV files
            format: nist-csv
            files:
              images: images
              templates: protocols/ijbc_11_covariate_probe_reference.csv
              matches: protocols/ijbc_11_covariate_matches.csv
            counts:
              templates: 140739
              comparisons: 47404001
            obtain: |
              NIST distributed IJB-C on request until it stopped on 14 March 2023
              (https://www.nist.gov/itl/iad/ig/face-challenges); nothing of it is in this repository. The data
              folder holds images/, from which FILENAME starts, and protocols/ with the two files named above.
              Without landmarks faces are cut out by their boxes, which the report says; a file of
              landmarks, one line for each row of the files of templates in the order above, is set by
              --protocol-set landmarks=FILE.
            licence: |
              That of the data set: the images carry Creative Commons licences of their own, and NIST's terms
              apply to the set.
            citation: |
              B. Maze, J. Adams, J. A. Duncan, N. Kalka, T. Miller, C. Otto, A. K. Jain, W. T. Niggel, J.
              Anderson, J. Cheney and P. Grother. IARPA Janus Benchmark - C: Face Dataset and Protocol.
              International Conference on Biometrics (ICB), 2018.

            """#
        ),
        (
            name: "nist-ijbc-new",
            text: #"""
            name: nist-ijbc-new
            title: IJB-C 1:1 verification, mixed media, from NIST's newer CSV files (test1)
            format: nist-csv
            files:
              images: images
              templates: protocols/test1/enroll_templates.csv, protocols/test1/verif_templates.csv
              matches: protocols/test1/match.csv
            counts:
              images: 469375
              templates: 23124
              comparisons: 15658489
              genuine: 19557
              subjects: 3531
            obtain: |
              NIST distributed IJB-C on request until it stopped on 14 March 2023
              (https://www.nist.gov/itl/iad/ig/face-challenges); nothing of it is in this repository. The data
              folder holds images/, from which FILENAME starts, and protocols/test1/ with the three files named above.
              Without landmarks faces are cut out by their boxes, which the report says; a file of
              landmarks, one line for each row of the files of templates in the order above, is set by
              --protocol-set landmarks=FILE.
            licence: |
              That of the data set: the images carry Creative Commons licences of their own, and NIST's terms
              apply to the set.
            citation: |
              B. Maze, J. Adams, J. A. Duncan, N. Kalka, T. Miller, C. Otto, A. K. Jain, W. T. Niggel, J.
              Anderson, J. Cheney and P. Grother. IARPA Janus Benchmark - C: Face Dataset and Protocol.
              International Conference on Biometrics (ICB), 2018.

            """#
        ),
        (
            name: "nist-ijbc-new-search",
            text: #"""
            name: nist-ijbc-new-search
            title: IJB-C 1:N identification, mixed media, from NIST's newer CSV files (test4)
            format: nist-csv
            files:
              images: images
              galleries: protocols/test4/gallery_G1.csv, protocols/test4/gallery_G2.csv
              probes: protocols/test4/probes.csv
            counts:
              images: 469375
              templates: 23124
              subjects: 3531
            obtain: |
              NIST distributed IJB-C on request until it stopped on 14 March 2023
              (https://www.nist.gov/itl/iad/ig/face-challenges); nothing of it is in this repository. The data
              folder holds images/, from which FILENAME starts, and protocols/test4/ with the three files named above.
              Without landmarks faces are cut out by their boxes, which the report says; a file of
              landmarks, one line for each row of the files of templates in the order above, is set by
              --protocol-set landmarks=FILE.
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
