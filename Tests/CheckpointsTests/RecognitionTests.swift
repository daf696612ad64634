import ArtifactFiles
import Backbones
import Checkpoints
import NeuralGraph
import TestSupport
import Testing

/// Architectures are recognised from names and shapes alone, wherever in the file they are.
@Suite struct RecognitionTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func resolve(
        _ tensors: [(name: String, tensor: Tensor)],
        architecture: String? = nil
    ) throws -> ResolvedCheckpoint {
        let path = try folder.write(try foreignSafetensors(tensors), "file.safetensors")
        return try CheckpointReader.read(path: path, architecture: architecture)
    }

    private func failure(_ tensors: [(name: String, tensor: Tensor)], architecture: String? = nil) throws -> InputError?
    {
        do {
            _ = try resolve(tensors, architecture: architecture)
            return nil
        } catch {
            return error as? InputError
        }
    }

    private func named(_ name: String) throws -> NarrowNetwork {
        try #require(NarrowNetwork.all.first { $0.backbone.name == name })
    }

    @Test(arguments: NarrowNetwork.all)
    func recognisesFromParametersAlone(_ network: NarrowNetwork) throws {
        let found = try resolve(try network.tensors())
        #expect(found.architectureName == network.backbone.name)
        #expect(found.configuration == network.configuration)
        #expect(found.graph == (try network.backbone.graph(network.configuration)))
        #expect(found.weights == (try network.checkpoint().weights))
        #expect(found.graphIsCatalogued)
        #expect(found.notes.isEmpty, "\(found.notes)")
    }

    @Test(arguments: ["module.", "backbone.", "model_s.", "_orig_mod.", "student.module.backbone.", "anything."])
    func stripsPrefixesAndSaysSo(_ prefix: String) throws {
        let network = try named("mbf")
        let found = try resolve(try network.tensors(prefix: prefix))
        #expect(found.architectureName == "mbf")
        #expect(found.weights == (try network.checkpoint().weights))
        #expect(found.notes.contains { $0.contains("'\(prefix)'") })
    }

    @Test func aTrainingStateHoldsMoreThanTheNetwork() throws {
        let network = try named("mobilefacenet")
        var tensors = try network.tensors(prefix: "net.backbone.")
        let one = Tensor(shape: [1], values: [7])
        tensors.append(("net.backbone.conv1.bn.num_batches_tracked", Tensor(shape: [], values: [3])))
        tensors.append(("net.backbone.conv1.total_ops", one))
        tensors.append(("net.head.weight", Tensor(shape: [3, 24], values: Array(repeating: 1, count: 72))))
        tensors.append(("optimizer.state.0.momentum_buffer", one))
        let found = try resolve(tensors)
        #expect(found.architectureName == "mobilefacenet")
        #expect(found.weights == (try network.checkpoint().weights))
        #expect(found.notes.contains("ignored 2 counters (num_batches_tracked and the like)"))
        #expect(found.notes.contains("ignored 2 tensors outside 'net.backbone.'"))
    }

    @Test func aHeadBesideTheNetworkIsNotTheNetwork() throws {
        let network = try named("r18")
        var tensors = try network.tensors()
        tensors.append(("margin.weight", Tensor(shape: [2, 24], values: Array(repeating: 0, count: 48))))
        let found = try resolve(tensors)
        #expect(found.architectureName == "r18")
        #expect(found.notes == ["ignored 1 unrelated: margin.weight [2, 24]"])
    }

    @Test func ofStudentAndTeacherTheStudentIsRead() throws {
        let student = try named("mbf").tensors(prefix: "model_s.")
        let teacher = try named("r18").tensors(prefix: "model_t.")
        let found = try resolve(teacher + student)
        #expect(found.architectureName == "mbf")
        #expect(found.notes.contains { $0.contains("'model_t.'") && $0.contains("not read") })
    }

    @Test func slopesMayBeSharedByAllChannels() throws {
        let tensors = try named("r18").tensors()
            .map { name, tensor in
                name.hasSuffix("prelu.weight") ? (name, Tensor(shape: [1], values: [0.25])) : (name, tensor)
            }
        let found = try resolve(tensors)
        #expect(found.weights["prelu.weight"]?.shape == [1])
    }

    @Test func listsWhatIsMissingUnexpectedAndReshaped() throws {
        var tensors = try named("r18").tensors().filter { !$0.name.hasPrefix("layer3.1.bn1.") }
        tensors.append(("layer2.7.conv1.weight", Tensor(shape: [1], values: [0])))
        let place = try #require(tensors.firstIndex { $0.name == "fc.bias" })
        tensors[place].tensor = Tensor(shape: [2, 12], values: tensors[place].tensor.values)
        for architecture in [nil, "r18"] {
            let error = try #require(try failure(tensors, architecture: architecture))
            #expect(error.code == .mismatch)
            let text = error.description
            #expect(text.contains("file.safetensors"))
            #expect(text.contains("r18"))
            #expect(text.contains("4 missing: layer3.1.bn1.weight [32], layer3.1.bn1.bias [32]"), "\(text)")
            #expect(text.contains("and 1 more"))
            #expect(text.contains("1 unexpected: layer2.7.conv1.weight [1]"))
            #expect(text.contains("1 reshaped: fc.bias [2, 12] instead of [24]"))
        }
    }

    @Test func aWrongStatedArchitectureIsAnError() throws {
        let tensors = try named("mbf").tensors()
        let error = try #require(try failure(tensors, architecture: "r50"))
        #expect(error.code == .mismatch)
        #expect(error.description.contains("r50"))
        let unknown = try #require(try failure(tensors, architecture: "resnet-9000"))
        #expect(unknown.code == .unknownName)
    }

    @Test func strangersAreTurnedAwayWithTheListOfArchitectures() throws {
        let error = try #require(try failure([("embedding.table", Tensor(shape: [2], values: [1, 2]))]))
        for backbone in BackboneCatalogue.all { #expect(error.description.contains(backbone.name)) }
        #expect(error.description.contains("embedding.table [2]"))
    }

    @Test func absurdShapesAreNoArchitecture() throws {
        // Shapes with a 0 hold no data, whatever else they say: what is derived from them must not overflow.
        let empty = Tensor(shape: [0], values: [])
        var tensors = try named("mbf").tensors()
        for (index, entry) in tensors.enumerated() where entry.name.hasSuffix(".weight") {
            tensors[index].tensor = empty
        }
        #expect(try failure(tensors) != nil)
    }

    @Test func brokenValuesAreNoted() throws {
        var tensors = try named("mobilefacenet").tensors()
        let mean = try #require(tensors.firstIndex { $0.name == "conv2.bn.running_mean" })
        let variance = try #require(tensors.firstIndex { $0.name == "conv2.bn.running_var" })
        tensors[mean].tensor = Tensor(shape: [64], values: [.nan] + Array(repeating: 0, count: 63))
        tensors[variance].tensor = Tensor(shape: [64], values: [-1] + Array(repeating: 1, count: 63))
        let notes = try resolve(tensors).notes
        #expect(notes.contains("NaN or infinite values in 1 parameters: conv2.bn.running_mean"))
        #expect(notes.contains("negative variances in 1 parameters: conv2.bn.running_var"))
    }
}
