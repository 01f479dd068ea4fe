import DiagCollect
import DiagFormats
import DiagModel
import DiagSystem
import DiagTerminal
import SystemPackage

/// Owns terminal, signals and deadline of a run, and touches neither the host's files nor the
/// output: so it can leave a run that hangs on either.
final class Front {
    /// Seconds that the root, and then the output directory, has to answer.
    private static let outputPatience = 30.0
    /// Seconds that the settings have to be read.
    private static let settingsPatience = 10.0
    /// Seconds for trying keys: somebody may have to type a passphrase or touch one.
    private static let keyPatience = 900.0
    /// Seconds without a word after which an orchestrator that seals and waits for something counts
    /// as hung: a slow disk takes its time to take a large bundle in.
    private static let sealingSilencePatience = 120.0

    private enum Phase {
        case settings
        case root
        case keys
        case output
        case collecting
        case sealing
    }

    private let child: ChildProcess
    private let events: OwnedDescriptor
    private let errors: OwnedDescriptor
    private let control: OwnedDescriptor
    private let signals: SignalDescriptor
    private let terminal: OwnedDescriptor
    private let configurationPath: String
    private let environment: [String: String]
    private let started = MonotonicTime.now
    private var style: ProgressStyle
    private var renderer: (any ProgressRenderer)?
    private var lines: [UInt8] = []
    private var log: [UInt8] = []
    private var phase = Phase.settings
    private var phaseStarted = MonotonicTime.now
    private var lastHeard = MonotonicTime.now
    private var settings: OrchestratorLine.Settings?
    private var result: RunResult?
    private var lastRun: ProgressEvent.Run?
    private var firstInterruption: MonotonicTime?
    private var bundleIsNamed = false
    private let isDump: Bool
    private var dump: OrchestratorLine.Dump?
    private var outline: LiveDumpOutline?
    private var collecting: CollectingPatience?
    /// The folder that the run writes, and the file of a dump that has bytes in it.
    private var folderPath: String?
    private var dumpedName: String?
    private var eventsAreOpen = true

    /// Starts the orchestrator for `request`.
    init(request: OrchestratorRequest, style: ProgressStyle) throws {
        self.style = style
        configurationPath = request.configurationPath ?? Settings.standardPath
        isDump = request.dump != nil
        signals = try SignalDescriptor(SignalDescriptor.Signal.allCases)
        SignalDisposition.ignoreWriteSignals()
        let input = try Pipe()
        let output = try Pipe(bufferByteCount: 1 << 20)
        let errors = try Pipe()
        try output.reading.setNonBlocking()
        try errors.reading.setNonBlocking()
        environment = Self.environment
        child = try Self.startOrchestrator(
            streams: .init(
                input: try input.reading.duplicate(), output: try output.writing.duplicate(),
                error: try errors.writing.duplicate()))
        let text = try JSONDocument.encode(request, layout: .line) + [0x0A]
        try input.writing.write(text.span)
        control = try input.writing.duplicate()
        events = try output.reading.duplicate()
        self.errors = try errors.reading.duplicate()
        terminal = try OwnedDescriptor.standard(2)
    }

    /// Forks the orchestrator while there is one thread, which there is at the start.
    private static func startOrchestrator(
        streams: consuming ChildProcess.Streams
    ) throws -> ChildProcess {
        let forked = try ChildProcess.fork(
            title: "diagbundle \(Orchestrate.commandName)", environment: environment,
            streams: streams
        ) { Diagbundle.orEnd { try Orchestrate.serve() } }
        if let forked { return forked }
        return try ChildProcess.spawn(
            HostFacts.ownExecutable, processName: "diagbundle",
            arguments: [Orchestrate.commandName], environment: environment, streams: streams)
    }

    /// What the orchestrator and its workers get of our environment: nothing they need not have.
    private static var environment: [String: String] {
        let names = ["PATH", "LANG", "LC_ALL", "LC_CTYPE", "TERM", "NO_COLOR", "TZ"]
        return names.reduce(into: [:]) { $0[$1] = HostFacts.environment($1) }
    }

    /// Follows the run to its end; returns the exit code.
    func run() throws -> Int32 {
        var poller = Poller()
        var ended = false
        while !ended {
            poller.removeAll()
            poller.watch(signals.descriptor, tag: 0)
            if eventsAreOpen { poller.watch(events, tag: 1) }
            poller.watch(errors, tag: 2)
            poller.watch(child.pidfd, tag: 3)
            _ = poller.wait(seconds: 0.2)
            for signal in signals.received() { if let status = handle(signal) { return status } }
            readErrors()
            readEvents()
            renderer?.tick(at: .now)
            if child.reapIfEnded() != nil {
                readEvents()
                readErrors()
                ended = true
            } else if result != nil, !eventsAreOpen {
                // It has said its last word; what it still does is nobody's concern.
                ended = MonotonicTime.now.seconds(since: lastHeard) > 2
            } else if let (operation, path) = lateness() {
                return leave(operation, on: path)
            }
        }
        return conclude()
    }

