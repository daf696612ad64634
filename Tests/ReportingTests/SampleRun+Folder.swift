import ArtifactFiles
import Foundation
import Reporting

extension SampleRun {
    /// Writes the run as `evaluate` does.
    func write(to folder: String, report: VerificationReport? = nil) async throws {
        func file(_ name: String) -> String { folder + "/" + name }
        try NPYFile.write(scores, to: file("scores.npy"))
        try NPYFile.write(labels, to: file("labels.npy"))
        // Ids are not indices: 7 apart, from 100 on.
        func id(_ template: UInt32) -> UInt32 { 100 + 7 * template }
        let ids: [UInt32] = zip(first, second).flatMap { pair in [id(pair.0), id(pair.1)] }
        try NPYFile.write(ids, shape: [scores.count, 2], to: file("comparisons.npy"))
        let subjects = subjectOfTemplate.enumerated()
            .map { template, subject in "\(id(UInt32(template))),\"subject, \(subject)\"\n" }
            .joined()
        try AtomicFile.write("template,subject\n" + subjects, to: file("subjects.csv"))
        try FileManager.default.createDirectory(atPath: file("pictures"), withIntermediateDirectories: true)
        for index in 0..<4 {
            try AtomicFile.write([0xff, 0xd8, 0xff, UInt8(index)], to: file("pictures/f\(index).jpg"))
        }
        var written = try await self.report()
        if let report { written = report }
        try AtomicFile.write(try written.jsonText(), to: file("report.json"))
    }
}
