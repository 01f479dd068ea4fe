import ArgumentParser

/// The options of what is collected, and how: those that `collect` and `plan` share.
struct CollectionOptions: ParsableArguments {
    @Option(help: "How much: minimal, default, storage, full, or a file (default: default).")
    var profile: String?
    @Option(
        parsing: .upToNextOption,
        help: .init("Folders with more collectors; see diagbundle collectors.", valueName: "dir"))
    var collectors: [String] = []
    @Option(
        parsing: .upToNextOption,
        help: .init("Folders with plugins: programs that collect.", valueName: "dir"))
    var plugins: [String] = []
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
    @OptionGroup(title: CollectionOptions.dumpTitle) var dump: PrefixedDumpOptions
    @Option(help: "Collect logs since a time (2026-11-21T09:30Z) or for a duration (12h, 7d).")
    var since: String?
    @Option(help: "End collecting after this time (default: 10m).")
    var deadline: String?
    @Option(help: "End compressing after this time and store the rest (default: 60s).")
    var sealDeadline: String?
    @Option(help: "Collectors, and probes, at once (default: processors, at least 2).")
    var jobs: String?
    @Option(help: "Most bytes of all artifacts together (default: 2G).")
    var maxSize: String?
    @Option(help: "Root of the file system to read (default: /).")
    var root: String?
    @Option(help: "Configuration file (default: /etc/diagbundle/config.yaml).")
    var config: String?

    /// The heading in the help under which all stands that is about a live dump.
    static let dumpTitle = "Live dump options"

    /// The options that were given, by name, as they were typed.
    ///
    /// - Throws: ``CommandFailure`` when two of them contradict each other.
    func given() throws -> [String: [String]] {
        if dump.includeLiveDump, let kind = dump.liveDump, kind != "full" {
            throw CommandFailure(
                .usage, "--include-live-dump and --live-dump \(kind) contradict each other")
        }
        var given: [String: [String]] = [:]
        let single: [(SettingName, String?)] = [
            (.since, since), (.deadline, deadline), (.sealDeadline, sealDeadline), (.jobs, jobs),
            (.maxSize, maxSize), (.root, root), (.profile, profile),
        ]
        for case (let name, let value?) in single { given[name.rawValue] = [value] }
        if !collectors.isEmpty { given[SettingName.collectors.rawValue] = collectors }
        if !plugins.isEmpty { given[SettingName.plugins.rawValue] = plugins }
        if !only.isEmpty { given[SettingName.only.rawValue] = only }
        if !skip.isEmpty { given[SettingName.skip.rawValue] = skip }
        if includePersistentEvents { given[SettingName.persistentEvents.rawValue] = ["yes"] }
        given.merge(dump.given) { $1 }
        if !subsystem.isEmpty { given[SettingName.subsystem.rawValue] = subsystem }
        return given
    }
}
