import DiagAnalysis
import DiagArchive
import DiagCollect
import DiagDeclared
import DiagFormats
import DiagModel
import DiagSystem
import DiagTerminal
import SystemPackage

/// One run from its settings to the sealed bundle: the order of the steps, and what each failure
/// means for the result.
final class RunDirector {
    let request: OrchestratorRequest
    let settings: Settings
    let link: FrontLink
    let started: MonotonicTime
    let startedAt = Timestamp.now
    let collectors: [any Collector]
    private let prepared: PreparedCollectors
    /// What a worker is told to find its collector, by the collector's name.
    private let workerOptions: [String: [String: JSONValue]]
    /// Where each collector comes from, by its name.
    private let origins: [String: CollectorOrigin]
    /// The plugins that would have been run, had they not been refused.
    private let refused: [PluginFile.Refusal]
    /// The reviewed plan that is run, when there is one.
    private let plan: PlanFile?
    let root: FilePath
    let output: FilePath
    /// What is said of a live dump, for the end of the run.
    let dumpDocuments = KeptArtifacts([dumpReportName])
    /// How the bundle is made, with the keys that were tried; by when is not said.
    var sealing = BundleOptions()
    var progress: RunProgress
    var result = RunResult(exitCode: Int(ExitStatus.failed.rawValue))

    init(
        request: OrchestratorRequest, settings: Settings, link: FrontLink, started: MonotonicTime
    ) throws {
        self.request = request
        self.link = link
        self.started = started
        var settings = settings
        plan = try request.planPath.map { try PlanFile.read(FilePath($0)) }
        if let plan {
            try plan.checkVersion()
            try settings.hold(
                to: plan, commandLine: request.commandLine, from: request.workingDirectory)
        }
        self.settings = settings
        try settings.check()
        if request.dump == nil {
            let profile = try settings.runProfile(from: request.workingDirectory)
            let catalogue = try CollectorCatalogue(
                folders: try settings.collectorFolders(from: request.workingDirectory),
                pluginFolders: try settings.pluginFolders(from: request.workingDirectory),
                profile: profile.base)
            if let plan {
                let entries = try plan.entries(of: catalogue)
                try plan.checkDump(settings.plannedCollectorOptions())
                try settings.checkRest(
                    of: plan, commandLine: request.commandLine,
                    hasReason: request.dumpReason != nil)
                collectors = entries.map(\.collector)
                prepared = PreparedCollectors(entries, plan: plan.plan)
                origins = CollectorCatalogue.origins(of: entries)
                workerOptions = Dictionary(
                    uniqueKeysWithValues: collectors.map(\.descriptor.name).map { name in
                        let own = catalogue.workerOptions[name] ?? [:]
                        return (name, own.merging(plan.workerOptions) { $1 })
                    })
                // The plan has those that were refused when it was made.
                refused = []
            } else {
                let entries = try settings.selection(of: catalogue, profile: profile)
                collectors = entries.map(\.collector)
                prepared = PreparedCollectors(entries)
                origins = CollectorCatalogue.origins(of: entries)
                workerOptions = catalogue.workerOptions
                refused = settings.refused(of: catalogue, profile: profile)
            }
            try settings.checkDumpOptions(
                beside: collectors, hasReason: request.dumpReason != nil)
            root = try settings.root
        } else {
            collectors = [BuiltInCollectors.liveDump]
            prepared = PreparedCollectors([])
            origins = Dictionary(
                uniqueKeysWithValues: collectors.map {
                    ($0.descriptor.name, CollectorOrigin(place: CollectorReport.builtIn))
                })
            workerOptions = [:]
            refused = []
            root = "/"
        }
        output = try Self.absolute(
            try request.dump == nil ? settings.output : settings.dumpDirectory,
            from: request.workingDirectory)
        progress = RunProgress(started: started) { link.send($0) }
        link.send(
            .init(
                settings: .init(
                    progress: try settings.progress.rawValue,
                    deadlineSeconds: try settings.deadlineSeconds,
                    sealDeadlineSeconds: try settings.sealDeadlineSeconds,
                    outputPath: output.string, rootPath: root.string,
                    stallSeconds: isDumpPlanned ? Self.dumpStallSeconds : nil)))
    }

