package import FaceEvaluation
package import FaceImaging

/// What `verifar doctor` says: the value behind `doctor.json`, `doctor.md` and the text.
package struct DoctorReport: Sendable, Codable {
    /// What was examined.
    package struct Subject: Hashable, Sendable, Codable {
        /// The checkpoint's file.
        package var checkpoint: String
        /// What it was taken for.
        package var architecture: String
        /// The protocol or folder.
        package var data: String
        /// The user's preprocessing.
        package var preprocessing: FacePreprocessing
        /// Why that one.
        package var preprocessingOrigin: String
        /// The user's policy.
        package var policy: EvaluationPolicy

        /// Creates a description.
        package init(
            checkpoint: String,
            architecture: String,
            data: String,
            preprocessing: FacePreprocessing,
            preprocessingOrigin: String,
            policy: EvaluationPolicy
        ) {
            self.checkpoint = checkpoint
            self.architecture = architecture
            self.data = data
            self.preprocessing = preprocessing
            self.preprocessingOrigin = preprocessingOrigin
            self.policy = policy
        }
    }

    /// The faces that were looked at.
    package struct Sample: Hashable, Sendable, Codable {
        /// Faces in the sample.
        package var faces: Int
        /// People in the sample.
        package var subjects: Int
        /// All faces.
        package var population: Int

        init(_ examination: Examination) {
            faces = examination.faces.count
            subjects = Set(examination.subjects).count
            population = examination.population.count
        }
    }

    /// A check and its outcome.
    package struct Check: Hashable, Sendable, Codable {
        /// The check's name.
        package var name: String
        /// What it asks.
        package var question: String
        /// What came of it.
        package var summary: String
    }

    /// A setting that was tried.
    package struct Trial: Hashable, Sendable, Codable {
        /// What was varied.
        package var factor: String
        /// To what.
        package var label: String
        /// From the user's setting (1) or the best of the round before.
        package var round: Int
        /// How it separates; absent where the output is of no use.
        package var separation: Separation?
        /// Against the setting that it was varied from.
        package var gain: PairedGain?

        init(_ trial: SettingTrial) {
            factor = trial.factor
            label = trial.label
            round = trial.round
            separation = trial.separation
            gain = trial.gain
        }
    }

    /// The version of this form.
    package var schema = 1
    /// What was examined.
    package var subject: Subject
    /// The sample; absent when no face could be chosen.
    package var sample: Sample?
    /// Under the user's setting.
    package var separation: Separation?
    /// Under the best setting found.
    package var bestSeparation: Separation?
    /// What is wrong, the likeliest first.
    package var findings: [DoctorFinding] = []
    /// Options that put all wrong settings of the preprocessing right at once.
    package var suggestedOptions: String?
    /// Every check.
    package var checks: [Check] = []
    /// Every setting that was tried.
    package var trials: [Trial] = []
    /// Pictures beside the report.
    package var contactSheets: [String] = []
    /// Whether nothing makes the numbers bad.
    package var isHealthy: Bool

    /// An empty report.
    package init(subject: Subject) {
        self.subject = subject
        isHealthy = true
    }

    /// The findings that make the numbers bad.
    package var culprits: [DoctorFinding] { findings.filter { $0.kind == .culprit } }
}
