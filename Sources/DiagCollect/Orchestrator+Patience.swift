import DiagSystem

/// Time that is given again to who comes further.
extension Orchestrator {
    /// How often a collector that is late and comes further is given its time again.
    private static let mostExtensions = 3
    /// The part of its time, at the end, in which it must come further for that.
    private static let lookedAtShare = 0.2

    /// Whether it may be given time again: a plugin, and who writes a file of its own, are told to
    /// end instead; and nobody is when the run is to end.
    private func mayBeGivenTime(_ session: WorkerSession) -> Bool {
        guard case .collector = session.role else { return false }
        return stopReason == nil && session.trust.plugin == nil && session.seekable == nil
            && session.end == nil && session.outputIsOpen && session.killed == nil
            && session.extensionCount < Self.mostExtensions && session.allottedSeconds > 0
    }

    /// Notes where a collector stands some time before its deadline.
    func lookAhead(_ session: WorkerSession, at now: MonotonicTime) {
        guard session.earlier == nil, mayBeGivenTime(session),
            session.deadline.seconds(since: now) <= session.allottedSeconds * Self.lookedAtShare
        else { return }
        session.earlier = (now, ProcessStanding.of(session.child.identifier))
    }

    /// Gives a probe that waits for a processor, and not for what it probes, its time once more; and
    /// a collector of ours that comes further, as on a host that is busy, some times.
    func mayGoOn(_ session: WorkerSession, _ standing: ProcessStanding) -> Bool {
        switch session.role {
        case .probes:
            guard standing.state == "R", session.extensionCount == 0,
                let probe = session.currentProbe?.probe
            else { return false }
            session.extend(by: probe.deadlineSeconds)
        case .collector:
            guard mayBeGivenTime(session), session.hasAdvanced(to: standing, at: .now) else {
                return false
            }
            session.extend(by: session.allottedSeconds)
        }
        return true
    }
}