    private static func absolute(
        _ output: FilePath, from workingDirectory: String?
    ) throws -> FilePath {
        if output.isAbsolute { return output.lexicallyNormalized() }
        guard let workingDirectory else {
            throw CommandFailure(
                .cannotCreate,
                "create \(output): the working directory is gone. Name an absolute path with"
                    + " --output.")
        }
        return FilePath(workingDirectory).pushing(output).lexicallyNormalized()
    }

    /// Says that the run is over, and how.
    func tellEnd(_ result: RunResult) { progress.endRun(result) }

    /// Makes the bundle; every failure is in the result.
    func run(control: borrowing OwnedDescriptor) -> RunResult {
        do {
            try make(control)
        } catch let failure as CommandFailure {
            result.exitCode = Int(failure.status.rawValue)
            result.error = failure.message
        } catch {
            result.exitCode = Int(ExitStatus.failed.rawValue)
            result.error = UntrustedText.escapingControls("\(error)")
        }
        if let keptDump {
            let told = Self.told(ofDumps: [keptDump]).joined()
            result.error = [result.error, UntrustedText.escapingControls(told)]
                .compactMap { $0 }.joined(separator: " ")
        }
        return result
    }

    /// The folder of a dump that stays though the run has failed.
    var keptDump: FilePath?

    private func make(_ control: borrowing OwnedDescriptor) throws {
        // Before there is anything of one collector that another must not have in its memory, and
        // before a lock or a folder is open.
        let forkServer = try? ForkServer.start(
            title: "diagbundle fork-server", prepare: WorkerLoop.warmUp
        ) { [prepared] in Diagbundle.orEnd { try Worker.serve(prepared.collector(for:)) } }
        let tree: RootedTree
        do throws(SystemCallError) { tree = try RootedTree(root) } catch {
            throw CommandFailure(.unavailable, "read the root \(root): \(error.errno)")
        }
        let host = HostIdentity.read(from: tree)
        try plan?.check(host.planHost(of: tree))
        link.send(.init(stage: .rootIsReady))
        if request.dump == nil { try prepareSealing() }
        let directory = try openOutput()
        let lock = try takeLock(on: directory)
        defer { lock.release() }
        let name = HostFolder.folderName(forHost: host.name)
        if request.dump == nil { try checkPlace(of: name, in: directory) }
        let folder: HostFolder
        do throws(SystemCallError) {
            folder =
                request.dump == nil
                ? try HostFolder(name: name, in: directory)
                : try HostFolder(
                    name: try directory.freeName("\(name)-\(startedAt.compactDescription)"),
                    in: directory, isKeptUnfinished: true)
        } catch { throw outputFailure(error, isCreating: true) }
        link.send(.init(stage: .outputIsReady, folderPath: folder.stagingPath.string))
        for text in Self.told(ofDumps: folder.rescued) { progress.notice(text) }
        for (path, why) in folder.strangers {
            progress.notice(
                "\(path): \(why). It has the name of an older host folder, and stays as it is.")
        }

        var stream: BundleStream?
        do {
            var path: FilePath?
            if request.dump == nil {
                let bundlePath = try bundlePath(folder, directory)
                stream = startBundle(of: folder, as: bundlePath)
                path = bundlePath
            }
            let (manifest, findings) = try collect(
                into: folder, stream, host: host, forkServer: forkServer, control)
            if let path {
                if let outline = dumpOutline(manifest) { link.send(.init(outline: outline)) }
                try seal(folder, manifest, findings, directory, path, stream)
            } else {
                try keepDump(folder, manifest, findings)
            }
        } catch let failure as ArtifactIntake.OutputFailure {
            stream?.giveUp()
            leave(folder)
            throw outputFailure(failure.cause, isCreating: false)
        } catch let error as SystemCallError {
            stream?.giveUp()
            leave(folder)
            throw outputFailure(error, isCreating: false)
        } catch {
            stream?.giveUp()
            // Nothing is left to discard when sealing failed: the folder is in its place then.
            leave(folder)
            throw error
        }
    }

    // MARK: - Collecting

