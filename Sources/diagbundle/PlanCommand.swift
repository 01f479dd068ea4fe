import ArgumentParser
import DiagCollect
import DiagModel
import DiagSystem
import SystemPackage

/// `diagbundle plan`: what `collect` would do, without doing it.
struct PlanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Show what collect would read, run and ask, without doing it.",
        discussion: """
            Takes the options of "diagbundle collect". No device is opened and no command is run: \
            files are looked for with stat and readdir, and only what conditions ask for, in \
            procfs, sysfs and a few files of /etc, is read. Bytes and seconds are estimates; "~" \
            marks those that are partly assumed, for they were not measured or counted on this \
            host: those of commands always are. For a live dump pages are counted by \
            /proc/kpageflags where that takes no more than a moment.

            With --output the plan is written to a file as JSON. Whoever reviews it may take \
            collectors, items and files out of it; "diagbundle collect --plan FILE" then collects \
            what is left, and nothing else.

            Risk R0 answers from memory. R1 opens files, devices or runs commands, and may block. \
            R2 reads media or changes state, and is part of a plan only when asked for by name.

            Exit codes: 0 shown, 64 usage, 69 the root does not exist, 73 cannot create the file.
            """)

    @Option(
        name: .shortAndLong,
        help: .init(
            "Write the plan to this file, as JSON; one that is there is replaced, a link refused.",
            valueName: "file"))
    var output: String?
    @Flag(help: "Print the plan as one JSON document.")
    var json = false
    @Flag(
        name: [.customShort("v"), .long],
        help: "Show every file, and what does not apply to this host, too.")
    var all = false
    @OptionGroup var collection: CollectionOptions

    func run() throws {
        SignalDisposition.ignoreWriteSignals()
        let file = try output.map { try HostFacts.absolute(FilePath($0)) }
        // Before the host is looked at, which takes its time.
        if let file { try OutputFile.check(file, "write the plan") }
        let plan = try make()
        if let file { try write(plan, to: file) }
        if json {
            _ = try StandardStreams.write(try JSONDocument.encode(plan, layout: .document))
            return
        }
        for line in PlanPage(plan, showsAll: all).lines(isBrief: output != nil) {
            guard try StandardStreams.write(Array((line + "\n").utf8)) else { return }
        }
        if let output {
            StandardStreams.print(
                UntrustedText.escapingControls(
                    "The plan is in \(output). Take out of it what is not to be collected; then:"
                        + " diagbundle collect --plan \(output)"))
        }
    }

    private func make() throws -> CollectionPlan {
        let configuration = try collection.config.map {
            try HostFacts.absolute(FilePath($0)).string
        }
        let settings = try Settings(
            configuration: configuration, commandLine: try collection.given())
        try settings.check()
        let folder = try? HostFacts.absolute(".").string
        let profile = try settings.runProfile(from: folder)
        let folders = try settings.collectorFolders(from: folder)
        let plugins = try settings.pluginFolders(from: folder)
        let catalogue = try CollectorCatalogue(
            folders: folders, pluginFolders: plugins, profile: profile.base)
        let entries = try settings.selection(of: catalogue, profile: profile)
        try settings.checkDumpOptions(beside: entries.map(\.collector))
        let root = try settings.root
        let tree: RootedTree
        do throws(SystemCallError) { tree = try RootedTree(root) } catch {
            throw CommandFailure(.unavailable, "read the root \(root): \(error.errno)")
        }
        let now = Timestamp.now
        let since = try settings.since(now: now)
        let plans = try PlanMaker.plans(
            of: entries, root: tree, since: since,
            options: try settings.plannedCollectorOptions(), threads: try settings.jobs)
        var estimate = plans.filter { $0.dump == nil }.reduce(CollectionPlan.Estimate()) {
            $0 + $1.estimate
        }
        estimate.byteCount = min(estimate.byteCount, try settings.maxByteCount)
        // A dump does not count against the bytes of the run.
        estimate = plans.filter { $0.dump != nil }.reduce(estimate) { $0 + $1.estimate }
        var plan = CollectionPlan(
            tool: .init(name: "diagbundle", version: Diagbundle.version),
            host: HostIdentity.read(from: tree).planHost(of: tree),
            userIdentifier: HostFacts.effectiveUser, created: now, root: root.string,
            since: since,
            options: settings.planOptions(
                profile: profile, folders: folders.map(\.string),
                pluginFolders: plugins.map(\.string), since: since),
            collectors: plans, estimate: estimate)
        let refused = settings.refused(of: catalogue, profile: profile)
        if !refused.isEmpty { plan.refused = refused.map(CollectionPlan.Refused.init) }
        return plan
    }

    /// Writes the file beside its name, and then gives it that.
    private func write(_ plan: CollectionPlan, to path: FilePath) throws {
        guard let name = path.lastComponent?.string else {
            throw CommandFailure(.usage, "--output: a file is needed")
        }
        let bytes = try JSONDocument.encode(plan, layout: .document)
        guard bytes.count <= PlanFile.largestByteCount else {
            throw CommandFailure(
                .failed,
                "the plan has \(ByteCountText.describe(Int64(bytes.count))), more than collect --plan"
                    + " reads; make a smaller one with --only, --skip or --profile")
        }
        do throws(SystemCallError) {
            let folder = try OutputDirectory.create(path.removingLastComponent())
            let unfinished = ".\(name).\(HostFacts.processIdentifier)"
            let file = try folder.createFile(unfinished)
            do throws(SystemCallError) {
                try file.write(bytes.span)
                try folder.rename(unfinished, to: name)
            } catch {
                try? folder.removeFile(unfinished)
                throw error
            }
        } catch {
            throw CommandFailure(
                .output(error.errno, isCreating: true), "write the plan \(path): \(error)")
        }
    }
}
