import DiagModel
import Testing

@testable import DiagTerminal

/// Drives a renderer with random events beside a model of what should be on the screen.
private struct RandomRun {
    var dice: Dice
    var stage: BarRendererTests.Stage
    var time: Int64 = 0
    var names = [String]()
    var operations = [String: (operation: ProgressEvent.Operation, time: Int64)]()
    var run = ProgressEvent.Run(done: 0, total: 8, fraction: 0, elapsedSeconds: 0)
    /// The first words of each permanent line, in order.
    var permanent = [String]()

    init(seed: UInt64, columns: Int, rows: Int) {
        dice = Dice(state: seed)
        stage = .init(columns: columns, rows: rows)
    }

    var columns: Int { stage.screen.columns }
    var rows: Int { stage.screen.rows }

    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[Int.random(in: 0..<elements.count, using: &dice)]
    }

    mutating func step() {
        time += 100 + Int64.random(in: 0..<300, using: &dice)
        run = .init(
            done: Int.random(in: 0..<800, using: &dice), total: 2000,
            fraction: Double.random(in: 0...1, using: &dice), elapsedSeconds: Double(time) / 1000,
            remainingSeconds: Bool.random(using: &dice)
                ? Double.random(in: 0..<1e6, using: &dice) : nil)
        let name = "n\(Int.random(in: 0..<12, using: &dice))"
        var operation = ProgressEvent.Operation(
            name: name, title: pick(hostileTexts), state: .running,
            done: Int64.random(in: 0..<1 << 40, using: &dice),
            total: Bool.random(using: &dice) ? 1 << 40 : nil,
            unit: pick([nil, "bytes", "files", "\u{1B}c"]), activity: pick([nil] + hostileTexts),
            elapsedSeconds: Double.random(in: 0..<1e4, using: &dice), reason: pick(hostileTexts),
            file: Bool.random(using: &dice)
                ? .init(path: pick(hostileTexts), byteCount: 1 << 30, totalByteCount: 1 << 33) : nil
        )
        var kind = pick([ProgressEvent.Kind.operationStarted, .operationProgress, .operationEnded])
        if permanent.count > 20, kind == .operationEnded { kind = .operationProgress }
        if kind == .operationEnded {
            operation.state = pick([.complete, .partial, .failed])
            operation.title = "#\(permanent.count)"
            operations[name] = nil
            names.removeAll { $0 == name }
            permanent.append("#\(permanent.count)")
        } else {
            if operations.updateValue((operation, time), forKey: name) == nil { names.append(name) }
        }
        stage.show(
            ProgressEvent(
                kind: kind, time: moment(time), run: run, operation: operation))
    }

    mutating func resize(columns: Int, rows: Int, folding: Bool) {
        stage.screen.resize(columns: columns, rows: rows, folding: folding)
        stage.update { $0.resize(columns: columns, rows: rows) }
    }

    /// The frame that should stand above the cursor, as a screen holds it.
    var frame: [String] {
        let layout = FrameLayout(text: ShownText(usesUnicode: true), columns: columns, rows: rows)
        let lines = layout.lines(
            run: run,
            operations: names.compactMap { operations[$0] }.map {
                .init(
                    event: $0.operation,
                    elapsedSeconds: $0.operation.elapsedSeconds + Double(time - $0.time) / 1000)
            })
        return lines.map { line in
            var line = line[...]
            while line.last == " " { line = line.dropLast() }
            return String(line)
        }
    }

    func permanentLines(from lines: [String]) -> [String] {
        lines.compactMap { line in
            guard let word = line.split(separator: " ").dropFirst().first, word.first == "#" else {
                return nil
            }
            return ["✔", "!", "✘"].contains { line.hasPrefix($0 + " #") } ? String(word) : nil
        }
    }
}

@Suite("Whatever happens, the screen holds what it should")
struct ScreenPropertyTests {
    static let widths = Array(10...24) + [39, 40, 59, 60, 80, 100, 200]

    @Test("Ended operations and one frame, no more, and nothing wraps", arguments: widths)
    func exact(columns: Int) {
        for rows in [2, 3, 7, 24] {
            var run = RandomRun(seed: UInt64(columns * 100 + rows), columns: columns, rows: rows)
            for _ in 0..<40 {
                run.step()
                let lines = run.stage.screen.lines
                let frame = run.frame
                #expect(Array(lines.suffix(frame.count)) == frame)
                #expect(run.permanentLines(from: lines) == run.permanent)
                #expect(lines.count == run.permanent.count + frame.count)
            }
            #expect(run.stage.screen.faults == [])
            #expect(run.stage.screen.cursorColumn == 0)
            run.stage.update { $0.finish() }
            #expect(run.stage.screen.lines.count == run.permanent.count)
        }
    }

    @Test(
        "After each change of width nothing is left over, where terminals cut lines off",
        arguments: 0..<8)
    func resizedCutting(seed: UInt64) {
        var run = RandomRun(seed: seed, columns: 80, rows: 60)
        for _ in 0..<80 {
            if Int.random(in: 0..<4, using: &run.dice) == 0 {
                let columns = Int.random(in: 10...200, using: &run.dice)
                run.resize(columns: columns, rows: 60, folding: false)
            }
            run.step()
            let lines = run.stage.screen.lines
            let frame = run.frame
            #expect(Array(lines.suffix(frame.count)) == frame)
            #expect(run.permanentLines(from: lines) == run.permanent)
            #expect(lines.count == run.permanent.count + frame.count)
        }
        #expect(run.stage.screen.faults == [])
    }

    @Test(
        "After any change of size the frame stands whole under all ended operations",
        arguments: 0..<8, [false, true])
    func resized(seed: UInt64, folding: Bool) {
        var run = RandomRun(seed: seed, columns: 80, rows: 24)
        for _ in 0..<80 {
            if Int.random(in: 0..<4, using: &run.dice) == 0 {
                let columns = Int.random(in: 10...200, using: &run.dice)
                let rows = Int.random(in: 2...60, using: &run.dice)
                run.resize(columns: columns, rows: rows, folding: folding)
            }
            run.step()
            let frame = run.frame
            #expect(Array(run.stage.screen.linesAboveCursor.suffix(frame.count)) == frame)
            #expect(run.permanentLines(from: run.stage.screen.lines) == run.permanent)
        }
        #expect(run.stage.screen.faults == [])
    }
}
