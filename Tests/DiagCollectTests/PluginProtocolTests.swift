import DiagModel
import Testing

@testable import DiagCollect

@Suite("The protocol, spoken by a program that is not ours")
struct PluginProtocolTests {
    private static func run(
        _ script: String, deadline: Double = 20, stopAfter: Double? = nil, isTested: Bool = false
    ) throws -> Run {
        try Run(
            [
                Scripted(
                    "plug", deadline: deadline, plugin: PluginTraits(privacy: .identity))
            ], script, stopAfter: stopAfter, isTested: isTested)
    }

    /// What a plugin says, and what is told of it.
    private static let faults: [(script: String, reason: String)] = [
        (
            "out.write(b'hello \\x1b[31m\\n'); out.flush(); time.sleep(9)",
            "a line is no message, and no artifact is open, at byte 0 of its output, in line 1:"
                + #" "hello \x1B[31m""#
        ),
        (
            "say('note', {'text': 'a'}); say('fly', {}); time.sleep(9)",
            #"unknown verb fly, at byte 92 of its output, in line 2: "fly {}""#
        ),
        (
            "say('artifact', {'path': 'a'}); out.write((B + ' data 2\\nabc\\n').encode()); out.flush(); time.sleep(9)",
            "data is longer than the byte count it gave, at byte 98 of its output, in line 3:"
                + #" "c""#
        ),
        (
            "say('artifact', {'path': '../a'}); time.sleep(9)",
            #"the artifact path "../a" is absolute or leaves the collector's folder, at byte 59"#
                + #" of its output, in line 1: "artifact {"path": "../a"}""#
        ),
        (
            "say('artifact', {'path': '/etc/passwd'}); time.sleep(9)",
            "is absolute or leaves the collector's folder, at byte 66"
        ),
        (
            "say('protocol', {'version': 2}); time.sleep(9)",
            "version 2 of the protocol is not spoken here, but 1, at byte 57 of its output, in"
                + #" line 1: "protocol {"version": 2}""#
        ),
        (
            "say('finding', {'fault': 'f', 'severity': 'minor', 'object': 'o', 'reason': 'r'}); time.sleep(9)",
            "finding: it names no place, at byte "
        ),
        (
            "say('finding', {'fault': 'f', 'severity': 'minor', 'object': 'o', 'place': 'p', 'reason': 'r'}); time.sleep(9)",
            #"finding: the names of its faults begin with "plug.", but found "f", at byte "#
        ),
        (
            "say('finding', {'fault': 'f', 'severity': 'minor', 'object': 'o', 'place': '', 'reason': 'r'}); time.sleep(9)",
            "finding: it names no place"
        ),
        ("say('await', {}); time.sleep(9)", "a plugin does not say await"),
        (
            "say('probe', {'kind': 'k', 'target': 't'}); time.sleep(9)",
            "a plugin does not say probe"
        ),
        (
            "say('note', {'text': 'a'}); say('end', {}); print('more'); sys.stdout.flush(); time.sleep(9)",
            #"output after end, at byte 92 of its output, in line 3: "more""#
        ),
    ]

    @Test(
        "What is not the protocol is told with its line and its byte, and the run goes on",
        arguments: faults)
    func refused(script: String, reason: String) throws {
        let run = try Self.run(script)
        let report = try #require(run.report("plug"))
        #expect(report.outcome == .garbled)
        #expect(report.reason?.contains(reason) == true, "\(report.reason ?? "nothing")")
        #expect(report.seconds < 8.5)
        #expect(run.outcome.missing.count == 1)
    }

