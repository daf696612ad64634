import Foundation
import NeuralGraph
import TestSupport
import Testing

/// One case of `Fixtures/NeuralCompute/operations.json`.
struct OperationCase: Decodable, CustomTestStringConvertible {
    struct Input: Decodable {
        var name: String?
        var shape: [Int]
        var scale: Float?
        var offset: Float?
        var values: [Scalar]?
    }

    struct Parameter: Decodable {
        var role: String
        var name: String
        var kind: String
        var shape: [Int]
    }

    struct Output: Decodable {
        var shape: [Int]
        var offset: Int
    }

    /// A number, or "nan", "inf", "-inf".
    struct Scalar: Decodable {
        var value: Float

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let text = try? container.decode(String.self) {
                value = Float(text) ?? .nan
            } else {
                value = try container.decode(Float.self)
            }
        }
    }

    struct Attributes: Decodable {
        var outChannels: Int?
        var outFeatures: Int?
        var kernel: [Int]?
        var stride: [Int]?
        var padding: [Int]?
        var dilation: [Int]?
        var groups: Int?
        var addition: String?
        var epsilon: Float?
        var kind: String?
        var low: Float?
        var high: Float?
        var scale: Float?
        var shift: Float?
        var value: Float?
        var rate: Float?
        var roundsUp: Bool?
        var countsPadding: Bool?
        var activation: Nested?
        var slope: Float?
    }

    struct Nested: Decodable {
        var kind: String
        var low: Float?
        var high: Float?
        var slope: Float?

        init(from decoder: any Decoder) throws {
            if let name = try? decoder.singleValueContainer().decode(String.self) {
                kind = name
                return
            }
            let container = try decoder.container(keyedBy: CodingKeys.self)
            kind = try container.decode(String.self, forKey: .kind)
            low = try container.decodeIfPresent(Float.self, forKey: .low)
            high = try container.decodeIfPresent(Float.self, forKey: .high)
            slope = try container.decodeIfPresent(Float.self, forKey: .slope)
        }

        enum CodingKeys: String, CodingKey {
            case kind
            case low
            case high
            case slope
        }
    }

    var name: String
    var operation: String
    var attributes: Attributes
    var inputs: [Input]
    var parameters: [Parameter]
    var output: Output
    var terms: Double
    var absoluteSum: Double

    var testDescription: String { name }

    private struct File: Decodable {
        var cases: [OperationCase]
    }

    static let all: [OperationCase] = {
        guard let data = try? Fixture.data("NeuralCompute/operations.json"),
            let file = try? JSONDecoder().decode(File.self, from: data)
        else { return [] }
        return file.cases
    }()

    static let outputs: [Float] = (try? Fixture.floats("NeuralCompute/outputs.npy")) ?? []

    // MARK: The case as a graph

    var weights: Weights {
        var weights = Weights()
        for parameter in parameters {
            let kind = FormulaTensors.Kind(rawValue: parameter.kind) ?? .signal
            weights[parameter.role] = FormulaTensors().tensor(parameter.name, kind, shape: parameter.shape)
        }
        return weights
    }

    private func name(_ role: String) -> String? { parameters.contains { $0.role == role } ? role : nil }

    private func activation(_ kind: String, low: Float?, high: Float?, slope: Float?) -> Activation {
        switch kind {
        case "relu": .relu
        case "clip", "relu6": .clip(low: low ?? 0, high: high ?? 6)
        case "leakyRelu": .leakyRelu(slope: slope ?? 0.01)
        case "prelu": .prelu(slope: "slope")
        default: .sigmoid
        }
    }

    private var extents: (kernel: Extent, stride: Extent, padding: Padding, dilation: Extent) {
        let kernel = attributes.kernel ?? [1, 1]
        let stride = attributes.stride ?? [1, 1]
        let padding = attributes.padding ?? [0, 0, 0, 0]
        let dilation = attributes.dilation ?? [1, 1]
        return (
            Extent(kernel[0], kernel[1]), Extent(stride[0], stride[1]),
            Padding(top: padding[0], left: padding[1], bottom: padding[2], right: padding[3]),
            Extent(dilation[0], dilation[1])
        )
    }

    var graphOperation: NeuralGraph.Operation {
        switch operation {
        case "convolution": .convolution(convolution)
        case "linear":
            .linear(Linear(outFeatures: attributes.outFeatures ?? 0, weight: "weight", bias: name("bias")))
        case "batchNormalization":
            .batchNormalization(
                BatchNormalization(
                    mean: "running_mean",
                    variance: "running_var",
                    scale: name("weight"),
                    shift: name("bias"),
                    epsilon: attributes.epsilon ?? 1e-5
                )
            )
        case "channelAffine": .channelAffine(scale: "scale", shift: "shift")
        case "scalarAffine": .scalarAffine(scale: attributes.scale ?? 1, shift: attributes.shift ?? 0)
        case "activation":
            .activation(
                activation(
                    attributes.kind ?? "",
                    low: attributes.low,
                    high: attributes.high,
                    slope: attributes.slope
                )
            )
        case "add": .add
        case "multiply": .multiply
        case "concatenate": .concatenate
        case "pool":
            .pool(
                Pool(
                    kind: attributes.kind == "maximum" ? .maximum : .average,
                    kernel: extents.kernel,
                    stride: extents.stride,
                    padding: extents.padding,
                    roundsUp: attributes.roundsUp ?? false,
                    countsPadding: attributes.countsPadding ?? false
                )
            )
        case "globalAveragePool": .globalAveragePool
        case "flatten": .flatten
        case "pad": .pad(extents.padding, value: attributes.value ?? 0)
        case "l2Normalize": .l2Normalize(epsilon: attributes.epsilon ?? 0)
        case "dropout": .dropout(rate: attributes.rate ?? 0)
        default: .identity
        }
    }

    private var convolution: Convolution {
        let epilogue = Epilogue(
            activation: attributes.activation.map {
                activation($0.kind, low: $0.low, high: $0.high, slope: $0.slope)
            },
            addsSecondInput: attributes.addition != nil,
            activationFollowsAddition: attributes.addition == "before"
        )
        return Convolution(
            outChannels: attributes.outChannels ?? 0,
            kernel: extents.kernel,
            stride: extents.stride,
            padding: extents.padding,
            dilation: extents.dilation,
            groups: attributes.groups ?? 1,
            weight: "weight",
            bias: name("bias"),
            borderValues: name("border"),
            epilogue: epilogue
        )
    }

    /// The values of an input, channels last, of all faces.
    func values(of input: Input) -> [Float] {
        if let literal = input.values { return channelsLast(literal.map(\.value), shape: input.shape) }
        let signal = FormulaTensors().tensor(input.name ?? "", .signal, shape: input.shape).values
        return channelsLast(signal.map { $0 * (input.scale ?? 1) + (input.offset ?? 0) }, shape: input.shape)
    }

    static func shape(_ shape: [Int]) -> ActivationShape {
        shape.count == 4 ? .spatial(height: shape[2], width: shape[3], channels: shape[1]) : .vector(shape[1])
    }

    var expected: [Float] {
        let count = output.shape.reduce(1, *)
        return channelsLast(Array(Self.outputs[output.offset..<output.offset + count]), shape: output.shape)
    }
}
