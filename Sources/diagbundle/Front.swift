import DiagFormats
import DiagModel
import DiagSystem
import DiagTerminal
import SystemPackage

/// Owns terminal, signals and deadline of a run, and touches neither the host's files nor the
/// output: so it can leave a run that hangs on either.
final class Front {
    /// Seconds that the output directory has to answer.
    private static let outputPatience = 30.0
    /// Seconds that the settings have to be read.
    private static let settingsPatience = 10.0
    /// Seconds beyond the deadline that the orchestrator has to end collecting.
    private static let collectGrace = 4.0
    /// Seconds without a word after which an orchestrator in state D counts as hung.
    private static let silencePatience = 30.0

    private enum Phase {
        case settings
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
    private var interruptions = 0
    private var eventsAreOpen = true

    /// Starts the orchestrator for `request`.
    init(request: OrchestratorRequest, style: ProgressStyle) throws {
        self.style = style
        signals = try SignalDescriptor(SignalDescriptor.Signal.allCases)
        SignalDisposition.ignoreWriteSignals()
        let input = try Pipe()
        let output = try Pipe(bufferByteCount: 1 << 20)
        let errors = try Pipe()
        try output.reading.setNonBlocking()
        try errors.reading.setNonBlocking()
        environment = Self.environment
        child = try ChildProcess.spawn(
            HostFacts.ownExecutable, processName: "diagbundle", arguments: ["orchestrate"],
            environment: environment,
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
            } else if let reason = lateness() {
                return leave(reason)
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
            interruptions += 1
            if interruptions == 1 {
                try? control.write(Array("stop\n".utf8).span)
                notice(
                    "Stopping: what is collected is being sealed. Interrupt again to leave at once."
                )
            } else {
                killAll()
                renderer?.finish()
                StandardStreams.printError("diagbundle: left at once; no bundle was made.")
                return ExitStatus.interrupted.rawValue
            }
        }
        return nil
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
        if let settings = line.settings {
            self.settings = settings
            style = ProgressStyle(rawValue: settings.progress) ?? style
            makeRenderer()
            enter(.output)
        }
        switch line.stage {
        case .outputIsReady: enter(.collecting)
        case .sealing: enter(.sealing)
        case .heartbeat, nil: break
        }
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
        renderer = style.renderer(for: traits) { StandardStreams.writeError($0) }
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

    /// Why the orchestrator is given up, when it is.
    private func lateness() -> String? {
        let inPhase = MonotonicTime.now.seconds(since: phaseStarted)
        let silence = MonotonicTime.now.seconds(since: lastHeard)
        let deadline = settings?.deadlineSeconds ?? 600
        switch phase {
        case .settings:
            return inPhase > Self.settingsPatience ? "reading the configuration" : nil
        case .output:
            return inPhase > min(deadline, Self.outputPatience) ? "opening the output" : nil
        case .collecting:
            if inPhase > deadline + Self.collectGrace { return "writing the output" }
        case .sealing:
            let patience = (settings?.sealDeadlineSeconds ?? 60) + Self.silencePatience
            if inPhase > patience, silence > 5 { return "writing the bundle" }
        }
        guard silence > Self.silencePatience,
            ProcessStanding(ofProcess: child.identifier).state == "D"
        else { return nil }
        return "writing the output"
    }

    /// Leaves a run that hangs.
    private func leave(_ operation: String) -> Int32 {
        let standing = ProcessStanding(ofProcess: child.identifier)
        killAll()
        renderer?.finish()
        let path = settings?.outputPath ?? "the configuration"
        var message = "diagbundle: \(operation) \(path): no answer"
        if let mount = mount(of: path) { message += " from \(mount)" }
        message += "; \(standing.summary)."
        StandardStreams.printError(UntrustedText.escapingControls(message))
        for frame in standing.kernelStack.prefix(6) {
            StandardStreams.printError("  " + UntrustedText.escapingControls(frame))
        }
        StandardStreams.printError(
            phase == .settings
                ? "Name another file with --config."
                : "No bundle was made. Choose a folder on another file system with --output.")
        return ExitStatus.inputOutput.rawValue
    }

    /// The mount that `path` lies on, by the text of the mount table: the file system is not asked.
    private func mount(of path: String) -> String? {
        guard let file = try? OwnedDescriptor.open("/proc/self/mountinfo", .readOnly),
            let bytes = try? file.readAll(limit: 16 << 20)
        else { return nil }
        return MountDescription.ofPath(path, in: MountTable(parsing: bytes))
    }

    /// Ends the orchestrator and, as it may hang too long to do it, its workers.
    private func killAll() {
        for identifier in ProcessStanding.children(of: child.identifier) {
            ChildProcess.killForeign(identifier)
        }
        child.kill()
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
            if let path = result.bundlePath { StandardStreams.print(path) }
            return Int32(result.exitCode)
        }
        let output = try? OwnedDescriptor.standard(1)
        let size = output?.terminalSize
        let traits = TerminalTraits(
            isTerminal: size != nil, environment: environment, columns: size?.columns ?? 0,
            rows: size?.rows ?? 0)
        let summary = RunSummary.lines(
            of: result, width: size.map { $0.columns == 0 ? 80 : $0.columns },
            usesUnicode: traits.usesUnicode)
        for line in summary {
            if result.bundlePath == nil {
                StandardStreams.printError(line)
            } else {
                StandardStreams.print(line)
            }
        }
        return Int32(result.exitCode)
    }
}
