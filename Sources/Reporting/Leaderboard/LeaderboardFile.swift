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
        isQuoted = family.quoted ?? true
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
            guard rates.updateValue(Leaderboard.Rate(percent: percent, genuine: family.genuine), forKey: target) == nil
            else { throw InputError(.malformed, "the FAR \(target) occurs twice", place: place) }
        }
        self.rates = rates
    }
}
