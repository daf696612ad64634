internal import ArtifactFiles
internal import StrictYAML
internal import VerificationMetrics

/// Rows from a YAML text; the published ones have the same form as those that a user adds.
///
/// ```yaml
/// families:
///   - name: Our students            # rows of one family stand in the order of their values
///     quoted: false                 # measured by ourselves; true without it
///     source: lab notebook 12
///     trainingSet: MS1M-V3
///     genuine: 19557                # genuine comparisons of the protocol, for intervals
///     impostor: 15638932            # its impostor comparisons: both say whether it is the full IJB-C benchmark
///     rows:
///       - name: mbf, L2E
///         parameters: 2060000
///         macs: 437500000
///         facesPerSecond: 310
///         tar: {1e-6: 88.4, 1e-5: 93.1, 1e-4: 95.5}    # percent
/// ```
struct LeaderboardFile: Decodable {
    struct Family: Decodable {
        var name: String
        var quoted: Bool?
        var source: String?
        var trainingSet: String?
        var parameters: Int?
        var macs: Int?
        var genuine: Int?
        var impostor: Int?
        var rows: [Row]

        enum CodingKeys: String, CodingKey, CaseIterable {
            case name, quoted, source, trainingSet, parameters, macs, genuine, impostor, rows
        }
    }

    struct Row: Decodable {
        var name: String
        var source: String?
        var trainingSet: String?
        var parameters: Int?
        var macs: Int?
        var facesPerSecond: Double?
        var tar: [String: Double]

        enum CodingKeys: String, CodingKey, CaseIterable {
            case name, source, trainingSet, parameters, macs, facesPerSecond, tar
        }
    }

    var families: [Family]

    enum CodingKeys: String, CodingKey, CaseIterable { case families }

    /// The families of a text, checked.
    static func families(of document: YAMLDocument) throws(InputError) -> [Leaderboard.Family] {
        let file = try document.decode(LeaderboardFile.self)
        var families: [Leaderboard.Family] = []
        for family in file.families {
            var rows: [Leaderboard.Row] = []
            for row in family.rows {
                do throws(InputError) {
                    rows.append(try Leaderboard.Row(row, of: family))
                } catch {
                    throw document.file.map(error.inFile) ?? error
                }
            }
            let counts = family.genuine.flatMap { genuine in family.impostor.map { (genuine, $0) } }
            families.append(
                Leaderboard.Family(name: family.name, isMeasuredHere: false, counts: counts, rows: rows)
            )
        }
        return families
    }
}

extension Leaderboard.Row {
    fileprivate init(_ row: LeaderboardFile.Row, of family: LeaderboardFile.Family) throws(InputError) {
        name = row.name
        source = row.source ?? family.source
        trainingSet = row.trainingSet ?? family.trainingSet
        parameters = row.parameters ?? family.parameters
        macs = row.macs ?? family.macs
        facesPerSecond = row.facesPerSecond
        quoted = family.quoted ?? true
        var rates: [FARTarget: Leaderboard.Rate] = [:]
        for (text, percent) in row.tar.sorted(by: { $0.key < $1.key }) {
            let place = "row '\(row.name)': tar"
            let target: FARTarget
            do {
                target = try FARTarget(text)
            } catch {
                throw InputError(.malformed, error.description, place: place)
            }
            guard percent >= 0, percent <= 100 else {
                throw InputError(.malformed, "a TAR is in percent", place: place, found: "\(percent)")
            }
            let rate = Leaderboard.Rate(farTarget: target, percent: percent, genuine: family.genuine)
            guard rates.updateValue(rate, forKey: target) == nil else {
                throw InputError(.malformed, "the FAR \(target) occurs twice", place: place)
            }
        }
        self.rates = rates.sorted { $0.key < $1.key }.map(\.value)
    }
}