    // MARK: - Signals

    private func handle(_ signal: SignalDescriptor.Signal) -> Int32? {
        switch signal {
        case .windowChange:
            let size = terminal.terminalSize
            renderer?.resize(columns: size?.columns ?? 0, rows: size?.rows ?? 0)
        case .goOn: renderer?.resume()
        case .interrupt, .terminate, .hangUp:
            guard let first = firstInterruption else {
                firstInterruption = .now
                try? control.write(Array("stop\n".utf8).span)
                notice(
                    (isDump
                        ? "Stopping: the dump is being ended as a file that opens."
                        : "Stopping: what is collected is being sealed.")
                        + " Interrupt again to leave at once.")
                return nil
            }
            // A closing terminal hangs up twice, and service managers send two kinds of signal.
            let isMeant =
                signal == .interrupt
                || (signal == .terminate && MonotonicTime.now.seconds(since: first) > 2)
            if isMeant { return leaveAtOnce() }
        }
        return nil
    }

    private func leaveAtOnce() -> Int32 {
        killAll()
        renderer?.finish()
        let place = settings?.outputPath ?? ""
        StandardStreams.printError(
            bundleIsNamed
                ? "diagbundle: left at once; the bundle is whole, in"
                    + " \(UntrustedText.escapingControls(place))."
                : isDump
                    ? "diagbundle: left at once."
                    : "diagbundle: left at once; no bundle was made.")
        if !bundleIsNamed, let left = leftDump { StandardStreams.printError(left) }
        return ExitStatus.interrupted.rawValue
    }

    /// Where the dump is that a run which is left has begun; none when there is no byte of one.
    private var leftDump: String? {
        guard let folderPath, let dumpedName else { return nil }
        return UntrustedText.escapingControls(
            "What was written of the dump is \(folderPath)/\(dumpedName); `diagbundle dump info`"
                + " says what it holds."
                + (isDump ? "" : " The next run gives that folder a name that is not hidden."))
    }

    private func notice(_ message: String) {
        let elapsed = MonotonicTime.now.seconds(since: started)
        let run =
            lastRun
            ?? ProgressEvent.Run(done: 0, total: 0, fraction: 0, elapsedSeconds: elapsed)
        renderer?.show(ProgressEvent(kind: .notice, time: .now, run: run, message: message))
    }

    // MARK: - What the orchestrator says

    private func readEvents() {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while eventsAreOpen {
            do throws(SystemCallError) {
                let count = try events.read(into: &buffer)
                guard count > 0 else {
                    eventsAreOpen = false
                    break
                }
                lines += buffer[..<count]
            } catch {
                if error.errno != .resourceTemporarilyUnavailable { eventsAreOpen = false }
                break
            }
        }
        var start = 0
        while let end = lines[start...].firstIndex(of: 0x0A) {
            if let line = try? JSONDocument.decode(OrchestratorLine.self, from: lines[start..<end])
            {
                take(line)
            }
            start = end + 1
        }
        lines.removeFirst(start)
    }

    private func take(_ line: OrchestratorLine) {
        lastHeard = .now
        collecting?.hear(line.event)
        if let folder = line.folderPath { folderPath = folder }
        if let file = line.event?.operation?.file, file.path.hasPrefix("LiveDump."),
            file.byteCount > 0
        {
            dumpedName = file.path
        }
        if let settings = line.settings {
            self.settings = settings
            style = ProgressStyle(rawValue: settings.progress) ?? style
            makeRenderer()
            enter(.root)
        }
        switch line.stage {
        case .rootIsReady: enter(.output)
        case .keysAreTried: enter(.keys)
        case .outputIsReady:
            enter(.collecting)
            collecting = CollectingPatience(
                deadlineSeconds: settings?.deadlineSeconds ?? 600,
                stallSeconds: settings?.stallSeconds)
        case .sealing: enter(.sealing)
        case .bundleIsNamed: bundleIsNamed = true
        case .heartbeat, nil: break
        }
        if let dump = line.dump { self.dump = dump }
        if let outline = line.outline { self.outline = outline }
        if let event = line.event {
            lastRun = event.run
            if renderer == nil { makeRenderer() }
            if let result = event.result {
                self.result = result
                if style == .json { renderer?.show(event) }
            } else {
                renderer?.show(event)
            }
        }
    }

    private func makeRenderer() {
        guard renderer == nil else { return }
        let size = terminal.terminalSize
        let traits = TerminalTraits(
            isTerminal: terminal.isTerminal, environment: environment,
            columns: size?.columns ?? 0, rows: size?.rows ?? 0)
        let stream = PatientStream(2)
        // Frames may be lost, the next one tells the same; lines are waited for a little.
        let patience = style == .auto && traits.canMoveCursor ? 0.2 : 1
        renderer = style.renderer(for: traits) { stream.write($0, withinSeconds: patience) }
    }

