internal import ArgumentParser
internal import ArtifactFiles
internal import FaceProtocols

/// `verifar protocol`.
struct ProtocolCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "protocol",
        abstract: "List, check, describe and convert benchmark protocols.",
        subcommands: [List.self, Validate.self, Describe.self, Build.self]
    )

    /// `verifar protocol list`.
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "The protocols that are known by name, and how to obtain their data."
        )

        func run() throws {
            let catalogue = ProtocolInput.catalogue
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

    /// `verifar protocol validate`.
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

    /// `verifar protocol describe`.
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

/// Changes to a protocol's description.
struct ProtocolSettingOptions: ParsableArguments {
    @Option(
        name: .customLong("protocol-set"),
        parsing: .singleValue,
        help: ArgumentHelp(
            "Set a key of the protocol's 'files', such as landmarks=points.txt; may be repeated.",
            valueName: "key=value"
        )
    )
    var settings: [String] = []

    func values() throws -> [String: String] {
        var values: [String: String] = [:]
        for setting in settings {
            guard let equals = setting.firstIndex(of: "="), equals > setting.startIndex else {
                throw ValidationError("--protocol-set needs key=value (found '\(setting)')")
            }
            guard
                values.updateValue(String(setting[setting.index(after: equals)...]), forKey: String(setting[..<equals]))
                    == nil
            else { throw ValidationError("--protocol-set: '\(setting[..<equals])' is set twice") }
        }
        return values
    }
}

/// A protocol and its data, as every subcommand names them.
struct ProtocolInput: ParsableArguments {
    @Argument(
        help: ArgumentHelp("A known protocol or a description of one.", valueName: "name|file.yml"),
        completion: .file()
    )
    var name: String

    @Option(help: ArgumentHelp("The protocol's data folder.", valueName: "dir"), completion: .directory)
    var data: String

    @OptionGroup(title: "Protocol") var settings: ProtocolSettingOptions

    @Flag(help: "Do not look whether the images exist.")
    var skipImages = false

    @Flag(help: "Allow images outside the data folder (absolute paths, symbolic links).")
    var allowOutside = false

    @OptionGroup(title: "Running") var running: RunOptions

    static var catalogue: ProtocolCatalogue {
        ProtocolCatalogue(folder: ProtocolCatalogue.checkoutFolder(near: ["."]))
    }

    func read() throws -> ProtocolReading {
        let options = ProtocolReadOptions(
            workers: running.threadCount,
            pathPolicy: allowOutside ? PathPolicy(allowsAbsolutePaths: true, allowsSymbolicLinks: true) : .strict,
            checksImageFiles: !skipImages
        )
        return try ProtocolReader(Self.catalogue.descriptor(name).setting(settings.values()), options: options)
            .read(dataFolder: data)
    }
}
