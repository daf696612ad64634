import ArtifactFiles
import Distillation
import NeuralCompute
import NeuralTraining
import TestSupport
import Testing

@Suite("A method from outside: the toy of Documentation/AddingADistillationMethod.md")
struct ToyMethodTests {
    final class NormDistillation: DistillationMethod {
        struct Settings: SettingsSection {
            var stretch: Float = 1

            enum CodingKeys: String, SettingsKey {
                case stretch

                var about: KeyDescription {
                    .init(.number(.above(0)), .standard(1), "A factor on the teacher's lengths.", example: "1.2")
                }
            }
        }

        static let name = "norm"
        private let settings: Settings

        init(settings: Settings, problem: DistillationProblem) throws(InputError) { self.settings = settings }

        var needs: DistillationNeeds { .teacherEmbeddings }

        func terms(_ context: LossContext) throws(InputError) -> [LossTerm] {
            let student = context.embeddings.squared.rowSums.squareRoot
            let teacher = context.teacherEmbeddings.squared.rowSums.squareRoot
            return [LossTerm("norm", (student - settings.stretch * teacher).squared.mean)]
        }
    }

    @Test("It computes what the article says, from settings of a recipe")
    func toy() throws {
        let method = try NormDistillation.make(JSONSettings(#"{"stretch": 2}"#), problem: MethodCase.problem)
        let tape = Tape()
        let student = tape.leaf(Matrix(rows: 2, columns: 2, elements: [3, 4, 0, 2]))
        let context = LossContext(
            step: 0,
            epoch: 0,
            seed: 0,
            labels: [0, 1],
            embeddings: student,
            teacherEmbeddings: tape.constant(Matrix(rows: 2, columns: 3, elements: [0, 1, 0, 0, 0, 3]))
        )
        let terms = try method.terms(context)
        let loss = try #require(terms.weightedSum)
        // Lengths 5 and 2 beside 2 · 1 and 2 · 3.
        #expect(loss.scalar == 12.5)
        tape.backward(from: loss)
        // ∂/∂f = (‖f_s‖ − 2‖f_t‖) f̂_s
        #expect(tape.gradient(of: student).elements.elementsEqual([1.8, 2.4, 0, -4]) { abs($0 - $1) < 1e-5 })
    }

    @Test("The article shows this source, public for its place in the library")
    func article() throws {
        let article = String(decoding: try Fixture.data("../Documentation/AddingADistillationMethod.md"), as: UTF8.self)
        for line in [
            "let student = context.embeddings.squared.rowSums.squareRoot",
            "let teacher = context.teacherEmbeddings.squared.rowSums.squareRoot",
            #"return [LossTerm("norm", (student - settings.stretch * teacher).squared.mean)]"#,
        ] { #expect(article.contains(line)) }
    }
}
