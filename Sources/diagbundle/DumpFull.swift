import ArgumentParser
import DiagLiveDump
import DiagModel
import DiagSystem
import SystemPackage

/// `diagbundle dump full`: the memory of the running kernel.
struct DumpFull: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "full",
        abstract: "Dump the memory of the running kernel, while the host goes on.",
        discussion: """
            Writes OUTPUT/<host>-<time>/ with LiveDump.kdump, which crash and drgn open, \
            LiveDump.json, which says how it was made, and the stacks of all threads. Pages are \
            copied one after the other, so the dump is smeared over the seconds that it takes; \
            LiveDump.json says over how many, and how much changed meanwhile.

            --level is the sum of the classes of pages that are left out: 1 zero, 2 cache, 4 cache \
            with private data, 8 user, 16 free. What the kernel itself works with is always kept. \
            Only root may make a dump, and a dump may hold secrets: it is readable by root alone.

            When memory runs short, --on-pressure abort (the default) leaves no file. Whatever \
            else ends a dump leaves a file that is marked incomplete; before the kernel image is \
            in it, some tens of megabytes, only "dump info" opens it, after that drgn and, with \
            --zero_excluded, crash.

            The defaults below are the built-in ones. The keys dump-* in \
            /etc/diagbundle/config.yaml change them, "diagbundle config show" shows what holds, \
            and "diagbundle config reset" restores the built-in ones.

            Exit codes: 0 complete, 3 partial (a file that opens, with pages missing), 64 usage, \
            69 this kernel has no source for a dump, 73 cannot create the output, 74 input/output \
            error, 75 refused for now (memory pressure, another dump, too soon after the last), \
            77 not permitted, 130 interrupted.
            """)

    @OptionGroup var options: DumpOptions
    @Option(help: "Classes of pages that are left out, 0 to 31 (default: 27).")
    var level: String?
    @Flag(help: "Keep the pages of processes, whatever the level.")
    var userPages = false
    @Flag(
        help: """
            Keep the memory of virtual machines that this host runs; the hypervisor's own pages \
            are kernel pages and always in.
            """)
    var guestPages = false
    @Flag(
        help: """
            Show what the dump would hold, its size and how long copying takes, and make none.
            """)
    var dryRun = false
    @Flag(help: "With --dry-run: print one JSON document.")
    var json = false

    private var given: [String: [String]] {
        var given: [String: [String]] = [:]
        if let level { given[SettingName.dumpLevel.rawValue] = [level] }
        if userPages { given[SettingName.dumpUserPages.rawValue] = ["yes"] }
        if guestPages { given[SettingName.dumpGuestPages.rawValue] = ["yes"] }
        return given
    }

    func run() throws {
        guard dryRun else {
            guard !json else { throw CommandFailure(.usage, "--json goes with --dry-run alone") }
            return try options.makeDump(.full, given)
        }
        _ = try options.words(given)
        let path = try options.config.map { try HostFacts.absolute(FilePath($0)).string }
        var settings = try Settings(
            configuration: path, commandLine: options.given.merging(given) { $1 })
        settings.isOfDump = true
        try settings.check()
        try DumpDryRun.run(
            try settings.dumpOptions(.full), isThrottled: !options.noThrottle,
            isStored: settings.isDumpStored, settings: settings.dumpSettings(), asJSON: json)
    }
}
