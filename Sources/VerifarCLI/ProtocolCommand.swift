internal import ArgumentParser
internal import ArtifactFiles
internal import EvaluationRuns
internal import FaceEvaluation
internal import FaceProtocols
internal import Foundation

struct ProtocolCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "protocol",
        abstract: "List, check, describe and convert benchmark protocols.",
        subcommands: [List.self, Validate.self, Describe.self, Build.self]
    )

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "The protocols that are known by name, and how to obtain their data."
        )

        func run() throws {
            let catalogue = ProtocolCatalogue.current
            for name in try catalogue.names() {
                let descriptor = try catalogue.descriptor(name)
                let counts = descriptor.counts.all.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
                print("\(name)  \(descriptor.title)")
                print("    format \(descriptor.format)" + (counts.isEmpty ? "" : "; \(counts)"))
                if let obtain = descriptor.obtain {
                    print("    " + obtain.split(separator: "\n").joined(separator: "\n    "))
                }
            }
        }
    }

    struct Validate: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "validate",
            abstract: "Check a protocol's files against each other; every finding names file and line.",
            discussion: "Exit status 1 when there is an error; warnings alone leave it 0."
        )

        @OptionGroup var input: ProtocolInput
        @OptionGroup(title: "Result") var result: ResultOptions

        func run() throws {
            let findings = try input.read().findings
            let counts = "\(findings.count(.error)) errors, \(findings.count(.warning)) warnings"
            try result.show(findings, text: (findings.lines + [counts]).joined(separator: "\n"))
            if !findings.isValid { throw ExitCode(1) }
        }
    }

    struct Describe: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "describe",
            abstract: "What is in a protocol: images, templates, media, subjects, comparisons."
        )

        @OptionGroup var input: ProtocolInput
        @OptionGroup(title: "Result") var result: ResultOptions

        func run() throws {
            let description = ProtocolDescription(try input.read().validProtocol())
            try result.show(description, text: description.lines.joined(separator: "\n"))
        }
    }
}

extension ProtocolCommand {
    struct Build: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "build",
            abstract: "Write a protocol in another form: InsightFace's meta files, or a .bin of pairs.",
            discussion: """
                --form ijb writes OUTPUT/meta in InsightFace's layout, with meta/mapping.csv (which row is which image of \
                which file) and protocol.yml; faces without landmarks get those that stand for their boxes. --form bin writes \
                OUTPUT/NAME.bin, pairs of aligned faces as InsightFace's verification sets have them.

                  verifar protocol build nist-ijbc --data IJB-C --output IJB-C --prefix ijbc
                  verifar protocol build nist-ijbc --data IJB-C --output packed --images link
                  verifar protocol build folder --data mine --output mine --form bin
                """
        )

        /// What is written.
        enum Form: String, ExpressibleByArgument, CaseIterable {
            case ijb
            case bin
        }

        @OptionGroup var input: ProtocolInput

        @Option(help: .value("dir", "Where it goes; made if it is not there."), completion: .directory)
        var output: String

        @Option(help: "InsightFace's meta files (ijb) or a file of pairs (bin).")
        var form: Form = .ijb

        @Option(help: ArgumentHelp("What the names of meta files begin with; the protocol's name without it."))
        var prefix: String?

        @Option(
            help: """
                With ijb: keep names and folder of the images, or give each row its own loose_crop/<row>.<ext>, a hard link \
                or a copy, byte for byte.
                """
        )
        var images: ProtocolBuild.Images = .keep

        func run() throws {
            let reading = try input.read()
            for line in reading.findings.lines { FileHandle.standardError.write(Data((line + "\n").utf8)) }
            let value = try reading.validProtocol()
            if !value.searches.isEmpty {
                FileHandle.standardError.write(Data("note: the form holds no galleries; only 1:1 is written\n".utf8))
            }
            try FileSystem.createFolder(output)
            let build = ProtocolBuild(value, dataFolder: input.data, output: output)
            let descriptor =
                switch form {
                case .ijb: try build.writeMetaFiles(prefix: prefix, images: images)
                case .bin: try build.writePairs()
                }
            try AtomicFile.write(descriptor.yaml, to: FileSystem.join(output, "protocol.yml"))
            let counts = descriptor.counts.all.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
            print("\(FileSystem.join(output, "protocol.yml")): \(counts)")
        }
    }
}
