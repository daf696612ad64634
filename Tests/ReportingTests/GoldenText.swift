import Foundation
import Reporting
import TestSupport
import Testing

/// Files that other programs read: what stands in them must not change unnoticed.
enum GoldenText {
    static func path(_ name: String) -> String { Fixture.path("Reporting/" + name) }

    /// Compares with the bytes of a file.
    static func expectSameBytes(_ text: String, as name: String) throws {
        #expect(try String(contentsOfFile: path(name), encoding: .utf8) == text, "\(name)")
    }

    /// Compares keys and values with those of a JSON file.
    static func expectSameValues(_ text: String, as name: String) throws {
        let golden = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: path(name))))
        let found = try JSONSerialization.jsonObject(with: Data(text.utf8))
        #expect(try #require(golden as? NSDictionary) == #require(found as? NSDictionary), "\(name)")
    }
}

extension ReportDocument {
    /// Its only file of a form.
    func text(_ form: String) throws -> String { try #require(try files([form]).first).text }
}
