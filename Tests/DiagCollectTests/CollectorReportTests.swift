import DiagModel
import DiagSystem
import SystemPackage
import Testing

@testable import DiagCollect

@Suite("What a report says of its collector")
struct CollectorReportTests {
    @Test("What notes say is withheld is added up, whatever their counts are")
    func withheld() throws {
        let run = try Run(
            [Scripted("plug"), Scripted("none")],
            """
            if name == "plug":
                say("note", {"text": "a", "withheld": {
                    "files": ["/a"], "commands": [], "count": {"files": 1, "commands": 0}}})
                say("note", {"text": "b", "withheld": {
                    "files": ["/b"], "commands": ["ps"],
                    "count": {"files": -5, "commands": 3, "isLeast": True}}})
            else:
                say("note", {"text": "c", "withheld": {
                    "files": [], "commands": [], "count": {"files": 0, "commands": 0}}})
            say("end", {})
            """)
        let report = try #require(run.report("plug"))
        #expect(report.outcome == .complete && report.notes == ["a", "b"])
        #expect(report.withheld?.files == ["/a", "/b"])
        #expect(report.withheld?.commands == ["ps"])
        #expect(report.withheld?.count == .init(files: 2, commands: 3, isLeast: true))
        #expect(run.report("none")?.notes == ["c"])
        #expect(run.report("none")?.withheld == nil)
        #expect(run.outcome.missing.isEmpty)
    }

    @Test("A report has the origin that the run was told; also one that never began")
    func origins() throws {
        let intake = ArtifactIntake(
            filter: UnchangedArtifacts(), sinks: [KeepingSink()], byteBudget: 1 << 20)
        var configuration = OrchestratorConfiguration(
            workerExecutable: "/bin/sh",
            workerArguments: ["-c", "echo \"$DIAGBUNDLE_BOUNDARY end\""])
        let digest = String(repeating: "0a", count: 32)
        configuration.origins = [
            "kernel": CollectorOrigin(
                place: "/etc/diagbundle/collectors.d/kernel.yaml", definition: digest,
                replacesBuiltIn: true),
            "boot": CollectorOrigin(place: CollectorReport.builtIn),
        ]
        func reports() throws -> [CollectorReport] {
            let orchestrator = Orchestrator(
                collectors: [Scripted("kernel"), Scripted("boot"), Scripted("other")],
                configuration: configuration, intake: intake,
                progress: RunProgress(started: .now) { _ in })
            return try orchestrator.run(control: try Pipe().reading).outcome.reports
        }
        let ended = try reports()
        #expect(ended.map(\.outcome) == [.complete, .complete, .complete])
        configuration.workerExecutable = "/nowhere/at/all"
        let unstarted = try reports()
        #expect(unstarted.map(\.outcome) == [.failed, .failed, .failed])
        for one in [ended, unstarted] {
            #expect(
                one.map(\.origin)
                    == ["/etc/diagbundle/collectors.d/kernel.yaml", "built in", nil])
            #expect(one.map(\.definition) == [digest, nil, nil])
            #expect(one.map(\.replacesBuiltIn) == [true, nil, nil])
        }
    }
}