/// Published IJB-C results of MobileFaceNets and their teachers, in the format of a leaderboard file.
///
/// Every number is quoted from the source named beside it; none was measured here.
enum PublishedRows {
    static let yaml = """
        families:
          - name: A. MS1M-V3, R100 teacher
            source: Ben-Baruch et al., arXiv 2201.06945, Table 4
            trainingSet: MS1M-V3
            genuine: 19557
            impostor: 15638932
            rows:
              - {name: R100 teacher, tar: {1e-6: 91.49, 1e-5: 95.52, 1e-4: 97.00}}
              - {name: "R100 teacher, SH-KD", tar: {1e-6: 90.88, 1e-5: 95.58, 1e-4: 97.03}}
              - {name: "MobileFaceNet, no distillation", tar: {1e-6: 88.72, 1e-5: 92.75, 1e-4: 95.42}}
              - {name: "MobileFaceNet, L2E", tar: {1e-6: 88.47, 1e-5: 93.49, 1e-4: 95.48}}
              - {name: "MobileFaceNet, TH-KD", tar: {1e-6: 89.82, 1e-5: 93.50, 1e-4: 95.48}}
              - {name: "MobileFaceNet, SH-KD", tar: {1e-6: 90.24, 1e-5: 93.73, 1e-4: 95.64}}
              - name: "MobileFaceNet, no distillation"
                source: Martinez et al., quoted there
                tar: {1e-5: 92.20, 1e-4: 94.70}
              - name: "MobileFaceNet, L2E+ES"
                source: Martinez et al., quoted there
                tar: {1e-5: 93.20, 1e-4: 95.39}
              - name: "MobileFaceNet, L2E+IS"
                source: Martinez et al., quoted there
                tar: {1e-5: 93.25, 1e-4: 95.49}
          - name: B. InsightFace's MobileFaceNet without distillation, and its teachers
            source: InsightFace, recognition/arcface_torch
            genuine: 19557
            impostor: 15638932
            rows:
              - {name: MobileFaceNet, trainingSet: Glint360K, macs: 450000000, tar: {1e-5: 92.62, 1e-4: 95.04}}
              - {name: MobileFaceNet, trainingSet: MS1MV3, macs: 450000000, tar: {1e-5: 91.33, 1e-4: 94.23}}
              - {name: MobileFaceNet, trainingSet: MS1MV2, macs: 450000000, tar: {1e-5: 90.28, 1e-4: 93.61}}
              - {name: R100, trainingSet: MS1MV3, tar: {1e-5: 95.02, 1e-4: 96.85}}
              - {name: R50, trainingSet: MS1MV3, tar: {1e-5: 94.47, 1e-4: 96.37}}
          - name: C. 221 M-MAC MobileFaceNet, R50 teacher
            source: AdaDistill and QUD papers
            trainingSet: MS1MV2
            macs: 221000000
            genuine: 19557
            impostor: 15638932
            rows:
              - {name: AdaArcDistill, tar: {1e-5: 89.32, 1e-4: 93.27}}
              - {name: AdaCosDistill, tar: {1e-5: 89.21, 1e-4: 93.05}}
              - {name: ReFO+, tar: {1e-5: 87.80, 1e-4: 92.41}}
              - {name: ReFO, tar: {1e-5: 87.55, 1e-4: 92.23}}
              - {name: QUD, tar: {1e-5: 81.60, 1e-4: 91.92}}
              - {name: "SH-KD, their re-run", tar: {1e-5: 85.76, 1e-4: 91.75}}
              - {name: ArcDistill, tar: {1e-5: 84.57, 1e-4: 91.70}}
              - {name: feature MSE, tar: {1e-5: 79.79, 1e-4: 91.29}}
              - {name: SFTN, tar: {1e-5: 82.67, 1e-4: 90.96}}
              - {name: EKD, tar: {1e-5: 84.00, 1e-4: 90.48}}
              - {name: RKD, tar: {1e-5: 83.21, 1e-4: 89.65}}
              - {name: DarkRank, tar: {1e-5: 81.62, 1e-4: 89.28}}
              - {name: no distillation, tar: {1e-5: 81.65, 1e-4: 89.13}}
              - {name: SP, tar: {1e-5: 78.13, 1e-4: 88.43}}
              - {name: KD, tar: {1e-5: 80.39, 1e-4: 88.37}}
              - {name: CCKD, tar: {1e-5: 78.75, 1e-4: 87.99}}
              - {name: ShrinkTeaNet, tar: {1e-5: 79.78, 1e-4: 87.80}}
              - {name: FitNet, tar: {1e-5: 73.71, 1e-4: 87.76}}
              - {name: MarginKD, tar: {1e-5: 75.00, 1e-4: 85.71}}
              - {name: TripletDistillation, tar: {1e-5: 76.65, 1e-4: 84.57}}

        """
}