    @Test("One that is tested goes on behind its faults, and all of them are told")
    func allFaults() throws {
        let run = try Self.run(
            """
            say('artifact', {'path': '../a'}); data(b'x')
            say('finding', {'fault': 'f', 'severity': 'minor', 'object': 'o', 'reason': 'r'})
            say('artifact', {'path': 'b'}); data(b'y'); say('await', {}); say('fly', {})
            say('end'); say('note', {'text': 'n'})
            """, isTested: true)
        #expect(run.report("plug")?.outcome == .complete)
        #expect(
            run.faults.map(\.reason) == [
                #"the artifact path "../a" is absolute or leaves the collector's folder"#,
                "finding: it names no place", "a plugin does not say await", "unknown verb fly",
                "note after end",
            ])
        #expect(run.faults.map { $0.line?.number } == [1, 4, 8, 9, 11])
        #expect(run.artifacts.map(\.path) == ["plug/b"])
    }

    @Test("A byte count that takes in the messages behind the data is told with its line")
    func tooLong() throws {
        let run = try Self.run(
            """
            say('artifact', {'path': 'a'})
            out.write((B + ' data 100\\nabc\\n').encode()); say('end')
            """)
        #expect(run.report("plug")?.outcome == .garbled)
        #expect(
            run.report("plug")?.reason
                == "its output ends 58 bytes before the end of the data of line 2, which gave 100")
    }

    @Test("A message without its newline, and data without it, are told, too")
    func unfinished() throws {
        let message = try Self.run("out.write((B + ' note {').encode())")
        #expect(
            message.report("plug")?.reason
                == #"its output ends within a message, in line 1: "note {""#)
        let data = try Self.run(
            "say('artifact', {'path': 'a'}); out.write((B + ' data 3\\na\\nb').encode())")
        #expect(
            data.report("plug")?.reason
                == "the newline is lacking behind the data of line 2, which gave 3")
    }

    @Test("Lines are counted through data and plain text")
    func lines() throws {
        let run = try Self.run(
            """
            say('artifact', {'path': 'a'}); data(b'1\\n2\\n3'); say('artifact', {'path': 'b'})
            out.write(b'x\\ny\\n'); say('fly', {}); time.sleep(9)
            """)
        #expect(run.report("plug")?.reason?.contains("in line 9: \"fly {}\"") == true)
        #expect(run.sink.text("plug/a") == "1\n2\n3")
        #expect(run.sink.text("plug/b") == "x\ny")
    }

    @Test("What it says well is kept, of the privacy class that its description gives")
    func good() throws {
        let run = try Self.run(
            """
            say('protocol', {'version': 1}); say('artifact', {'path': 'a'}); data(b'x')
            say('artifact', {'path': 'b', 'privacy': 'technical'}); data(b'y')
            say('finding', {'fault': 'plug.f', 'severity': 'minor', 'object': 'o', 'place': 'p', 'reason': 'r'})
            say('end')
            """)
        #expect(run.report("plug")?.outcome == .complete)
        #expect(run.artifacts.map(\.privacy) == [.identity, .technical])
        #expect(
            run.outcome.findings == [
                Finding(
                    fault: "plug.f", severity: .minor, collector: "plug", object: "o", place: "p",
                    reason: "r")
            ])
    }

    @Test("At its deadline it is asked to stop, and what it says then is kept")
    func stops() throws {
        let run = try Self.run(
            """
            def stop(*_):
                say('note', {'text': 'stopped'}); say('end'); os._exit(0)
            signal.signal(signal.SIGTERM, stop); say('progress', {'done': 1}); time.sleep(30)
            """, deadline: 3)
        let report = try #require(run.report("plug"))
        #expect(report.outcome == .timedOut)
        #expect(report.reason?.hasPrefix("it did not end within 3 s") == true)
        #expect(report.reason?.contains("SIGTERM did not") == false)
        #expect(report.notes == ["stopped"])
        #expect(report.seconds < 3.9)
    }

    @Test("One that does not react to the request to stop is killed a second later")
    func ignores() throws {
        let run = try Self.run(
            """
            signal.signal(signal.SIGTERM, signal.SIG_IGN); say('progress', {'done': 1})
            time.sleep(30)
            """, stopAfter: 2)
        let report = try #require(run.report("plug"))
        #expect(report.outcome == .interrupted)
        #expect(report.reason == "the run was interrupted; \(Orchestrator.ignoredStop)")
        #expect(report.seconds < 8)
    }
}
