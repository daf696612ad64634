internal import ArgumentParser
internal import ArtifactFiles
internal import Checkpoints
internal import NeuralGraph

/// `verifar checkpoint`.
struct CheckpointCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "checkpoint",
        abstract: "Look into checkpoints and convert them.",
        discussion: "Nothing in a checkpoint is ever executed: a pickle that asks for more than tensors is refused.",
        subcommands: [Inspect.self, Convert.self, Create.self]
    )
}
