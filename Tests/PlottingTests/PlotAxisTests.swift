import Plotting
import Testing

@Suite struct PlotAxisTests {
    @Test func logTicksAreDecadesWithMinors() {
        let scale = PlotAxis.log(from: 1e-3, to: 1)
        #expect(scale.ticks.filter { $0.label != nil }.map(\.value) == [1e-3, 1e-2, 1e-1, 1])
        #expect(scale.ticks.compactMap(\.label) == ["10⁻³", "10⁻²", "0.1", "1"])
        #expect(scale.ticks.count == 3 * 9 + 1)
        #expect(scale.ticks[1].value == 2e-3)
        for (value, place) in [(1e-3, 0.0), (1e-2, 1.0 / 3), (0.1, 2.0 / 3), (1, 1)] {
            #expect(abs((scale.position(of: value) ?? -1) - place) < 1e-12)
        }
        // Twice as much is the same distance anywhere.
        let twofold = 0.30102999566398120 / 3
        #expect(abs((scale.position(of: 0.02) ?? 0) - (scale.position(of: 0.01) ?? 0) - twofold) < 1e-12)
        #expect(scale.position(of: 0) == nil && scale.position(of: -1) == nil && scale.position(of: .nan) == nil)
        #expect(scale.clampedPosition(of: 1e-9) == 0)
    }

    @Test func logAxisThatBeginsInsideADecadeLabelsOnlyWhatItHolds() {
        let scale = PlotAxis.log(from: 3e-4, to: 0.5)
        #expect(scale.ticks.compactMap(\.label) == ["10⁻³", "10⁻²", "0.1"])
        #expect(scale.ticks.first?.value == 3e-4 && scale.ticks.last?.value == 0.5)
    }

    @Test func manyDecadesAreLabelledSparsely() {
        let labels = PlotAxis.log(from: 1e-16, to: 1, labelLimit: 6).ticks.compactMap(\.label)
        #expect(labels == ["10⁻¹⁵", "10⁻¹²", "10⁻⁹", "10⁻⁶", "10⁻³", "1"])
    }

    @Test(arguments: [
        (0.0, 1.0, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (93.1, 100.0, ["94", "95", "96", "97", "98", "99", "100"]),
        (-0.3, 0.31, ["−0.3", "−0.2", "−0.1", "0.0", "0.1", "0.2", "0.3"]),
        (0, 45_000, ["0", "10000", "20000", "30000", "40000"]),
        (0.9991, 0.9999, ["0.9992", "0.9994", "0.9996", "0.9998"]),
    ])
    func linearTicksAreRoundDecimals(low: Double, high: Double, labels: [String]) {
        let scale = PlotAxis.linear(from: low, to: high)
        #expect(scale.ticks.compactMap(\.label) == labels)
        for tick in scale.ticks {
            #expect(tick.label.flatMap { Double($0.replacing("−", with: "-")) } == tick.value)
        }
        #expect(scale.position(of: low) == 0 && scale.position(of: high) == 1)
    }

    @Test func roundedAxisEndsOnTicks() {
        let scale = PlotAxis.roundedLinear(from: 93.1, to: 99.7)
        #expect(scale.low == 93 && scale.high == 100 || scale.low == 92 && scale.high == 100)
        #expect(scale.ticks.first?.value == scale.low && scale.ticks.last?.value == scale.high)
    }

    @Test(arguments: [(1.0, 1.0), (0.0, 0.0), (2.0, 1.0), (.nan, 1.0), (0.0, .infinity)])
    func emptyRangeIsWidened(low: Double, high: Double) {
        let scale = PlotAxis.linear(from: low, to: high)
        #expect(scale.low < scale.high)
        #expect((2...20).contains(scale.ticks.count))
    }

    /// Ticks of a DET plot stand where scipy.stats.norm.ppf puts them.
    @Test func probitTicksStandAtNormalDeviates() throws {
        // scipy 1.17: norm.ppf([1e-4, 1e-3, 1e-2, 0.05, 0.2, 0.4, 0.1])
        let deviates: [Double: Double] = [
            1e-4: -3.71901648545568, 1e-3: -3.09023230616781, 1e-2: -2.32634787404084, 0.05: -1.64485362695147,
            0.2: -0.841621233572914, 0.4: -0.2533471031358, 0.1: -1.2815515655446,
        ]
        let scale = PlotAxis.probit(from: 1e-4, to: 0.4) { deviates[$0] }
        #expect(scale.ticks.compactMap(\.label) == ["0.01", "0.1", "1", "5", "10", "20", "40"])
        let length = -0.2533471031358 + 3.71901648545568
        for tick in scale.ticks where tick.label != nil {
            let expected = (try #require(deviates[tick.value]) + 3.71901648545568) / length
            #expect(abs(try #require(scale.position(of: tick.value)) - expected) < 1e-12)
        }
        #expect(scale.position(of: 0) == nil && scale.position(of: 1) == nil)
    }
}
