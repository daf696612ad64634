package import ArtifactFiles
package import Reporting

/// The forms of a report that every run writes.
package enum ReportFiles {
    private static let names: Set = ["json", "md", "html"]

    /// Writes them; `report.json` comes last, so that a folder that has it is whole.
    ///
    /// - Throws: ``InputError`` (`unwritable`).
    package static func write(_ document: ReportDocument, to folder: String) throws(InputError) {
        let last = RunFolder.seal
        FileSystem.remove(FileSystem.join(folder, last))
        var files: [RenderedFile] = []
        for reporter in Reporters.all where names.contains(reporter.name) {
            files += try reporter.files(for: document)
        }
        for file in files.filter({ $0.name != last }) + files.filter({ $0.name == last }) {
            try AtomicFile.write(file.text, to: FileSystem.join(folder, file.name))
        }
    }
}
