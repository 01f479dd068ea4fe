import DiagModel
import DiagSystem

/// Does what the messages of one worker say.
struct WorkerHandler: WorkerStreamHandler {
    /// A worker, or all of them together, sent more than allowed.
    struct OverBudget: Error {
        /// What there is too much of, when it is not bytes.
        var reason: String?
    }
    /// A message that the protocol knows, where it has no place.
    struct Misplaced: Error {
        let reason: String
    }

    let orchestrator: Orchestrator
    let session: WorkerSession

    var collector: String { orchestrator.collectors[session.collector].descriptor.name }

    mutating func receive(_ bytes: Span<UInt8>) throws {
        // Taken out while it is written to, so that its hash is not copied.
        guard var open = session.open.take() else {
            // Of an artifact that was refused: not kept, but not without an end either.
            session.byteCount += Int64(bytes.count)
            guard session.byteCount <= session.byteBudget else { throw OverBudget() }
            return
        }
        defer { session.open = open }
        let limit = session.byteBudget - session.byteCount
        let taken = try orchestrator.intake.write(bytes, to: &open, limit: limit)
        session.byteCount += Int64(taken)
        guard taken == bytes.count else {
            session.truncation = "the byte budget ended here"
            throw OverBudget()
        }
    }

    mutating func receive(_ message: WorkerMessage, byteCount: Int) throws {
        if session.end != nil { throw Misplaced(reason: "\(message.verb) after end") }
        if session.trust.plugin != nil { try checkPlugin(message) }
        orchestrator.noteStart(of: session)
        switch message {
        case .progress(let progress): return session.progress = progress
        case .truncated(let truncation):
            session.truncation = UntrustedText.shortened(truncation.why)
            return try boundTruncation()
        default: break
        }
        try count(message, byteCount)
        try orchestrator.closeArtifact(of: session)
        switch message {
        case .spoken(let spoken):
            guard spoken.version == WorkerRequest.protocolVersion else {
                throw Misplaced(
                    reason: "version \(spoken.version) of the protocol is not spoken here, but"
                        + " \(WorkerRequest.protocolVersion)")
            }
        case .artifact(var opening):
            if let plugin = session.trust.plugin { try bound(&opening, of: plugin) }
            try open(opening)
        case .absent(let lack):
            session.absent.append(Absent(collector: collector, what: lack.what, why: lack.why))
        case .missing(let lack):
            session.missing.append(
                Missing(
                    collector: collector, what: lack.what, why: lack.why ?? "not said",
                    remedy: lack.remedy))
        case .finding(var finding):
            finding.collector = collector
            try check(finding, as: "finding")
            session.findings.append(finding)
        case .note(let note):
            session.notes.append(note.text)
            if let withheld = note.withheld { session.withheld.add(withheld) }
        case .probe(let request):
            guard case .collector = session.role else {
                throw Misplaced(reason: "probe in a probe")
            }
            orchestrator.addProbe(request, for: session.collector)
        case .record(let record):
            guard session.currentProbe != nil else {
                throw Misplaced(reason: "record outside a probe")
            }
            try check(record, as: "record")
            session.record = record
        case .awaitProbes:
            guard case .collector = session.role, case .notYet = session.waiting else {
                throw Misplaced(reason: "await in a probe, or a second time")
            }
            session.waiting = .since(.now)
        case .seekable(let end):
            guard session.seekable != nil else {
                throw Misplaced(reason: "seekable without a file")
            }
            session.seekableEnd = end
        case .end(let end):
            if case .probes = session.role {
                try orchestrator.finishProbe(of: session)
            } else {
                session.end = end
            }
        case .data, .progress, .truncated: break
        }
    }

    /// Bounds what is kept of a worker's words, as its bytes are bounded; of a probe's, for each.
    ///
    /// Of requests for probes the number is bounded, and each by the length of a message.
    private func count(_ message: WorkerMessage, _ byteCount: Int) throws {
        switch message {
        case .probe: session.saidByteCount += 64
        case .artifact: session.openingByteCount += byteCount + 64
        default: session.saidByteCount += byteCount + 64
        }
        guard session.openingByteCount <= Orchestrator.mostOpeningBytes else {
            let limit = Orchestrator.mostOpeningBytes >> 20
            throw Misplaced(reason: "more than \(limit) MiB of names of artifacts")
        }
        let limit =
            session.trust.plugin == nil
            ? Orchestrator.mostSaidBytes : orchestrator.mostSaidPluginBytes
        guard session.saidByteCount <= limit else {
            throw Misplaced(
                reason: "more than \(ByteCountText.describe(Int64(limit))) of messages beside its"
                    + " artifacts")
        }
    }

    private func open(_ opening: WorkerMessage.Opening) throws {
        session.truncation = nil
        do {
            if orchestrator.isReserved(opening.path, for: session.collector) {
                throw ArtifactPath.Refusal(
                    name: opening.path, reason: "is a name of the orchestrator's own")
            }
            guard orchestrator.intake.hasRoom(for: opening) else {
                let count = orchestrator.intake.artifacts.count
                throw ArtifactPath.Refusal(
                    name: opening.path,
                    reason: "has no room in the manifest, which lists \(count) artifacts")
            }
            session.open = try orchestrator.intake.open(
                opening, collector: collector,
                topArtifacts: orchestrator.collectors[session.collector].descriptor.topArtifacts)
        } catch let refusal as ArtifactPath.Refusal where !refusal.leavesFolder {
            // Costs this artifact alone: a host may hold names that nobody can store.
            guard !orchestrator.configuration.isConformanceTest else {
                throw Misplaced(reason: refusal.description)
            }
            session.refusedCount += 1
            guard session.refusedCount <= Orchestrator.mostRefusals else { return }
            session.missing.append(
                Missing(
                    collector: collector,
                    what: UntrustedText.shortened(opening.source ?? refusal.name),
                    why: UntrustedText.shortened(refusal.description)))
        }
    }

    /// Refuses what would make a document that is not as its schema says.
    private func check(_ body: some Encodable, as verb: String) throws {
        let encoded = try JSONDocument.encode(body, layout: .line)
        let value = try JSONDocument.decode(JSONValue.self, from: encoded)
        let errors = PublishedSchema.workerMessages.errors(in: value, definition: verb)
        if let first = errors.first { throw Misplaced(reason: "\(verb): \(first)") }
    }
}
