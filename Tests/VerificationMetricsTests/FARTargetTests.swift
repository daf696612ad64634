import Testing
import VerificationMetrics

@Suite struct FARTargetTests {
    @Test func theFloorIsExactWhereBinaryFractionsAreNot() throws {
        // 0.29 × 100 is 28.999… in binary, and 0.001 × 688788 is 688.788.
        #expect(try FARTarget("0.29").allowedImpostors(of: 100) == 29)
        #expect(try FARTarget("1e-3").allowedImpostors(of: 688_788) == 688)
        #expect(try FARTarget("1e-3").allowedImpostors(of: 1000) == 1)
        #expect(try FARTarget("1e-3").allowedImpostors(of: 999) == 0)
        #expect(try FARTarget("1").allowedImpostors(of: 1 << 40) == 1 << 40)
        #expect(try FARTarget("1e-400").allowedImpostors(of: .max) == 0)
        #expect(try FARTarget("0.999999999999999999").allowedImpostors(of: .max) == 9_223_372_036_854_775_797)
    }

    @Test func theFloorAgreesWithExactFractions() throws {
        for floor in try Goldens.closedForms().floors {
            #expect(try FARTarget(floor.target).allowedImpostors(of: floor.count) == floor.allowed, "\(floor.target)")
        }
    }

    @Test(arguments: [
        ("1e-4", "1e-4"), ("0.0001", "1e-4"), ("1E-04", "1e-4"), ("00.00010", "1e-4"), ("100e-6", "1e-4"),
        (".5", "5e-1"),
        ("1.", "1"), ("1e0", "1"), ("0.1e1", "1"), ("2.5e-4", "2.5e-4"), ("0.00025", "2.5e-4"), ("10e-1", "1"),
    ])
    func equalDecimalsAreOneTargetAndPrintAlike(text: String, printed: String) throws {
        let target = try FARTarget(text)
        #expect(target.description == printed)
        #expect(target == (try FARTarget(printed)))
        #expect(target.value == Double(text))
    }

    @Test(arguments: [
        "", "0", "0.0", "-1e-3", "1.0001", "2", "1e1", "e-3", ".", "1e", "1e-", "1e--3", "0x1p-3", "nan", "inf",
        "1e-4 ",
        "1,5e-3", "1.2.3", "1e-3e-3", "0.1234567890123456789", "1e-401", "1e-99999999999", "1e17", "١e-3", "+1e-3",
    ])
    func otherTextIsRefused(text: String) {
        #expect(throws: MetricsError.self) { try FARTarget(text) }
    }

    @Test func aNumberMeansItsShortestDecimal() throws {
        #expect(try FARTarget(1e-3) == FARTarget("0.001"))
        #expect(try FARTarget(1e-6).description == "1e-6")
        #expect(try FARTarget(1.0) == FARTarget("1"))
        #expect(try FARTarget(Double.leastNonzeroMagnitude).allowedImpostors(of: .max) == 0)
        for value in [0, -0.1, 1.1, .nan, .infinity] {
            #expect(throws: MetricsError.self) { try FARTarget(value) }
        }
    }

    @Test(arguments: [
        ("1e-4", true), ("0.123456789012345", true), ("0.3333333333333333", true), ("1", true),
        ("0.99999999999999999", false), ("0.123456789012345678", false), ("1e-400", false),
    ])
    func onlyDecimalsThatANumberNamesCanBeReadBack(_ text: String, _ isNamed: Bool) throws {
        let target = try FARTarget(text)
        #expect(target.isNamedByValue == isNamed)
        let isReadBack = (try? FARTarget(target.value)) == target
        #expect(isReadBack == isNamed)
    }

    @Test func targetsAreOrderedAsNumbers() throws {
        let ascending = ["1e-400", "9e-7", "1e-6", "1.5e-6", "0.0001", "0.00025", "0.003", "0.1", "0.123", "0.9", "1"]
        let targets = try ascending.map { try FARTarget($0) }
        #expect(targets.reversed().sorted() == targets)
        #expect(FARTarget.standard.map(\.description) == ["1e-6", "1e-5", "1e-4", "1e-3", "1e-2", "1e-1"])
        #expect(!(targets[3] < targets[3]))
    }
}