    private func readErrors() {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while let count = try? errors.read(into: &buffer), count > 0 {
            log += buffer[..<min(count, max(0, 16_384 - log.count))]
        }
    }

    private func enter(_ phase: Phase) {
        self.phase = phase
        phaseStarted = .now
    }

    // MARK: - When it does not answer

    /// What the orchestrator hangs on, when it is given up: an operation and a path.
    private func lateness() -> (operation: String, path: String)? {
        let inPhase = MonotonicTime.now.seconds(since: phaseStarted)
        let silence = MonotonicTime.now.seconds(since: lastHeard)
        let deadline = settings?.deadlineSeconds ?? 600
        let patience = min(deadline, Self.outputPatience)
        let output = settings?.outputPath ?? ""
        switch phase {
        case .settings:
            return inPhase > Self.settingsPatience
                ? ("reading the configuration", configurationPath) : nil
        case .root:
            return inPhase > patience ? ("reading the root", settings?.rootPath ?? "/") : nil
        case .keys:
            return inPhase > Self.keyPatience ? ("trying the keys for", output) : nil
        case .output:
            return inPhase > patience ? ("opening the output", output) : nil
        case .collecting:
            return collecting?.isOver(isWaiting: { isWaiting }) == true
                ? ("writing the output", output) : nil
        case .sealing:
            return silence > Self.sealingSilencePatience && isWaiting
                ? ("writing the bundle", output) : nil
        }
    }

    /// Whether the orchestrator waits for something, and is neither at work nor stopped.
    private var isWaiting: Bool {
        !["R", "T", "t"].contains(ProcessStanding.of(child.identifier).state)
    }

    /// Leaves a run that hangs.
    private func leave(_ operation: String, on path: String) -> Int32 {
        let standing = ProcessStanding.of(child.identifier)
        killAll()
        renderer?.finish()
        var message = "diagbundle: \(operation) \(path): no answer"
        if let mount = MountDescription.ofPath(path) { message += " from \(mount)" }
        message += "; \(standing.summary)."
        StandardStreams.printError(UntrustedText.escapingControls(message))
        for frame in standing.kernelStack.prefix(6) {
            StandardStreams.printError("  " + UntrustedText.escapingControls(frame))
        }
        let product = isDump ? "dump" : "bundle"
        let advice =
            switch phase {
            case .settings: "Name another file with --config."
            case .root: "No \(product) was made. The file system to be read does not answer."
            case .keys: "No \(product) was made. The programs that encrypt and sign do not answer."
            case .output, .collecting, .sealing:
                (isDump && leftDump != nil ? "" : "No \(product) was made. ")
                    + (leftDump.map { $0 + " " } ?? "")
                    + "Choose a folder on another file system with --output."
            }
        StandardStreams.printError(advice)
        return ExitStatus.inputOutput.rawValue
    }

    /// Ends the orchestrator and, as it may hang too long to do it, its workers.
    private func killAll() {
        ChildProcess.killTree(child.identifier)
    }

    // MARK: - The end

    private func conclude() -> Int32 {
        renderer?.finish()
        guard let result else {
            let text = String(decoding: log, as: UTF8.self)
                .split(separator: "\n").suffix(5).map { UntrustedText.escapingControls(String($0)) }
            StandardStreams.printError(
                "diagbundle: the orchestrator ended without a result; this is a fault of diagbundle."
            )
            for line in text { StandardStreams.printError("  " + line) }
            return ExitStatus.failed.rawValue
        }
        if style == .json {
            if let volumes = result.volumes {
                for volume in volumes { StandardStreams.print(volume.path) }
            } else if let path = result.bundlePath ?? (isDump ? result.folderPath : nil) {
                StandardStreams.print(path)
            }
            return Int32(result.exitCode)
        }
        let output = try? OwnedDescriptor.standard(1)
        let size = output?.terminalSize
        let traits = TerminalTraits(
            isTerminal: size != nil, environment: environment, columns: size?.columns ?? 0,
            rows: size?.rows ?? 0)
        let width = size.map { $0.columns == 0 ? 80 : $0.columns }
        let summary =
            dump.map {
                DumpSummary.lines(
                    of: $0.report, exitCode: result.exitCode, folderPath: $0.folderPath,
                    file: $0.file, failure: $0.failure, seconds: $0.seconds, width: width,
                    usesUnicode: traits.usesUnicode)
                    + $0.notices.map { UntrustedText.escapingControls($0) }
            }
            ?? RunSummary.lines(
                of: result, width: width, usesUnicode: traits.usesUnicode, isOfDump: isDump,
                isRoot: HostFacts.effectiveUser == 0, dump: outline)
        let isMade = result.bundlePath != nil || dump?.file != nil
        // What is not taken by then is not waited for: the bundle is there all the same.
        PatientStream(isMade ? 1 : 2)
            .write(Array((summary.joined(separator: "\n") + "\n").utf8), withinSeconds: 2)
        return Int32(result.exitCode)
    }
}
