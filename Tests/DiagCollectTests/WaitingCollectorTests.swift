import DiagModel
import DiagSystem
import Testing

@testable import DiagCollect

@Suite("A collector that waits for what its probes found")
struct WaitingCollectorTests {
    /// Serves probes: a target that begins with `hang` does not answer.
    private static let probing = """
        probe = request.get("probe")
        if probe: say("progress", {"done": 0})
        while probe:
            if probe["target"].startswith("hang"): time.sleep(60)
            say("record", {"kind": "touch", "target": "", "outcome": "ok", "seconds": 0.1,
                           "facts": {"size": 7}, "details": {"text": "long"}})
            say("end", {})
            line = sys.stdin.readline()
            if not line: sys.exit(0)
            probe = json.loads(line)["probe"]

        """

    private static func answered(_ run: Run) throws -> WorkerAnswer {
        let text = try #require(run.sink.contents["store/answer.json"])
        return try JSONDocument.decode(WorkerAnswer.self, from: text)
    }

    @Test("It is told every record once the others have ended, and goes on")
    func told() throws {
        let run = try Run(
            [
                Scripted("store", probes: [ScriptedProbe(deadlineSeconds: 10)]),
                Scripted("slow", risk: .mayBlock),
            ],
            Self.probing + """
                if name == "slow":
                    time.sleep(0.5)
                    say("artifact", {"path": "x"}); data(b"x"); say("end", {}); sys.exit(0)
                for i in range(3): say("probe", {"kind": "touch", "target": "t%d" % i})
                say("await")
                answer = sys.stdin.readline()
                say("artifact", {"path": "answer.json"}); data(answer.encode()); say("end", {})
                """)
        let answer = try Self.answered(run)
        #expect(answer.isInterrupted == false)
        #expect(answer.probes.map(\.target).sorted() == ["t0", "t1", "t2"])
        #expect(answer.probes.allSatisfy { $0.kind == "touch" && $0.facts == ["size": 7] })
        #expect(answer.probes.allSatisfy { $0.details == ["text": "long"] })
        let stored = try JSONDocument.decode(
            ProbeRecordList.self, from: try #require(run.sink.contents["store/touch.json"]))
        #expect(stored.probes.count == 3 && stored.probes.allSatisfy { $0.details == nil })
        #expect(run.report("store")?.outcome == .complete)
        let paths = run.artifacts.map(\.path)
        #expect(paths.firstIndex(of: "slow/x") == 0, "the answer comes after the others' end")
    }

    @Test("An answer larger than a pipe arrives whole, and findings are its own to make")
    func large() throws {
        let run = try Run(
            [Scripted("store", probes: [ScriptedProbe(deadlineSeconds: 10)])],
            Self.probing + """
                for i in range(3000): say("probe", {"kind": "touch", "target": "t" * 100 + str(i)})
                say("await")
                time.sleep(0.3)
                answer = sys.stdin.readline()
                say("artifact", {"path": "answer.json"}); data(answer.encode()); say("end", {})
                """)
        #expect(try Self.answered(run).probes.count == 3000)
        #expect(run.outcome.findings == [])
    }

    @Test("One that does not read its answer costs its own deadline; its findings are made for it")
    func deaf() throws {
        let run = try Run(
            [Scripted("store", deadline: 1, probes: [ScriptedProbe(deadlineSeconds: 8)])],
            Self.probing + """
                say("probe", {"kind": "touch", "target": "hang"})
                for i in range(1000): say("probe", {"kind": "touch", "target": "t" * 300 + str(i)})
                say("await")
                time.sleep(300)
                """)
        #expect(run.report("store")?.outcome == .timedOut)
        #expect(run.outcome.findings.map(\.object) == ["hang"])
    }

    @Test("A run that is ended early tells it so, and stores what it then says")
    func interrupted() throws {
        let started = MonotonicTime.now
        let run = try Run(
            [Scripted("store", probes: [ScriptedProbe(deadlineSeconds: 30)])],
            Self.probing + """
                for target in ["fine", "hang1", "hang2", "later"]:
                    say("probe", {"kind": "touch", "target": target})
                say("await")
                answer = sys.stdin.readline()
                say("artifact", {"path": "answer.json"}); data(answer.encode()); say("end", {})
                """, stopAfter: 1)
        let answer = try Self.answered(run)
        #expect(answer.isInterrupted)
        #expect(answer.probes.contains { $0.target == "fine" && $0.outcome == .ok })
        #expect(run.outcome.isInterrupted)
        #expect(run.report("store")?.outcome == .complete)
        #expect(MonotonicTime.now.seconds(since: started) < 15)
    }

    @Test("One that concludes without end when the run is over is given no more time")
    func concludesWithoutEnd() throws {
        let run = try Run(
            [Scripted("store", probes: [ScriptedProbe(deadlineSeconds: 30)])],
            Self.probing + """
                say("probe", {"kind": "touch", "target": "hang1"})
                say("await")
                sys.stdin.readline()
                while True: pass
                """, stopAfter: 1)
        let reason = try #require(run.report("store")?.reason)
        #expect(reason.hasPrefix("it did not end within 1.5 s; process"), "\(reason)")
    }

    @Test("What stands on a target that does not answer is not tried")
    func poisoned() throws {
        let run = try Run(
            [Scripted("store", probes: [ScriptedProbe(deadlineSeconds: 4)])],
            Self.probing + """
                say("probe", {"kind": "touch", "target": "hang"})
                say("probe", {"kind": "touch", "target": "part", "standsOn": ["hang"]})
                say("probe", {"kind": "touch", "target": "volume", "standsOn": ["part", "hang"]})
                say("probe", {"kind": "touch", "target": "hang"})
                say("probe", {"kind": "touch", "target": "beside", "standsOn": ["other"]})
                say("await")
                answer = sys.stdin.readline()
                say("artifact", {"path": "answer.json"}); data(answer.encode()); say("end", {})
                """)
        let records = try Self.answered(run).probes
        func reason(_ target: String) -> [String] {
            records.filter { $0.target == target }.map { "\($0.outcome) \($0.reason ?? "")" }
        }
        #expect(reason("part") == ["skipped it stands on hang, which did not answer"])
        #expect(reason("volume") == ["skipped it stands on hang, which did not answer"])
        #expect(reason("hang").contains("skipped hang did not answer another probe"))
        #expect(reason("beside") == ["ok "])
    }
}
