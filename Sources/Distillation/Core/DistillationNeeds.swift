/// What a method works with besides the student's embeddings.
public struct DistillationNeeds: OptionSet, Hashable, Sendable {
    /// The bits.
    public let rawValue: Int

    /// Needs by their bits.
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// The teacher's embeddings.
    public static let teacherEmbeddings = DistillationNeeds(rawValue: 1 << 0)
    /// The teacher's class weights.
    public static let teacherClassifier = DistillationNeeds(rawValue: 1 << 1)
    /// The student's class weights.
    public static let studentClassifier = DistillationNeeds(rawValue: 1 << 2)
    /// The student's class weights, and that nothing trains them.
    public static let frozenStudentClassifier = DistillationNeeds(rawValue: 1 << 3)
    /// The teacher's logits: its classifier on its embeddings.
    public static let teacherLogits = DistillationNeeds(rawValue: 1 << 4)
    /// Embeddings of one length, the student's own or projected.
    public static let equalDimensions = DistillationNeeds(rawValue: 1 << 5)
    /// Feature maps of student and teacher, in pairs.
    public static let featureTaps = DistillationNeeds(rawValue: 1 << 6)
    /// The samples' numbers in the data set, its size and its labels.
    public static let sampleNumbers = DistillationNeeds(rawValue: 1 << 7)
}
