import DiagModel
import DiagSystem
import SystemPackage
import Testing

@testable import DiagCollect

@Suite("The orchestrator and its workers")
struct OrchestratorTests {
    @Test("A worker in another language gives artifacts, lacks, findings and notes")
    func stranger() throws {
        let run = try Run(
            [Scripted("plug")],
            """
            say("artifact", {"path": "dir/raw.bin", "privacy": "technical", "source": "here"})
            data(bytes(range(256)))
            say("progress", {"done": 1, "total": 2, "unit": "files", "activity": "text"})
            data((B + " end {}\\n").encode())
            say("artifact", {"path": "plain.txt"})
            sys.stdout.write("line one\\nline two"); print(); print(); sys.stdout.flush()
            say("absent", {"what": "a thing"})
            say("missing", {"what": "another", "why": "refused", "remedy": "root"})
            say("note", {"text": "well"})
            say("finding", {"fault": "f", "severity": "minor", "collector": "forged", "object": "o",
                            "reason": "r", "recommendedActions": [], "evidence": []})
            print("to the log", file=sys.stderr)
            say("end", {})
            """)
        let report = try #require(run.report("plug"))
        #expect(report.outcome == .complete)
        #expect(report.artifactCount == 3 && report.notes == ["well"])
        #expect(
            run.artifacts.map(\.path) == ["plug/dir/raw.bin", "plug/plain.txt", "plug/worker.log"])
        #expect(run.artifacts[0].source == "here" && run.artifacts[0].privacy == .technical)
        #expect(run.artifacts[1].privacy == .content, "not said is taken as careful")
        let raw = try #require(run.sink.contents["plug/dir/raw.bin"])
        #expect(raw.count == 256 + 32 + 8 && Array(raw[..<256]) == Array(0...255))
        #expect(run.sink.text("plug/plain.txt") == "line one\nline two\n")
        #expect(run.sink.text("plug/worker.log") == "to the log\n")
        // printf 'line one\nline two\n' | sha256sum
        #expect(
            run.artifacts[1].sha256
                == "e9024f1a07d29d52ad3aa5e1a18e94db1f3a9fd32b89e39d47c472cd99071e13")
        #expect(run.artifacts[1].byteCount == 18)
        #expect(run.outcome.absent == [Absent(collector: "plug", what: "a thing")])
        #expect(
            run.outcome.missing
                == [Missing(collector: "plug", what: "another", why: "refused", remedy: "root")])
        #expect(run.outcome.findings.map(\.collector) == ["plug"])
        #expect(
            run.events.contains { $0.kind == .operationEnded && $0.operation?.state == .partial })
    }

    @Test("A collector that comes further is given its time again, some times")
    func comesFurther() throws {
        let run = try Run(
            [Scripted("ends", deadline: 1), Scripted("goes", deadline: 1)],
            """
            until = time.monotonic() + (1.5 if name == "ends" else 60)
            while time.monotonic() < until: pass
            say("end", {}); sys.exit(0)
            """)
        #expect(run.report("ends")?.outcome == .complete)
        let goes = try #require(run.report("goes"))
        #expect(goes.outcome == .timedOut)
        #expect(
            goes.reason?.hasPrefix("it did not end within 1 s, nor within 3 s more; process")
                == true, "\(goes.reason ?? "none")")
    }

    @Test("A collector that worked and then hangs is given no more time")
    func hangsLater() throws {
        let run = try Run(
            [Scripted("hangs", deadline: 2)],
            """
            until = time.monotonic() + 1
            while time.monotonic() < until: pass
            time.sleep(60)
            """)
        let reason = try #require(run.report("hangs")?.reason)
        #expect(reason.hasPrefix("it did not end within 2 s; process"), "\(reason)")
    }

    @Test("Nobody is given more time than the run has")
    func runEnds() throws {
        let begun = MonotonicTime.now
        let run = try Run(
            [Scripted("goes", deadline: 1)], "while True: pass", deadline: 1.5)
        #expect(run.report("goes")?.outcome == .interrupted)
        // Three times more would be four seconds.
        #expect(MonotonicTime.now.seconds(since: begun) < 30)
    }

    @Test("A worker in POSIX sh needs no more than echo")
    func shell() throws {
        let sink = KeepingSink()
        let intake = ArtifactIntake(
            filter: UnchangedArtifacts(), sinks: [sink], byteBudget: 1 << 20)
        let orchestrator = Orchestrator(
            collectors: [Scripted("sh")],
            configuration: .init(
                workerExecutable: "/bin/sh",
                workerArguments: [
                    "-c",
                    "echo \"$DIAGBUNDLE_BOUNDARY artifact {\\\"path\\\":\\\"up.txt\\\"}\"; echo up; echo \"$DIAGBUNDLE_BOUNDARY end\"",
                ]),
            intake: intake, progress: RunProgress(started: .now) { _ in })
        let outcome = try orchestrator.run(control: try Pipe().reading).outcome
        #expect(outcome.reports.map(\.outcome) == [.complete])
        #expect(sink.text("sh/up.txt") == "up\n")
    }

    @Test(
        "A worker that goes wrong becomes a report, and what was whole stays",
        arguments: [
            ("crash", CollectorReport.Outcome.crashed, "signal 11 (SIGSEGV) ended it"),
            ("exit", .crashed, "it exited with code 3 before it said end"),
            ("silent", .crashed, "it exited with code 0 before it said end"),
            ("garbage", .garbled, "a line is no message"),
            ("escape", .garbled, "leaves the collector's folder"),
            ("after", .garbled, "note after end"),
            ("talks", .garbled, "more than 8.0 MiB of messages beside its artifacts"),
            ("forges", .garbled, "finding: /evidence/0/line"),
            ("nests", .garbled, "record outside a probe"),
            ("greedy", .overBudget, "it sent more than its 1048576 bytes"),
            ("closes", .crashed, "it closed its output before it said end"),
            ("sleeps", .timedOut, "it did not end within 1 s"),
            ("fails", .failed, "no such bus"),
        ])
    func misbehaviour(kind: String, outcome: CollectorReport.Outcome, reason: String) throws {
        let run = try Run(
            [Scripted(kind, deadline: kind == "sleeps" ? 1 : 20), Scripted("good")],
            """
            say("artifact", {"path": "whole.txt"})
            data(b"whole")
            say("note", {"text": "closed"})
            if name == "good": say("end", {}); sys.exit(0)
            if name == "crash": os.kill(os.getpid(), signal.SIGSEGV)
            if name == "exit": sys.exit(3)
            if name == "garbage": out.write(b"\\x1b[2Jgarbage\\n"); out.flush(); time.sleep(60)
            if name == "escape": say("artifact", {"path": "../../etc/x"}); time.sleep(60)
            if name == "talks":
                while True: say("note", {"text": "x" * 100000})
            if name == "forges":
                say("finding", {"fault": "f", "severity": "minor", "collector": "c", "object": "o",
                                "reason": "r", "recommendedActions": [],
                                "evidence": [{"artifact": "a", "line": -5}]}); time.sleep(60)
            if name == "nests":
                say("record", {"kind": "k", "target": "t", "outcome": "ok", "seconds": 0,
                               "facts": {}}); time.sleep(60)
            if name == "after": say("end", {}); say("note", {"text": "x"}); time.sleep(60)
            if name == "greedy":
                say("artifact", {"path": "big"})
                while True: data(b"x" * 100000)
            if name == "closes":
                say("artifact", {"path": "half"}); data(b"half"); os.close(1); time.sleep(60)
            if name == "sleeps": say("artifact", {"path": "half"}); data(b"half"); time.sleep(60)
            if name == "fails": say("end", {"failure": "no such bus"})
            """)
        let report = try #require(run.report(kind))
        #expect(report.outcome == outcome)
        #expect(report.reason?.contains(reason) == true, "\(report.reason ?? "none")")
        #expect(run.sink.text("\(kind)/whole.txt") == "whole")
        #expect(run.artifacts.contains { $0.path == "\(kind)/whole.txt" && !$0.isTruncated })
        #expect(run.report("good")?.outcome == .complete)
        #expect(run.outcome.missing.contains { $0.what == "the rest of \(kind)" })
        if kind == "greedy" {
            let big = try #require(run.artifacts.first { $0.path == "greedy/big" })
            #expect(big.byteCount == (1 << 20) - 5 && big.isTruncated)
        }
        if kind == "closes" || kind == "sleeps" {
            let half = try #require(run.artifacts.first { $0.path == "\(kind)/half" })
            #expect(half.byteCount == 4 && half.isTruncated)
        }
    }

    @Test("A name that cannot be stored costs its artifact, and nothing else")
    func names() throws {
        let run = try Run(
            [Scripted("names", probes: [ScriptedProbe()])],
            """
            for path in ["a", "a", "worker.log", "abandoned.txt", "touch.json", "x" * 300, "b"]:
                say("artifact", {"path": path, "source": "/" + path[:20]}); data(b"12345")
                say("truncated", {"why": "cut"})
            print("something", file=sys.stderr)
            say("end", {})
            """)
        #expect(run.report("names")?.outcome == .complete)
        #expect(run.artifacts.map(\.path) == ["names/a", "names/b", "names/worker.log"])
        #expect(run.artifacts.map(\.isTruncated) == [true, true, false])
        #expect(
            run.outcome.missing.map(\.what)
                == [
                    "/a", "/worker.log", "/abandoned.txt", "/touch.json",
                    "/" + String(repeating: "x", count: 20),
                ])
        let report = try #require(run.report("names"))
        #expect(report.artifactCount == 3)
        #expect(report.byteCount == run.artifacts.reduce(0) { $0 + $1.byteCount })
    }

    @Test("A worker that said end but lives on is complete a second later, its children ended")
    func lingering() throws {
        let started = MonotonicTime.now
        let run = try Run(
            [Scripted("lingers")],
            """
            say("artifact", {"path": "x"}); data(b"x"); say("end", {})
            if os.fork() == 0: os.setsid()
            time.sleep(300)
            """)
        #expect(run.report("lingers")?.outcome == .complete)
        #expect(MonotonicTime.now.seconds(since: started) < 60)
    }

    @Test("Evidence that names nothing in the run is dropped")
    func evidence() throws {
        let run = try Run(
            [Scripted("tells")],
            """
            say("artifact", {"path": "x"}); data(b"x")
            say("finding", {"fault": "f", "severity": "minor", "collector": "c", "object": "o",
                            "reason": "r", "recommendedActions": [],
                            "evidence": [{"artifact": "no/such"}, {"artifact": "tells/x", "line": 1}]})
            say("end", {})
            """)
        #expect(run.outcome.findings.map(\.evidence) == [[.init(artifact: "tells/x", line: 1)]])
    }

    @Test("The run's byte budget is exact over all workers")
    func runBudget() throws {
        let run = try Run(
            [Scripted("one"), Scripted("two")],
            "say('artifact', {'path': 'x'}); data(b'x' * 80000); say('end', {})", jobs: 1,
            budget: 100_000)
        #expect(run.artifacts.reduce(0) { $0 + $1.byteCount } == 100_000)
        #expect(run.report("two")?.outcome == .overBudget)
        #expect(run.report("two")?.reason == "the run's byte budget is used up (--max-size)")
    }

    @Test("A grandchild that holds the pipe does not keep its worker alive")
    func grandchild() throws {
        let started = MonotonicTime.now
        let run = try Run(
            [Scripted("forks")],
            """
            say("artifact", {"path": "x"}); data(b"x"); say("end", {})
            if os.fork() == 0: time.sleep(60)
            os._exit(0)
            """)
        #expect(run.report("forks")?.outcome == .complete)
        #expect(MonotonicTime.now.seconds(since: started) < 30)
    }

    @Test("At the deadline of the run the late are ended and the waiting never start")
    func runDeadline() throws {
        let run = try Run(
            [Scripted("late"), Scripted("later")],
            "say('artifact', {'path': 'x'}); data(b'x'); time.sleep(60)", deadline: 1, jobs: 1)
        #expect(run.outcome.reports.map(\.outcome) == [.interrupted, .interrupted])
        #expect(run.report("late")?.reason == "the run's deadline of 1 s passed")
        #expect(run.report("later")?.reason == "the run's deadline of 1 s passed before it began")
        #expect(run.artifacts.map(\.isTruncated) == [true])
        #expect(!run.outcome.isInterrupted)
    }

    @Test("A word on the control pipe ends collecting; what came stays")
    func interrupt() throws {
        let run = try Run(
            [Scripted("late")], "say('artifact', {'path': 'x'}); data(b'x'); time.sleep(60)",
            stopAfter: 0.7)
        #expect(run.outcome.isInterrupted)
        #expect(run.report("late")?.outcome == .interrupted)
    }

    @Test("What only reads memory is over before what may block begins")
    func order() throws {
        let run = try Run(
            [Scripted("blocks", risk: .mayBlock), Scripted("reads"), Scripted("also")],
            "say('artifact', {'path': 'x'}); time.sleep(0.3); say('end', {})", jobs: 3)
        let steps = run.events.filter { [.operationStarted, .operationEnded].contains($0.kind) }
            .compactMap { event in event.operation.map { "\(event.kind.rawValue) \($0.name)" } }
        try #require(steps.count == 6)
        #expect(Set(steps[..<2]) == ["operationStarted reads", "operationStarted also"])
        #expect(steps[4...] == ["operationStarted blocks", "operationEnded blocks"])
        #expect(run.outcome.reports.map(\.collector) == ["blocks", "reads", "also"])
    }

    @Test("Probes that hang are ended, replaced, and given up after sixteen")
    func probes() throws {
        let run = try Run(
            [Scripted("store", probes: [ScriptedProbe(deadlineSeconds: 0.3)])],
            """
            probe = request.get("probe")
            if not probe:
                say("probe", {"kind": "touch", "target": "fine"})
                for i in range(30): say("probe", {"kind": "touch", "target": "hang%02d" % i})
                say("probe", {"kind": "unknown", "target": "t"})
                say("end", {}); sys.exit(0)
            say("progress", {"done": 0})
            while True:
                if probe["target"].startswith("hang"): time.sleep(60)
                say("record", {"kind": "touch", "target": "forged", "outcome": "ok", "seconds": 0.1,
                               "facts": {"size": 7}})
                say("end", {})
                line = sys.stdin.readline()
                if not line: break
                probe = json.loads(line)["probe"]
            """)
        let text = try #require(run.sink.contents["store/touch.json"])
        let list = try JSONDocument.decode(ProbeRecordList.self, from: text)
        #expect(list.probes.count == 31)
        #expect(list.probes.first { $0.target == "fine" }?.facts == ["size": 7])
        let hung = list.probes.filter { $0.outcome == .hung }
        let skipped = list.probes.filter { $0.outcome == .skipped }
        #expect(hung.count >= 17 && hung.count <= 18, "sixteen replacements of two processes")
        #expect(hung.count + skipped.count == 30)
        #expect(run.outcome.findings.count == hung.count)
        #expect(hung[0].reason?.hasPrefix("no answer within 0.3 s") == true)
        #expect(run.outcome.missing.count == 31)
        #expect(run.report("store")?.outcome == .complete)
        #expect(run.report("store")?.artifactCount == 1)
    }

    @Test("An output that cannot be written ends the run with its cause")
    func outputFailure() throws {
        let sink = KeepingSink()
        sink.failure = SystemCallError(operation: "write", object: "disk", errno: .noSpace)
        let failure = #expect(throws: ArtifactIntake.OutputFailure.self) {
            _ = try Run(
                [Scripted("one")], "say('artifact', {'path': 'x'}); data(b'x'); say('end', {})",
                sink: sink)
        }
        #expect(failure?.description == "write disk: No space left on device")
    }

    @Test("A program that is not there is a report")
    func notThere() throws {
        let intake = ArtifactIntake(filter: UnchangedArtifacts(), sinks: [], byteBudget: 1)
        let orchestrator = Orchestrator(
            collectors: [Scripted("x")], configuration: .init(workerExecutable: "/nonexistent"),
            intake: intake, progress: RunProgress(started: .now) { _ in })
        let outcome = try orchestrator.run(control: try Pipe().reading).outcome
        #expect(
            outcome.reports[0].reason
                == "its process did not start: start /nonexistent: No such file or directory")
    }
}
