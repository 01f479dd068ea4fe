import DiagModel
import Testing

@testable import DiagTerminal

@Suite("Progress as lines")
struct LineRendererTests {
    private static func events() -> [ProgressEvent] {
        var logs = BarRendererTests.logs
        var events = [
            event(.runStarted, at: 0, total: 2),
            event(.operationStarted, at: 1000, total: 2, operation: logs),
            event(.operationProgress, at: 1500, total: 2, operation: logs),
            event(.notice, at: 1600, total: 2, message: "disk\u{1B}[2J is\nfull"),
        ]
        logs.state = .partial
        logs.reason = "no\r permission"
        logs.elapsedSeconds = 65.9
        events.append(event(.operationEnded, at: 3000, done: 1, total: 2, operation: logs))
        let result = RunResult(exitCode: 3)
        events.append(event(.runEnded, at: 4000, done: 2, total: 2, result: result))
        return events
    }

    @Test("Plain lines tell changes of state and notices, and nothing else")
    func plain() {
        let written = Written()
        var renderer = ProgressStyle.plain.renderer(
            for: .init(isTerminal: false, environment: [:], columns: 0, rows: 0),
            write: written.sink)
        Self.events().forEach { renderer.show($0) }
        renderer.tick(at: moment(9000))
        renderer.finish()
        #expect(
            written.text == #"""
                00:00:00 run: started, 2 operations
                00:00:01 logs: started
                00:00:01 notice: disk\x1B[2J is\nfull
                00:00:03 logs: partial, reading the journal, 1 min 5 s: no\r permission
                00:00:04 run: partial

                """#)
    }

    @Test("Every ten seconds a plain line tells how far a long file is")
    func plainFile() {
        let written = Written()
        var renderer = ProgressStyle.plain.renderer(
            for: .init(isTerminal: false, environment: [:], columns: 0, rows: 0),
            write: written.sink)
        var dump = BarRendererTests.logs
        dump.name = "livedump"
        dump.file = nil
        renderer.show(event(.operationStarted, at: 1000, operation: dump))
        for second in 1...31 {
            dump.file = .init(
                path: "LiveDump.kdump", byteCount: Int64(second) << 20,
                totalByteCount: second == 31 ? nil : 60 << 20,
                bytesPerSecond: second < 20 ? 1_048_576 : nil,
                remainingSeconds: second < 20 ? Double(60 - second) : nil)
            renderer.show(
                event(.operationProgress, at: Int64(1000 + second * 1000), operation: dump))
        }
        #expect(
            written.text == """
                00:00:01 livedump: started
                00:00:11 livedump: Copying diagnostic file LiveDump.kdump, 10.0 MiB of 60.0 MiB, \
                1.0 MiB/s, 00:00:50 left
                00:00:21 livedump: Copying diagnostic file LiveDump.kdump, 20.0 MiB of 60.0 MiB
                00:00:31 livedump: Copying diagnostic file LiveDump.kdump, 30.0 MiB of 60.0 MiB

                """)
    }

    @Test("JSON lines hold each event whole, one on a line")
    func json() throws {
        let written = Written()
        var renderer = ProgressStyle.json.renderer(
            for: .init(isTerminal: true, environment: ["TERM": "xterm"], columns: 80, rows: 24),
            write: written.sink)
        let events = Self.events()
        events.forEach { renderer.show($0) }
        renderer.finish()
        let writes = written.take()
        #expect(writes.count == events.count)
        #expect(writes.allSatisfy { $0.last == 0x0A && $0.count { $0 == 0x0A } == 1 })
        let decoded = try writes.map {
            try JSONDocument.decode(ProgressEvent.self, from: $0.dropLast())
        }
        #expect(decoded == events)
    }

    @Test("JSON lines hold no control bytes, and decode to the same text", arguments: hostileTexts)
    func jsonHostile(text: String) throws {
        let written = Written()
        var renderer = ProgressStyle.json.renderer(
            for: .init(isTerminal: true, environment: [:], columns: 80, rows: 24),
            write: written.sink)
        let sent = event(.notice, at: 0, message: text)
        renderer.show(sent)
        let line = try #require(String(validating: written.take()[0].dropLast(), as: UTF8.self))
        #expect(
            !line.unicodeScalars.contains { $0.value < 0x20 || (0x7F..<0xA0).contains($0.value) })
        #expect(try JSONDocument.decode(ProgressEvent.self, from: line.utf8) == sent)
    }

    @Test("A number that JSON cannot write does not lose the line")
    func jsonInfinity() throws {
        let written = Written()
        var renderer = ProgressStyle.json.renderer(
            for: .init(isTerminal: false, environment: [:], columns: 0, rows: 0),
            write: written.sink)
        renderer.show(event(.notice, at: 0, fraction: .nan, remaining: .infinity, message: "x"))
        #expect(
            try JSONDocument.decode(ProgressEvent.self, from: written.take()[0].dropLast())
                == event(.notice, at: 0, message: "x"))
    }

    @Test("With style none nothing is written")
    func none() {
        let written = Written()
        var renderer = ProgressStyle.none.renderer(
            for: .init(isTerminal: true, environment: ["TERM": "xterm"], columns: 80, rows: 24),
            write: written.sink)
        Self.events().forEach { renderer.show($0) }
        renderer.finish()
        #expect(written.take() == [])
    }

    @Test(
        "What the terminal can show follows from isatty and the environment",
        arguments: [
            (true, ["TERM": "xterm", "LANG": "de_DE.UTF-8"], true, true, true),
            (true, ["TERM": "xterm", "LC_ALL": "C", "LANG": "de_DE.UTF-8"], true, true, false),
            (true, ["TERM": "xterm", "LC_ALL": "", "LC_CTYPE": "C.utf8"], true, true, true),
            (true, ["TERM": "xterm", "NO_COLOR": "1"], true, false, false),
            (true, ["TERM": "xterm", "NO_COLOR": ""], true, true, false),
            (true, ["TERM": "dumb", "LANG": "C.UTF-8"], false, false, true),
            (true, [:], false, false, false),
            (false, ["TERM": "xterm", "LANG": "C.UTF-8"], false, false, true),
        ] as [(Bool, [String: String], Bool, Bool, Bool)])
    func traits(
        isTerminal: Bool, environment: [String: String], moves: Bool, colour: Bool, unicode: Bool
    ) {
        #expect(
            TerminalTraits(isTerminal: isTerminal, environment: environment, columns: 80, rows: 24)
                == TerminalTraits(
                    canMoveCursor: moves, usesColour: colour, usesUnicode: unicode, columns: 80,
                    rows: 24))
    }
}
