import DiagModel
import DiagSystem
import SystemPackage

/// What collectors are told that wait for their probes.
extension Orchestrator {
    /// Seconds that a collector has to say the rest when the run is ended early.
    static let concludingSeconds = 1.5

    /// Answers whoever waits, once all probes and all other collectors have ended, but for one
    /// that writes a file of its own.
    func answerWhoMay() {
        let isOtherWaiting = waiting.contains { collectors[$0].descriptor.seekable == nil }
        guard !isOtherWaiting, probes.isDone else { return }
        let isOtherAtWork = sessions.contains {
            guard case .collector(let index) = $0.role else { return false }
            // A live dump takes minutes, and nobody's conclusions rest on it.
            return !$0.isWaiting && !$0.isAnswered && collectors[index].descriptor.seekable == nil
        }
        guard !isOtherAtWork else { return }
        for session in sessions where session.isWaiting { answer(session) }
    }

    /// Tells `session` what its probes found; the rest of its deadline begins anew.
    func answer(_ session: WorkerSession, isInterrupted: Bool = false) {
        guard session.isWaiting, case .collector(let index) = session.role else { return }
        let answer = WorkerAnswer(
            isInterrupted: isInterrupted, probes: probes.records(ofCollector: index))
        let limit =
            isInterrupted ? Self.concludingSeconds : collectors[index].descriptor.deadlineSeconds
        session.allot(limit)
        do {
            session.waiting = .answering(
                try JSONDocument.encode(answer, layout: .line) + [0x0A], written: 0)
            try session.input?.descriptor.setNonBlocking()
        } catch {
            session.kill(.init(outcome: .failed, reason: "it could not be answered: \(error)"))
        }
        continueAnswer(to: session)
    }

    /// Writes as much of the answer as the pipe takes; a worker need not read it.
    func continueAnswer(to session: WorkerSession) {
        guard case .answering(let bytes, var written) = session.waiting, let input = session.input
        else { return }
        do throws(SystemCallError) {
            while written < bytes.count {
                written += try input.descriptor.writeSome(
                    bytes.span.extracting(written..<bytes.count))
            }
        } catch {
            if error.errno == .resourceTemporarilyUnavailable {
                return session.waiting = .answering(bytes, written: written)
            }
        }
        session.waiting = .answered
        session.input = nil
    }
}