    private func collect(
        into folder: HostFolder, _ stream: BundleStream?, host: HostIdentity,
        forkServer: ForkServer?,
        _ control: borrowing OwnedDescriptor
    ) throws -> (Manifest, FindingList) {
        for collector in collectors {
            let descriptor = collector.descriptor
            progress.plan(
                descriptor.name, title: "Collecting \(descriptor.subject)",
                weight: descriptor.weight)
        }
        if collectors.contains(where: { !$0.probes.isEmpty }) {
            progress.plan("probes", title: "Probing what may block", weight: 2)
        }
        if request.dump == nil {
            progress.plan(
                "seal", title: "Sealing the bundle", weight: RunProgress.sealingWeight)
        }
        progress.startRun()
        let since = try settings.since(now: startedAt)
        let budget = try settings.maxByteCount
        let sink = stream.map { BundleSink($0) }
        let processorCount = sealingProcessorCount
        let intake = ArtifactIntake(
            filter: UnchangedArtifacts(),
            sinks: [folder, dumpDocuments] + (sink.map { [$0] } ?? []), byteBudget: budget)
        var configuration = OrchestratorConfiguration(
            root: root, since: since, jobs: try settings.jobs,
            deadlineSeconds: try settings.deadlineSeconds, byteBudget: budget,
            workerExecutable: HostFacts.ownExecutable, workerName: "diagbundle",
            environment: HostFacts.environment("PATH").map { ["PATH": $0] } ?? [:],
            collectorOptions: try [settings.collectorOptions(), dumpCollectorOptions()].reduce(
                workerOptions
            ) { all, more in
                all.merging(more) { $0.merging($1) { $1 } }
            },
            seekables: try dumpFile(), deadlines: try dumpDeadline(),
            plannedProbes: plan?.probes)
        configuration.reapsOrphans = true
        configuration.origins = origins
        let orchestrator = Orchestrator(
            collectors: collectors, configuration: configuration, forkServer: forkServer,
            intake: intake, progress: progress, started: started,
            turn: { [link] progress in
                link.beat()
                guard let sink else { return }
                progress.expectSealing(
                    byteCount: sink.leftByteCount, processorCount: processorCount)
            })
        let (outcome, progress) = try orchestrator.run(control: control)
        self.progress = progress
        result.collectSeconds = progress.elapsedSeconds
        let findings = FindingList(outcome.findings)
        let options = Manifest.Options(
            root: root.string, collectors: collectors.map(\.descriptor.name), since: since,
            deadlineSeconds: configuration.deadlineSeconds,
            sealDeadlineSeconds: try settings.sealDeadlineSeconds, jobs: configuration.jobs,
            maxByteCount: budget, planSHA256: plan?.digest)
        var manifest = Manifest(
            tool: .init(name: "diagbundle", version: Diagbundle.version), host: host.manifest,
            caseIdentifier: request.caseIdentifier, userIdentifier: HostFacts.effectiveUser,
            started: startedAt, collected: .now, options: options,
            isInterrupted: outcome.isInterrupted, reports: outcome.reports,
            artifacts: intake.artifacts, absent: outcome.absent,
            missing: outcome.missing + refusedPlugins + (plan?.missing ?? []))
        if request.dump == nil { manifest.memberOrder = memberOrder }
        let page =
            request.dump == nil
            ? SummaryPage.render(
                manifest: manifest, findings: findings, dump: dumpOutline(manifest))
            : dumpPage(manifest, in: folder)
        try intake.storeDocument(
            "summary.txt", Array(page.utf8), mediaType: "text/plain", privacy: .identity)
        try intake.storeDocument(
            "findings.json", try JSONDocument.encode(findings, layout: .document),
            mediaType: "application/json", privacy: .identity)
        manifest.listArtifacts(intake.artifacts)
        try folder.writeDocument(
            "manifest.json", try JSONDocument.encode(manifest, layout: .document))
        return (manifest, findings)
    }

    /// What is missing because plugins were refused.
    private var refusedPlugins: [Missing] {
        refused.prefix(100).map {
            // The reason names the path, and what to do.
            Missing(
                collector: "plugins",
                what: UntrustedText.escapingControls($0.isFolder ? $0.path : $0.name),
                why: UntrustedText.escapingControls($0.reason))
        }
    }
}
