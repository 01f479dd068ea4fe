import DiagModel
import Testing

@testable import DiagTerminal

@Suite("Bars on a terminal")
struct BarRendererTests {
    /// A renderer with the screen that it writes to.
    struct Stage {
        let written = Written()
        var screen: ScreenEmulator
        var renderer: any ProgressRenderer

        init(columns: Int, rows: Int, usesColour: Bool = false, usesUnicode: Bool = true) {
            screen = ScreenEmulator(columns: columns, rows: rows)
            let traits = TerminalTraits(
                canMoveCursor: true, usesColour: usesColour, usesUnicode: usesUnicode,
                columns: columns, rows: rows)
            renderer = ProgressStyle.auto.renderer(for: traits, write: written.sink)
        }

        @discardableResult
        mutating func update(_ change: (inout any ProgressRenderer) -> Void) -> Int {
            change(&renderer)
            let writes = written.take()
            for bytes in writes { screen.write(bytes) }
            return writes.count
        }

        @discardableResult
        mutating func show(_ event: ProgressEvent) -> Int { update { $0.show(event) } }
    }

    static let logs = ProgressEvent.Operation(
        name: "logs", title: "Collecting logs", state: .running, done: 4, total: 40,
        unit: "files", activity: "reading the journal", elapsedSeconds: 1.5,
        file: .init(
            path: "logs/journal.txt", byteCount: 12_897_600, totalByteCount: 128_976_000))
    static let boot = ProgressEvent.Operation(
        name: "boot", title: "Collecting boot", state: .running, elapsedSeconds: 0.5)

