import DiagSystem

/// Time that is given again to who comes further.
extension Orchestrator {
    /// Gives a probe that waits for a processor, and not for what it probes, its time once more; and
    /// a collector of ours that comes further, as on a host that is busy, some times.
    func mayGoOn(_ session: WorkerSession, _ standing: ProcessStanding) -> Bool {
        let more: Double
        switch session.role {
        case .probes:
            guard standing.state == "R", session.extensionCount == 0,
                let probe = session.currentProbe?.probe
            else { return false }
            more = probe.deadlineSeconds
        case .collector:
            // A plugin, and who writes a file of its own, are told to end, and have their time.
            guard session.trust.plugin == nil, session.seekable == nil, session.end == nil,
                session.outputIsOpen, session.extensionCount < Self.mostExtensions,
                session.hasAdvanced(to: standing)
            else { return false }
            more = session.allottedSeconds
        }
        session.extensionCount += 1
        session.deadline = session.deadline.advanced(bySeconds: more)
        return true
    }

    /// How often a collector that is late and comes further is given its time again.
    private static let mostExtensions = 3
}
