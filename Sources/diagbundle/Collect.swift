import ArgumentParser
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
            OUTPUT/<host>/ and seals it into OUTPUT/<host>-<time>.tar.xz. Run it as root to get \
            everything; an ordinary user gets less and is told what is missing.

            With --include-live-dump the memory of the running kernel is dumped, too, while the \
            host goes on: see "diagbundle help dump full". The dump has a limit of its own \
            (--dump-max-size), not that of --max-size.

            Defaults may be set in /etc/diagbundle/config.yaml; see "diagbundle config show".

            Exit codes: 0 complete, 3 partial (a valid bundle with something missing), 64 usage, \
            73 cannot create the output, 74 input/output error, 75 another run is at work there, \
            130 interrupted.
            """)

    @Option(help: "Folder to write to (default: logs).")
    var output: String?
    @Option(help: "How much: minimal, default, storage, full, or a file (default: default).")
    var profile: String?
    @Option(
        parsing: .upToNextOption,
        help: .init("Folders with more collectors; see diagbundle collectors.", valueName: "dir"))
    var collectors: [String] = []
    @Option(
        parsing: .upToNextOption,
        help: .init("Run only these collectors.", valueName: "name"))
    var only: [String] = []
    @Option(
        parsing: .upToNextOption,
        help: .init("Leave out these collectors.", valueName: "name"))
    var skip: [String] = []
    @Option(
        parsing: .upToNextOption,
        help: .init(
            "Narrow the storage collector to these; see diagbundle subsystems.",
            valueName: "name"))
    var subsystem: [String] = []
    @Flag(
        help: """
            Read the NVMe persistent event logs too; the controller holds a copy while they are read.
            """)
    var includePersistentEvents = false
    @Flag(help: "Dump the running kernel's memory, too: the same as --live-dump full.")
    var includeLiveDump = false
    @Option(help: .init("Make a live kernel dump: full, stacks or no.", valueName: "kind"))
    var liveDump: String?
    @OptionGroup(title: "Live dump options") var dump: PrefixedDumpOptions
    @Option(help: "Collect logs since a time (2026-11-21T09:30Z) or for a duration (12h, 7d).")
    var since: String?
    @Option(name: .customLong("case"), help: "The support case this bundle is for.")
    var caseIdentifier: String?
    @Option(help: "End collecting after this time (default: 10m).")
    var deadline: String?
    @Option(help: "End compressing after this time and store the rest (default: 60s).")
    var sealDeadline: String?
    @Option(help: "Collectors, and probes, at once (default: processors, at least 2).")
    var jobs: String?
    @Option(help: "Most bytes of all artifacts together (default: 2G).")
    var maxSize: String?
    @Option(help: "How to show progress: auto, plain, json or none.")
    var progress: String?
    @Option(help: "Root of the file system to read (default: /).")
    var root: String?
    @Option(help: "Configuration file (default: /etc/diagbundle/config.yaml).")
    var config: String?

    /// The options that were given, by name, as they were typed.
    private var given: [String: [String]] {
        var given: [String: [String]] = [:]
        let single: [(SettingName, String?)] = [
            (.output, output), (.since, since), (.deadline, deadline),
            (.sealDeadline, sealDeadline), (.jobs, jobs), (.maxSize, maxSize),
            (.progress, progress), (.root, root), (.profile, profile),
        ]
        for case (let name, let value?) in single { given[name.rawValue] = [value] }
        if !collectors.isEmpty { given[SettingName.collectors.rawValue] = collectors }
        if !only.isEmpty { given[SettingName.only.rawValue] = only }
        if !skip.isEmpty { given[SettingName.skip.rawValue] = skip }
        if includePersistentEvents { given[SettingName.persistentEvents.rawValue] = ["yes"] }
        if includeLiveDump { given[SettingName.liveDump.rawValue] = ["full"] }
        if let liveDump { given[SettingName.liveDump.rawValue] = [liveDump] }
        given.merge(dump.given) { $1 }
        if !subsystem.isEmpty { given[SettingName.subsystem.rawValue] = subsystem }
        return given
    }

    func run() throws {
        // The words alone are checked here; the file is read by a process that may hang on it.
        if includeLiveDump, let liveDump, liveDump != "full" {
            throw CommandFailure(
                .usage, "--include-live-dump and --live-dump \(liveDump) contradict each other")
        }
        var words = Settings()
        words.override(with: given)
        try words.check()
        let request = OrchestratorRequest(
            commandLine: given,
            configurationPath: try config.map { try HostFacts.absolute(FilePath($0)).string },
            workingDirectory: try? HostFacts.absolute(".").string, caseIdentifier: caseIdentifier)
        let style = progress.flatMap { ProgressStyle(rawValue: $0) } ?? .auto
        let status = try Front(request: request, style: style).run()
        HostFacts.exitNow(status)
    }
}
