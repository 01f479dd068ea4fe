import ArgumentParser
import DiagLiveDump
import DiagSystem
import DiagTerminal
import SystemPackage

/// `diagbundle collect`: what a person, a script or a schedule runs.
struct Collect: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "collect",
        abstract: "Collect this host's diagnostics into a host folder and a sealed bundle.",
        discussion: """
            Runs every collector in a process of its own, shows its progress, writes \
            OUTPUT/<host>/ and seals it into OUTPUT/<host>-<time>.tar.xz, which is begun while \
            collectors still run. With --split, --encrypt-to and --sign it is as "diagbundle archive" \
            makes it; the host folder stays in clear. Run it as root to get \
            everything; an ordinary user gets less and is told what is missing.

            With --include-live-dump the memory of the running kernel is dumped, too, while the \
            host goes on: see "diagbundle help dump full". The dump has a limit of its own \
            (--dump-max-size), not that of --max-size.

            With --plan exactly what a plan of "diagbundle plan" has is collected: what was taken \
            out of it, and what is new on the host, is not; what is gone is told as missing. The \
            options of the plan are used, whatever the configuration says; others that contradict \
            it, or ask for what was taken out of it, are refused. Free are --output, --progress, \
            --case, --jobs, --deadline and --seal-deadline, and those of the bundle.

            Defaults may be set in /etc/diagbundle/config.yaml; see "diagbundle config show".

            Exit codes: 0 complete, 3 partial (a valid bundle with something missing), 64 usage, \
            73 cannot create the output, 74 input/output error, 75 another run is at work there, \
            130 interrupted.
            """)

    @Option(name: .shortAndLong, help: "Folder to write to (default: logs).")
    var output: String?
    @Option(
        help: .init(
            "Run exactly this plan, of diagbundle plan --output, and nothing else.",
            valueName: "file"), completion: .file(extensions: ["json"]))
    var plan: String?
    @OptionGroup(title: SealingOptions.title) var sealing: SealingOptions
    @OptionGroup(title: SealingOptions.title) var ending: ArchiveOnlyOption
    @OptionGroup var collection: CollectionOptions
    @Option(name: .customLong("case"), help: "The support case this bundle is for.")
    var caseIdentifier: String?
    @OptionGroup(title: CollectionOptions.dumpTitle) var reason: DumpReasonOption
    @Option(help: "How to show progress: auto, plain, json or none.")
    var progress: String?

    func run() throws {
        // The words alone are checked here; files are read by a process that may hang on them.
        var given = try collection.given()
        if let output { given[SettingName.output.rawValue] = [output] }
        if let progress { given[SettingName.progress.rawValue] = [progress] }
        given.merge(sealing.given) { $1 }
        if ending.archiveOnly { given[SettingName.archiveOnly.rawValue] = ["yes"] }
        var words = Settings()
        words.override(with: given)
        try words.check()
        try LiveDumpOptions.checkReason(reason.dumpReason, option: "--dump-reason")
        let request = OrchestratorRequest(
            commandLine: given,
            configurationPath: try collection.config.map {
                try HostFacts.absolute(FilePath($0)).string
            },
            workingDirectory: try? HostFacts.absolute(".").string, caseIdentifier: caseIdentifier,
            planPath: try plan.map { try HostFacts.absolute(FilePath($0)).string },
            dumpReason: reason.dumpReason, toolEnvironment: InstalledTool.environment)
        let style = progress.flatMap { ProgressStyle(rawValue: $0) } ?? .auto
        let status = try Front(request: request, style: style).run()
        HostFacts.exitNow(status)
    }
}
