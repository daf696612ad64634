internal import ArgumentParser
internal import ArtifactFiles
internal import NeuralCompute

struct DeviceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "device",
        abstract: "Where networks can be computed.",
        subcommands: [List.self]
    )

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the devices of this machine, and why one is not available.",
            discussion: """
                --device of evaluate, embed, doctor, train and distill takes one of these names. PyTorch is looked for in \
                VERIFAR_TORCH (the folder of the Python package torch), else where python3 imports torch from.

                  verifar device list
                """
        )

        @OptionGroup var result: ResultOptions

        private struct Row: Encodable {
            var name: String
            var isAvailable: Bool
            var text: String
        }

        func run() throws {
            let rows = Devices.all.flatMap { kind in
                do throws(InputError) {
                    return try kind.listings()
                        .map { Row(name: $0.name, isAvailable: !$0.text.hasPrefix("not here"), text: $0.text) }
                } catch {
                    return [Row(name: kind.name, isAvailable: false, text: "not here: \(error)")]
                }
            }
            try result.show(rows, text: rows.map { "\($0.name): \($0.text)" }.joined(separator: "\n"))
        }
    }
}
