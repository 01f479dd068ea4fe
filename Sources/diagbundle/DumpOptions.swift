import ArgumentParser
import DiagLiveDump
import DiagModel
import DiagSystem
import DiagTerminal
import SystemPackage

/// The options of the two dumps.
struct DumpOptions: ParsableArguments {
    @Option(
        name: [.customShort("o"), .long],
        help: """
            Folder to write to; the dump gets a folder of its own in it (default: \
            /var/lib/diagbundle/dumps).
            """)
    var output: String?
    @Option(help: "How pages are stored: zstd, zlib or none (default: zstd).")
    var compress: String?
    @Option(help: "What the file is: kdump, or elf, a sparse core file (default: kdump).")
    var format: String?
    @Option(
        help: """
            When memory runs short: abort, partial (keep what was read) or ignore (default: abort).
            """)
    var onPressure: String?
    @Option(help: "Most bytes of the file (default: as the disk has room).")
    var maxSize: String?
    @Option(help: "Who asks, at most 8 characters; it stands in the dump (default: diagbndl).")
    var originator: String?
    @Option(help: "Why the dump is made; it stands in the dump.")
    var reason: String?
    @Option(help: "Threads that copy (default: as many as serve).")
    var threads: String?
    @Flag(help: "Make it however short ago the last one was made.")
    var noThrottle = false
    @Option(help: "End after this time with what was read (default: 10m).")
    var deadline: String?
    @Option(help: "How to show progress: auto, plain, json or none.")
    var progress: String?
    @Option(help: "Configuration file (default: /etc/diagbundle/config.yaml).")
    var config: String?

    /// The options that were given, by the names of their settings, as they were typed.
    var given: [String: [String]] {
        let single: [(SettingName, String?)] = [
            (.dumpDirectory, output), (.dumpCompress, compress), (.dumpFormat, format),
            (.dumpOnPressure, onPressure), (.dumpMaxSize, maxSize),
            (.dumpOriginator, originator), (.dumpThreads, threads), (.deadline, deadline),
            (.progress, progress),
        ]
        return single.reduce(into: [:]) { given, option in
            if let value = option.1 { given[option.0.rawValue] = [value] }
        }
    }

    /// Whether any was given.
    var isAnyGiven: Bool { !given.isEmpty || reason != nil || noThrottle || config != nil }

    /// The settings as they are typed, checked.
    func words(_ more: [String: [String]]) throws -> Settings {
        var words = Settings()
        words.isOfDump = true
        words.override(with: given.merging(more) { $1 })
        try words.check()
        try LiveDumpOptions.checkReason(reason, option: "--reason")
        return words
    }

    /// Makes a dump; ends this process with the run's exit code.
    func makeDump(_ kind: LiveDumpReport.Kind, _ more: [String: [String]] = [:]) throws {
        _ = try words(more)
        let request = OrchestratorRequest(
            commandLine: given.merging(more) { $1 },
            configurationPath: try config.map { try HostFacts.absolute(FilePath($0)).string },
            workingDirectory: try? HostFacts.absolute(".").string,
            dump: DumpRequest(kind: kind, reason: reason, isThrottled: !noThrottle))
        let style = progress.flatMap { ProgressStyle(rawValue: $0) } ?? .auto
        HostFacts.exitNow(try Front(request: request, style: style).run())
    }
}

/// The same for `collect`, where each name says that it is about the dump.
struct PrefixedDumpOptions: ParsableArguments {
    @Flag(help: "Dump the running kernel's memory, too: the same as --live-dump full.")
    var includeLiveDump = false
    @Option(help: .init("Make a live kernel dump: full, stacks or no.", valueName: "kind"))
    var liveDump: String?
    @Option(help: "Pages left out, as in \"dump full --level\" (default: 27).")
    var dumpLevel: String?
    @Option(help: "How pages are stored: zstd, zlib or none (default: zstd).")
    var dumpCompress: String?
    @Option(help: "What the file is: kdump; elf is for \"dump full\" alone (default: kdump).")
    var dumpFormat: String?
    @Flag(help: "Keep the pages of processes, whatever the level.")
    var dumpUserPages = false
    @Flag(
        help: """
            Keep the memory of virtual machines that this host runs; the hypervisor's own pages \
            are always in.
            """)
    var dumpGuestPages = false
    @Option(help: "When memory runs short: abort, partial or ignore (default: abort).")
    var dumpOnPressure: String?
    @Option(help: "Most bytes of the dump (default: as the disk has room).")
    var dumpMaxSize: String?
    @Option(help: "Who asks, at most 8 characters (default: diagbndl).")
    var dumpOriginator: String?
    @Option(help: "Threads that copy (default: as many as serve).")
    var dumpThreads: String?
    @Flag(help: "Make the dump however short ago the last one was made.")
    var dumpNoThrottle = false

    /// The options that were given, by name, as they were typed.
    var given: [String: [String]] {
        let kind: String? = liveDump ?? (includeLiveDump ? "full" : nil)
        let single: [(SettingName, String?)] = [
            (.liveDump, kind), (.dumpLevel, dumpLevel), (.dumpCompress, dumpCompress),
            (.dumpFormat, dumpFormat),
            (.dumpUserPages, dumpUserPages ? "yes" : nil),
            (.dumpGuestPages, dumpGuestPages ? "yes" : nil),
            (.dumpOnPressure, dumpOnPressure), (.dumpMaxSize, dumpMaxSize),
            (.dumpOriginator, dumpOriginator), (.dumpThreads, dumpThreads),
            (.dumpThrottle, dumpNoThrottle ? "no" : nil),
        ]
        return single.reduce(into: [:]) { given, option in
            if let value = option.1 { given[option.0.rawValue] = [value] }
        }
    }
}

/// Why a dump goes into the bundle: of `collect` alone, since a plan makes none.
struct DumpReasonOption: ParsableArguments {
    @Option(help: .init("Why the live dump is made, at most 500 characters.", valueName: "text"))
    var dumpReason: String?
}

extension LiveDumpOptions {
    /// Checks the words of a person, given with `option`.
    ///
    /// - Throws: ``CommandFailure`` when there are none, or too many.
    static func checkReason(_ reason: String?, option: String) throws {
        if let reason, !(1...500).contains(reason.unicodeScalars.count) {
            throw CommandFailure(.usage, "\(option): 1 to 500 characters are needed")
        }
    }
}
