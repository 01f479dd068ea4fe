import ArgumentParser
import DiagCollect
import DiagCollectors
import DiagModel
import DiagSystem
import DiagTerminal
import SystemPackage

/// `diagbundle subsystems`: the storage providers of this host, and how they are.
struct Subsystems: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "subsystems",
        abstract: "Show the storage subsystems of this host and their health.",
        discussion: """
            Asks every mount and storage device how it is, each with its own deadline, and writes \
            nothing. Give a name from the first column to "diagbundle collect --subsystem".

            Healthy: everything that was asked answered well. Warning: it works, but something is \
            wrong. Unhealthy: it failed or is about to. Unknown: it could not be asked, for which \
            root is needed in most cases.

            Exit codes: 0 shown, 3 shown but not everything could be asked, 1 failed.
            """)

    @Flag(help: "Print one JSON document.")
    var json = false
    @Option(help: "Root of the file system to read (default: /).")
    var root: String?
    @Option(help: "End after this time with what is known (default: 60s).")
    var deadline: String?

    private static let path = "storage/subsystems.json"

    func run() throws {
        SignalDisposition.ignoreWriteSignals()
        var given: [String: [String]] = [SettingName.deadline.rawValue: [deadline ?? "60s"]]
        if let root { given[SettingName.root.rawValue] = [root] }
        var settings = Settings()
        settings.override(with: given)
        try settings.check()

        let kept = KeptArtifacts([Self.path])
        let budget: Int64 = 1 << 30
        let orchestrator = Orchestrator(
            collectors: [StorageCollector()],
            configuration: OrchestratorConfiguration(
                root: try settings.root, jobs: try settings.jobs,
                deadlineSeconds: try settings.deadlineSeconds, byteBudget: budget,
                workerExecutable: HostFacts.ownExecutable, workerName: "diagbundle",
                environment: HostFacts.environment("PATH").map { ["PATH": $0] } ?? [:]),
            intake: ArtifactIntake(
                filter: UnchangedArtifacts(), sinks: [kept], byteBudget: budget),
            progress: RunProgress(started: .now) { _ in })
        // Nothing is ever written to it: an interrupt ends this process and its workers at once.
        let control = try Pipe()
        let outcome = try orchestrator.run(control: control.reading).outcome
        guard let bytes = kept[Self.path],
            let list = try? JSONDocument.decode(SubsystemList.self, from: bytes)
        else {
            let reason = outcome.reports.first?.reason ?? outcome.missing.first?.why
            throw CommandFailure(
                .failed,
                "find the storage subsystems: \(reason ?? "the collector gave no list").")
        }
        if json {
            _ = try StandardStreams.write(bytes)
        } else {
            try show(list)
        }
        let isPartial =
            !outcome.missing.isEmpty
            || list.subsystems.contains {
                $0.healthStatus == .unknown
            }
        if isPartial {
            tellMissing(outcome.missing)
            HostFacts.exitNow(ExitStatus.partial.rawValue)
        }
    }

    private func show(_ list: SubsystemList) throws {
        guard !list.subsystems.isEmpty else {
            return StandardStreams.print("This host has no storage subsystem that can be seen.")
        }
        var table = TextTable([
            .init("Name"), .init("FriendlyName", isFlexible: true), .init("Provider"),
            .init("HealthStatus"), .init("OperationalStatus", isFlexible: true),
            .init("Devices", alignment: .right), .init("Capacity", alignment: .right),
        ])
        for subsystem in list.subsystems {
            table.append([
                subsystem.name, subsystem.friendlyName, subsystem.provider,
                subsystem.healthStatus.rawValue,
                subsystem.operationalStatus.joined(separator: ", "),
                String(subsystem.deviceCount), ByteCountText.describe(subsystem.byteCount),
            ])
        }
        let output = try OwnedDescriptor.standard(1)
        let names = ["TERM", "LC_ALL", "LC_CTYPE", "LANG"]
        let traits = TerminalTraits(
            isTerminal: output.isTerminal,
            environment: Dictionary(
                uniqueKeysWithValues: names.compactMap { name in
                    HostFacts.environment(name).map { (name, $0) }
                }), columns: output.terminalSize?.columns ?? 0, rows: 0)
        // A pipe has no width: whoever reads it gets every name whole.
        let width = output.isTerminal ? max(traits.columns, 20) : nil
        for line in table.lines(width: width, usesUnicode: traits.usesUnicode) {
            guard try StandardStreams.write(Array((line + "\n").utf8)) else { return }
        }
    }

    /// Says on standard error what could not be asked, the first of it.
    private func tellMissing(_ missing: [Missing]) {
        let shown = 5
        for item in missing.prefix(shown) {
            let remedy = item.remedy.map { " (\($0))" } ?? ""
            StandardStreams.printError(
                UntrustedText.escapingControls("not asked: \(item.what): \(item.why)\(remedy)"))
        }
        if missing.count > shown {
            StandardStreams.printError("not asked: \(missing.count - shown) more")
        }
    }
}
