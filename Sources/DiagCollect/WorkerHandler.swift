import DiagModel
import DiagSystem

/// Does what the messages of one worker say.
struct WorkerHandler: WorkerStreamHandler {
    /// A worker, or all of them together, sent more bytes than allowed.
    struct OverBudget: Error {}
    /// A message that the protocol knows, where it has no place.
    struct Misplaced: Error {
        let reason: String
    }

    let orchestrator: Orchestrator
    let session: WorkerSession

    private var collector: String { orchestrator.collectors[session.collector].descriptor.name }

    mutating func receive(_ bytes: Span<UInt8>) throws {
        // Taken out while it is written to, so that its hash is not copied.
        guard var open = session.open.take() else { return }
        defer { session.open = open }
        let limit = session.byteBudget - session.byteCount
        let taken = try orchestrator.intake.write(bytes, to: &open, limit: limit)
        session.byteCount += Int64(taken)
        guard taken == bytes.count else {
            session.truncation = "the byte budget ended here"
            throw OverBudget()
        }
    }

    mutating func receive(_ message: WorkerMessage) throws {
        session.messageCount += 1
        guard session.messageCount <= Orchestrator.mostMessages else {
            throw Misplaced(reason: "more than \(Orchestrator.mostMessages) messages")
        }
        if session.end != nil {
            throw Misplaced(reason: "\(message.verb) after end")
        }
        switch message {
        case .progress(let progress): return session.progress = progress
        case .truncated(let truncation): return session.truncation = truncation.why
        default: try orchestrator.closeArtifact(of: session)
        }
        switch message {
        case .artifact(let opening):
            session.open = try orchestrator.intake.open(opening, collector: collector)
        case .absent(let lack):
            session.absent.append(Absent(collector: collector, what: lack.what, why: lack.why))
        case .missing(let lack):
            session.missing.append(
                Missing(
                    collector: collector, what: lack.what, why: lack.why ?? "not said",
                    remedy: lack.remedy))
        case .finding(var finding):
            finding.collector = collector
            session.findings.append(finding)
        case .note(let note): session.notes.append(note.text)
        case .probe(let request): orchestrator.addProbe(request, for: session.collector)
        case .record(let record):
            guard session.currentProbe != nil else {
                throw Misplaced(reason: "record outside a probe")
            }
            session.record = record
        case .end(let end):
            if case .probes = session.role {
                try orchestrator.finishProbe(of: session)
            } else {
                session.end = end
            }
        case .data, .progress, .truncated: break
        }
    }
}
