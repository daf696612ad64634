public import ArtifactFiles
public import NeuralGraph
public import NeuralTraining

/// What is known of a distillation before its first step.
public struct DistillationProblem: Sendable {
    /// Length of the student's embeddings, after a projector if there is one.
    public var studentDimensions: Int
    /// Length of the teacher's embeddings.
    public var teacherDimensions: Int
    /// The number of classes of the data set.
    public var classCount: Int
    /// What the student's logits are; nil: it has no classifier.
    public var studentHead: ClassifierHead.Kind?
    /// Whether nothing trains the student's classifier.
    public var isStudentHeadFrozen: Bool
    /// What the teacher's logits are; nil: its checkpoint has no classifier.
    public var teacherHead: ClassifierHead.Kind?
    /// The number of classes of the teacher's classifier; the data set's if nil.
    public var teacherClassCount: Int?
    /// Shapes of the student's tapped feature maps.
    public var studentTaps: [ActivationShape]
    /// Shapes of the teacher's, pair by pair.
    public var teacherTaps: [ActivationShape]
    /// The class of every sample of the data set, for methods that ask for sample numbers.
    public var sampleLabels: [Int]
    /// Faces of a step; nil where they vary.
    public var batchSize: Int?
    /// The run's seed.
    public var seed: UInt64

    /// A problem.
    public init(
        studentDimensions: Int,
        teacherDimensions: Int,
        classCount: Int,
        studentHead: ClassifierHead.Kind? = nil,
        isStudentHeadFrozen: Bool = false,
        teacherHead: ClassifierHead.Kind? = nil,
        teacherClassCount: Int? = nil,
        studentTaps: [ActivationShape] = [],
        teacherTaps: [ActivationShape] = [],
        sampleLabels: [Int] = [],
        batchSize: Int? = nil,
        seed: UInt64 = 0
    ) {
        self.studentDimensions = studentDimensions
        self.teacherDimensions = teacherDimensions
        self.classCount = classCount
        self.studentHead = studentHead
        self.isStudentHeadFrozen = isStudentHeadFrozen
        self.teacherHead = teacherHead
        self.teacherClassCount = teacherClassCount
        self.studentTaps = studentTaps
        self.teacherTaps = teacherTaps
        self.sampleLabels = sampleLabels
        self.batchSize = batchSize
        self.seed = seed
    }

    /// Refuses a method that asks for what is not there.
    ///
    /// - Parameters:
    ///   - needs: What it asks for.
    ///   - method: Its name, for the message.
    /// - Throws: ``InputError`` that names the method, what it needs and what there is.
    public func check(_ needs: DistillationNeeds, of method: String) throws(InputError) {
        func refuse(_ code: InputError.Code, _ problem: String, expected: String, found: String) -> InputError {
            InputError(code, problem, place: "method '\(method)'", expected: expected, found: found)
        }
        if !needs.isDisjoint(with: [.teacherClassifier, .teacherLogits]) {
            guard teacherHead != nil else {
                throw refuse(
                    .missing,
                    "the method needs the teacher's classifier",
                    expected: "a checkpoint with class weights, or class means of the training data",
                    found: "a teacher without a classifier"
                )
            }
            guard (teacherClassCount ?? classCount) == classCount else {
                throw refuse(
                    .mismatch,
                    "the teacher's classifier is for other classes",
                    expected: "\(classCount) classes",
                    found: "\(teacherClassCount ?? 0)"
                )
            }
        }
        if !needs.isDisjoint(with: [.studentClassifier, .frozenStudentClassifier]), studentHead == nil {
            throw refuse(
                .missing,
                "the method needs the student's classifier",
                expected: "a classification head",
                found: "none"
            )
        }
        if needs.contains(.frozenStudentClassifier), !isStudentHeadFrozen {
            throw refuse(
                .usage,
                "the method needs the student's classifier frozen",
                expected: "a frozen classifier",
                found: "a trained one"
            )
        }
        if needs.contains(.equalDimensions), studentDimensions != teacherDimensions {
            throw refuse(
                .mismatch,
                "student and teacher embeddings differ in length",
                expected: "\(teacherDimensions) numbers as the teacher's, or a projector in the recipe",
                found: "\(studentDimensions)"
            )
        }
        if needs.contains(.featureTaps) { try checkTaps(of: method) }
        if needs.contains(.sampleNumbers), sampleLabels.isEmpty {
            throw refuse(.missing, "the method needs the samples' labels", expected: "one per sample", found: "none")
        }
    }

    /// Refuses a teacher's classifier that has no angles to take.
    ///
    /// - Throws: ``InputError`` that names the method.
    func requireCentres(of method: String) throws(InputError) {
        guard teacherHead == .linear else { return }
        throw InputError(
            .mismatch,
            "the method takes angles to class centres, and the teacher's classifier is linear (w·f + b)",
            place: "method '\(method)'",
            expected: "a teacher trained with cosines (arcface, cosface, normalized-softmax), "
                + "or 'classifier: class-means' of the teacher",
            found: "softmax"
        )
    }

    private func checkTaps(of method: String) throws(InputError) {
        guard !studentTaps.isEmpty, studentTaps.count == teacherTaps.count else {
            throw InputError(
                .missing,
                "the method compares feature maps in pairs",
                place: "method '\(method)'",
                expected: "as many taps of the student as of the teacher, at least one",
                found: "\(studentTaps.count) and \(teacherTaps.count)"
            )
        }
    }
}
