import DiagModel
import DiagSystem
import SystemPackage
import Testing

@testable import DiagLiveDump

@Suite("What a dump that is refused takes, and says")
struct CareRefusalTests {
    private typealias Obstacle = LiveDumpReport.Obstacle

    /// A dump of the running host that is refused before its first page, and what it takes.
    private func run(
        _ refusal: Obstacle?, history: DumpHistory = .init(), readsStacksAnyway: Bool = false
    ) throws -> (report: LiveDumpReport, takenCount: Int) {
        let destination = LiveDump.Destination(
            name: "LiveDump.kdump", byteLimit: .max, place: nil
        ) { () throws(SystemCallError) in try OwnedDescriptor.open("/dev/null", .readWrite) }
        let dump = LiveDump(
            options: LiveDumpOptions(), settings: DumpSettings(), isStored: false,
            tree: try RootedTree("/"), destination: destination,
            preparation: LiveDumpPreparation(
                lock: nil, pressure: nil, refusal: refusal, warnings: []), history: history,
            readsStacksAnyway: readsStacksAnyway)
        var takenCount = 0
        let report = try dump.run(
            .init(
                isStopRequested: { false }, tell: { _ in }, take: { _, _ in takenCount += 1 }))
        #expect(report.outcome == .refused)
        #expect(report.file == nil)
        return (report, takenCount)
    }

    @Test("While another dump is made, neither threads nor processors are looked at")
    func alreadyRunning() throws {
        let refusal = Obstacle(
            cause: .alreadyRunning, message: "another dump is being made", remedy: "Wait.")
        let (report, takenCount) = try run(refusal)
        #expect(takenCount == 0)
        #expect(report.registers == nil)
        #expect(report.obstacle == refusal)
    }

    @Test("Too soon after the last dump the same holds, and another way to the stacks is told")
    func throttled() throws {
        let root = try CareRoot(isEmpty: true)
        let history = DumpHistory(path: root.path.appending("livedump.json"))
        _ = DumpThrottle(settings: DumpSettings(), kind: .full, history: history)
            .recordBegin(originator: "other")
        let before = try root.read("livedump.json")
        let (report, takenCount) = try run(nil, history: history)
        #expect(takenCount == 0)
        #expect(report.registers == nil)
        #expect(report.obstacle?.cause == .throttled)
        #expect(
            report.obstacle?.remedy
                == "Wait until then, or use --no-throttle. The stacks of all threads alone can be"
                + " had by `diagbundle dump stacks`, whose time between two counts apart.")
        #expect(try root.read("livedump.json") == before)
    }

    @Test("A bundle has the stacks beside another dump, and too soon after one")
    func inBundle() throws {
        let early = Preflight.check(
            .init(options: LiveDumpOptions(), budgetByteCount: 0), in: try RootedTree("/"))
        let count = early.allowsTextStacks ? 1 : 0
        let refusal = Obstacle(
            cause: .alreadyRunning, message: "another dump is being made", remedy: "Wait.")
        let beside = try run(refusal, readsStacksAnyway: true)
        #expect(beside.takenCount == count)
        #expect(beside.report.obstacle == refusal)
        let root = try CareRoot(isEmpty: true)
        let history = DumpHistory(path: root.path.appending("livedump.json"))
        _ = DumpThrottle(settings: DumpSettings(), kind: .full, history: history)
            .recordBegin(originator: "other")
        let before = try root.read("livedump.json")
        let after = try run(nil, history: history, readsStacksAnyway: true)
        #expect(after.takenCount == count)
        #expect(after.report.obstacle?.cause == .throttled)
        if count == 1 {
            #expect(
                after.report.obstacle?.remedy == "Wait until then, or use --no-throttle.")
        }
        #expect(try root.read("livedump.json") == before)
    }

    @Test("Who may not take the lock gets the stacks that are permitted")
    func notPermitted() throws {
        let refusal = Obstacle(
            cause: .notPermitted, message: "lock: Permission denied", remedy: "Run it as root.")
        let early = Preflight.check(
            .init(options: LiveDumpOptions(), budgetByteCount: 0), in: try RootedTree("/"))
        let (report, takenCount) = try run(refusal)
        #expect(takenCount == (early.allowsTextStacks ? 1 : 0))
        #expect(report.obstacle != nil)
        if early.allowsTextStacks {
            #expect(report.obstacle?.remedy?.contains("dump stacks") == false)
        }
    }

    @Test("The way to the stacks is told where they were not read, and only of a full dump")
    func namingStacks() {
        func remedy(
            _ cause: Obstacle.Cause, _ remedy: String? = "Do it.",
            kind: LiveDumpReport.Kind = .full, isRoot: Bool = true
        ) -> String? {
            LiveDump.namingStacks(
                .init(cause: cause, message: "m", remedy: remedy), kind: kind, isRoot: isRoot
            ).remedy
        }
        let permitted =
            "Do it. What is permitted of the stacks of all threads can be had as text by"
            + " `diagbundle dump stacks --output DIR`."
        #expect(remedy(.notPermitted) == permitted)
        #expect(remedy(.noKernelCore, isRoot: false) == permitted)
        #expect(
            remedy(.lockdown)
                == "Do it. The stacks of all threads as text can be had by `diagbundle dump"
                + " stacks`.")
        #expect(
            remedy(.inputOutput, nil)
                == "The stacks of all threads as text can be had by `diagbundle dump stacks`.")
        #expect(
            remedy(.memoryPressure)
                == "Do it. The stacks of all threads can be had then, too, alone by `diagbundle"
                + " dump stacks`.")
        #expect(remedy(.alreadyRunning) == "Do it.")
        #expect(remedy(.alreadyRunning, nil) == nil)
        for cause in Obstacle.Cause.allCases {
            #expect(remedy(cause, kind: .stacks) == "Do it.")
        }
    }

    @Test("A dry run that is refused says how the stacks are had, which it does not read")
    func dryRun() throws {
        let root = try CareRoot()
        try root.remove("proc/kcore")
        let tree = try root.tree
        do throws(LiveDumpError) {
            _ = try LiveDump.estimate(LiveDumpOptions(), tree: tree, directory: nil)
            Issue.record("there is nothing to estimate")
        } catch {
            #expect(error.obstacle.cause == .noKernelCore)
            #expect(error.obstacle.remedy?.contains("or by kdump. ") == true)
            #expect(error.obstacle.remedy?.contains("by `diagbundle dump stacks") == true)
        }
        withExtendedLifetime(root) {}
    }
}
