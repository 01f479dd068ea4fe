import DiagModel
import DiagSystem
import SystemPackage

/// Which worker may start when, and how its process is started.
extension Orchestrator {
    private var memoryOnlyIsDone: Bool {
        func isMemoryOnly(_ index: Int) -> Bool {
            // Nobody waits for what a plugin says of itself.
            collectors[index].descriptor.risk == .memoryOnly
                && collectors[index].descriptor.plugin == nil
        }
        return !waiting.contains(where: isMemoryOnly)
            && !sessions.contains {
                guard case .collector(let index) = $0.role else { return false }
                return isMemoryOnly(index) && !$0.isWaiting && !$0.isAnswered
            }
    }

    /// Starts whatever its turn has come for, as long as there is room.
    func startWhatMay() throws {
        guard stopReason == nil else { return }
        var running = sessions.count {
            if case .collector = $0.role { !$0.isWaiting } else { false }
        }
        while running < configuration.jobs, let next = waiting.first,
            collectors[next].descriptor.risk == .memoryOnly || memoryOnlyIsDone
        {
            waiting.removeFirst()
            try startCollector(next)
            running += 1
        }
        guard probes.hasWaiting, memoryOnlyIsDone else { return }
        if probesStarted == nil {
            probesStarted = .now
            progress.start("probes")
        }
        var probing = sessions.count { if case .probes = $0.role { true } else { false } }
        while probing < configuration.jobs, probes.hasWaiting {
            guard startProbeProcess() else { return }
            probing += 1
        }
    }

    private func startCollector(_ index: Int) throws {
        let descriptor = collectors[index].descriptor
        let name = descriptor.name
        let runRemaining = configuration.deadlineSeconds - MonotonicTime.now.seconds(since: started)
        let deadline = deadlineSeconds(of: index, runRemaining: runRemaining)
        let budget = min(descriptor.byteBudget, intake.remainingByteCount)
        var seekable: ArtifactIntake.Seekable?
        do {
            let boundary = try HostFacts.randomToken()
            seekable = try openSeekable(for: index)
            let session = try spawn(
                role: .collector(index), boundary: boundary, collector: index,
                deadline: .now.advanced(bySeconds: deadline), byteBudget: budget,
                inherited: seekable?.file)
            // What its start took is not its own time.
            session.deadline = .now.advanced(bySeconds: deadline)
            session.seekable = seekable
            let request = WorkerRequest(
                collector: name, root: configuration.root.string, since: configuration.since,
                options: configuration.collectorOptions[name] ?? [:], deadlineSeconds: deadline,
                byteBudget: budget, boundary: boundary,
                seekable: seekable.map {
                    .init(
                        descriptor: 3, path: $0.path.text, byteLimit: $0.wanted.byteLimit)
                })
            session.allottedSeconds = deadline
            try tell(request, to: session)
            // Only one that has probes may wait for them, and only one that writes a file is told when to finish it.
            if collectors[index].probes.isEmpty, seekable == nil { session.input = nil }
            sessions.append(session)
            progress.start(name)
        } catch let failure as ArtifactIntake.OutputFailure {
            throw failure
        } catch {
            if let seekable { intake.discard(seekable) }
            conclude(
                index,
                CollectorReport(
                    collector: name, outcome: .failed,
                    reason: "its process did not start: \(error)",
                    confinement: descriptor.confinement.rawValue))
        }
    }

    /// Starts a process of the probe pool; `false` when none can be had, and then none is tried on.
    func startProbeProcess() -> Bool {
        guard let task = takeProbe() else { return false }
        do {
            let descriptor = collectors[task.collector].descriptor
            let session = try spawn(
                role: .probes, boundary: try HostFacts.randomToken(), collector: task.collector,
                deadline: .now, byteBudget: min(descriptor.byteBudget, intake.remainingByteCount))
            sessions.append(session)
            assign(task, to: session)
            return true
        } catch {
            // While another process of the pool lives, it will take the target in its turn.
            if sessions.contains(where: { if case .probes = $0.role { true } else { false } }) {
                probes.putBack()
            } else {
                skip(
                    [task] + probes.removeWaiting(),
                    why: "the probe process did not start: \(error)")
            }
            return false
        }
    }

    /// Forks a worker where there is a server for that, and starts the program otherwise.
    private func spawn(
        role: WorkerSession.Role, boundary: String, collector: Int, deadline: MonotonicTime,
        byteBudget: Int64, inherited: SeekableFile? = nil
    ) throws -> WorkerSession {
        let input = try Pipe()
        let output = try Pipe(bufferByteCount: 1 << 20)
        let errors = try Pipe()
        try output.reading.setNonBlocking()
        try errors.reading.setNonBlocking()
        var environment = configuration.environment
        environment["DIAGBUNDLE_BOUNDARY"] = boundary
        let arguments = configuration.workerArguments + [collectors[collector].descriptor.name]
        let streams = ChildProcess.Streams(
            input: try input.reading.duplicate(), output: try output.writing.duplicate(),
            error: try errors.writing.duplicate())
        let child: ChildProcess
        // A parser of what anybody may have written shares no layout of memory with other processes.
        let isForked = collectors[collector].descriptor.confinement != .parser
        if isForked, let forkServer, !forkServer.isGivenUp {
            let forked = forkServer.fork(
                title: ([configuration.shownWorkerName] + arguments).joined(separator: " "),
                environment: environment, streams: streams,
                inherited: inherited?.descriptor.rawValue)
            guard let forked else {
                return try spawn(
                    role: role, boundary: boundary, collector: collector, deadline: deadline,
                    byteBudget: byteBudget, inherited: inherited)
            }
            child = forked
        } else {
            child = try ChildProcess.spawn(
                configuration.workerExecutable, processName: configuration.workerName,
                arguments: arguments, environment: environment, streams: streams,
                inherited: inherited?.descriptor.rawValue)
        }
        return WorkerSession(
            role: role, child: child,
            input: WorkerSession.InputEnd(try input.writing.duplicate()),
            output: try output.reading.duplicate(), errors: try errors.reading.duplicate(),
            boundary: boundary, collector: collector, deadline: deadline, byteBudget: byteBudget,
            trust: .init(
                plugin: collectors[collector].descriptor.plugin,
                isTested: configuration.isConformanceTest))
    }

    /// Gives a process its request. It is smaller than a pipe's buffer, so this waits for nothing.
    func tell(_ request: WorkerRequest, to session: WorkerSession) throws {
        let line = try JSONDocument.encode(request, layout: .line) + [0x0A]
        do throws(SystemCallError) { try session.input?.descriptor.write(line.span) } catch {
            // A worker need not read its request, and one that is gone is noticed in a moment.
            guard error.errno == .brokenPipe else { throw error }
        }
    }
}