    @Test("Three levels are shown: the run, its operations, and the file of each")
    func threeLevels() {
        var stage = Stage(columns: 100, rows: 24)
        stage.show(event(.runStarted, at: 0))
        stage.show(event(.operationStarted, at: 500, operation: Self.boot))
        stage.show(
            event(
                .operationProgress, at: 2000, done: 3, fraction: 0.4, remaining: 6,
                operation: Self.logs))
        #expect(
            stage.screen.lines == [
                "[############                  ] 40 %  3/8  00:00:02 elapsed, about 00:00:06 left",
                "  Collecting boot  00:00:02",
                "  Collecting logs  [#         ] 10 %  00:00:01  4/40 files  reading the journal",
                "    Copying diagnostic file logs/journal.txt  12.3 MiB  10 %",
            ])
        #expect(stage.screen.faults == [])
    }

    @Test(
        "A narrow window still shows what matters",
        arguments: [
            (
                60,
                [
                    "[####      ] 40 %  3/8  00:00:02",
                    "  Collecting logs  [#         ] 10 %  00:00:01  4/40 files",
                    "    Copying diagnostic file …gs/journal.txt  12.3 MiB  10 %",
                ]
            ),
            (
                40,
                [
                    "[####      ] 40 %  3/8  00:00:02",
                    "  Collecting logs  [#         ] 10 %",
                    "    Copying …ournal.txt  12.3 MiB  10 %",
                ]
            ),
            (20, ["40 %  3/8", " Collecting l… 10 %", "  logs/journal.txt"]),
            (19, ["40 %  3/8"]), (10, ["40 %  3/8"]), (6, ["40 %"]),
        ])
    func narrow(columns: Int, expected: [String]) {
        var stage = Stage(columns: columns, rows: 24)
        stage.show(
            event(
                .operationProgress, at: 2000, done: 3, fraction: 0.4, remaining: 6,
                operation: Self.logs))
        #expect(stage.screen.lines == expected)
        #expect(stage.screen.faults == [])
    }

    @Test("Of more operations than lines, as many as fit are shown, and how many are not")
    func moreThanRows() {
        var stage = Stage(columns: 80, rows: 6)
        for index in 0..<6 {
            stage.show(
                event(
                    .operationStarted, at: 1000 * Int64(index),
                    operation: .init(
                        name: "o\(index)", title: "Operation \(index)", state: .running,
                        file: .init(path: "x", byteCount: 1))))
        }
        #expect(
            stage.screen.lines == [
                "[                    ] 0 %  0/8  00:00:05 elapsed", "  Operation 0  00:00:05",
                "  Operation 1  00:00:04", "  Operation 2  00:00:03", "  +3 more",
            ])
    }

    @Test("An ended operation becomes one line above the bars and stays there")
    func ended() {
        var stage = Stage(columns: 80, rows: 10)
        stage.show(event(.operationStarted, at: 0, operation: Self.boot))
        stage.show(event(.operationStarted, at: 200, operation: Self.logs))
        var boot = Self.boot
        boot.state = .complete
        boot.done = 12
        boot.unit = "files"
        boot.elapsedSeconds = 3
        stage.show(event(.operationEnded, at: 3000, done: 1, fraction: 0.5, operation: boot))
        var logs = Self.logs
        logs.state = .partial
        logs.reason = "2 files:\nno\u{1B}[31m permission"
        logs.elapsedSeconds = 65
        stage.show(event(.operationEnded, at: 3200, done: 2, fraction: 0.6, operation: logs))
        stage.show(
            event(
                .operationEnded, at: 3400, done: 3, fraction: 0.7,
                operation: .init(name: "x", title: "X", state: .failed, reason: "crashed")))
        #expect(
            stage.screen.lines == [
                "✔ Collecting boot  3.0 s  12 files",
                #"! Collecting logs  1 min 5 s  partial: 2 files:\nno\x1B[31m permission"#,
                "✘ X  0.0 s  failed: crashed",
                "[##############      ] 70 %  3/8  00:00:03 elapsed",
            ])
        stage.update { $0.finish() }
        #expect(stage.screen.lines.count == 3)
        #expect(stage.screen.lines.last == "✘ X  0.0 s  failed: crashed")
        #expect(stage.screen.faults == [])
        #expect(stage.show(event(.notice, at: 9000, message: "late")) == 0)
    }

    @Test("Without UTF-8 only ASCII is written, with words for the signs")
    func ascii() {
        var stage = Stage(columns: 80, rows: 10, usesUnicode: false)
        for (index, state) in [ProgressEvent.State.complete, .partial, .failed].enumerated() {
            stage.show(
                event(
                    .operationEnded, at: Int64(index) * 1000,
                    operation: .init(name: "n", title: "Über", state: state, reason: "why")))
        }
        stage.update { $0.finish() }
        #expect(
            stage.screen.lines == [
                #"ok      \u{dc}ber  0.0 s"#, #"partial \u{dc}ber  0.0 s  why"#,
                #"failed  \u{dc}ber  0.0 s  why"#,
            ])
    }

    @Test("Colour is written only when it is wanted, and always taken back")
    func colour() {
        var plain = Stage(columns: 80, rows: 10)
        var coloured = Stage(columns: 80, rows: 10, usesColour: true)
        let end = event(
            .operationEnded, at: 0,
            operation: .init(name: "n", title: "N", state: .failed, reason: "why"))
        plain.show(end)
        coloured.show(end)
        #expect(plain.screen.highlighted == [])
        #expect(coloured.screen.highlighted == ["31", "0"])
        #expect(plain.screen.lines == coloured.screen.lines)
    }

    @Test("A notice is folded, not cut")
    func notice() {
        var stage = Stage(columns: 31, rows: 10)
        stage.show(
            event(.notice, at: 0, message: "The output disk is nearly full: 12.3 MiB are left"))
        #expect(
            stage.screen.lines == [
                "The output disk is nearly", "  full: 12.3 MiB are left", "[          ] 0 %  0/8",
            ])
    }

    @Test("At most ten frames a second are written, each in one write, and none is lost")
    func throttle() {
        var stage = Stage(columns: 80, rows: 10)
        var writes = [Int]()
        for time in stride(from: Int64(0), to: 1000, by: 10) {
            writes.append(
                stage.show(
                    event(
                        .operationProgress, at: time, fraction: Double(time) / 1000,
                        operation: Self.boot)))
        }
        #expect(writes.reduce(0, +) == 10)
        #expect(writes.allSatisfy { $0 <= 1 })
        #expect(stage.screen.lines.first?.contains("90 %") == true)
        stage.update { $0.tick(at: moment(1000)) }
        #expect(stage.screen.lines.first?.contains("99 %") == true)
        #expect(stage.update { $0.tick(at: moment(1100)) } == 0)  // Nothing to see has changed.
        #expect(stage.update { $0.tick(at: moment(2000)) } == 1)
        #expect(stage.screen.lines.first?.contains("00:00:02") == true)
    }

    @Test("A clock that is set back does not stop the bars")
    func clockSetBack() {
        var stage = Stage(columns: 80, rows: 10)
        stage.show(event(.runStarted, at: 3_600_000))
        #expect(stage.show(event(.operationProgress, at: 5, fraction: 0.5)) == 1)
    }

    @Test("Numbers that are none do not stop the bars")
    func strangeNumbers() {
        for value in [Double.nan, .infinity, -.infinity, -1, 1e300] {
            var stage = Stage(columns: 120, rows: 10)
            var operation = Self.logs
            operation.elapsedSeconds = value
            operation.done = .min
            operation.total = .max
            operation.file?.byteCount = .min
            var strange = event(.operationProgress, at: 0, fraction: value, operation: operation)
            strange.run.elapsedSeconds = value
            strange.run.remainingSeconds = value
            strange.run.done = .min
            stage.show(strange)
            #expect(stage.screen.lines.count == 3)
            #expect(stage.screen.faults == [])
        }
    }

    @Test("After a stop the frame starts anew where the cursor is")
    func resume() {
        var stage = Stage(columns: 80, rows: 10)
        stage.show(event(.runStarted, at: 0))
        stage.screen.write(Array("shell\r\n".utf8))
        stage.update { $0.resume() }
        stage.update { $0.tick(at: moment(200)) }
        #expect(stage.screen.lines[1...] == ["shell", stage.screen.lines[0]])
    }
}
