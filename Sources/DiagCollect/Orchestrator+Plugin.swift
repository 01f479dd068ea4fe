internal import DiagModel
internal import DiagSystem

/// Workers that are programs of somebody else.
extension Orchestrator {
    /// Seconds that a plugin has to say the rest after SIGTERM.
    static let pluginConcludingSeconds = 1.0

    /// How many recommended actions, and pieces of evidence, a finding of a plugin may have.
    static let mostOfFinding = 50

    /// As ``mostSaidBytes``, of one plugin: 1 MiB, or its share of 3 MiB when there are many.
    ///
    /// However their findings are laid out, a document of all of them stays below what a check of a
    /// bundle reads.
    var mostSaidPluginBytes: Int {
        min(1 << 20, (3 << 20) / max(1, pluginCount))
    }

    /// Asks a plugin and what it started to end.
    func terminate(_ session: WorkerSession, _ verdict: WorkerSession.Verdict) {
        session.stopVerdict = verdict
        session.deadline = .now.advanced(bySeconds: Self.pluginConcludingSeconds)
        session.child.terminate()
    }

    /// Why a worker is killed that was asked to stop before.
    func stopVerdict(of session: WorkerSession) -> WorkerSession.Verdict? {
        guard let verdict = session.stopVerdict, session.trust.plugin != nil, session.end == nil
        else { return session.stopVerdict }
        return .init(
            outcome: verdict.outcome,
            reason: verdict.reason + "; \(Self.ignoredStop)")
    }

    /// What is said of a plugin that the request to stop did not end.
    public static let ignoredStop =
        "SIGTERM did not end it within \(seconds(pluginConcludingSeconds)), so it was killed"

    /// Remembers a plugin that has ended, and ends what left its process group and went on; a
    /// conformance test counts these instead.
    func noteEnd(ofPlugin session: WorkerSession) {
        guard session.trust.plugin != nil, configuration.reapsOrphans, !session.trust.isTested
        else { return }
        endedPlugins.insert("DIAGBUNDLE_BOUNDARY=\(session.boundary)")
        killOrphans()
    }

    /// Ends what plugins that have ended left behind: looked for again every second, for a process
    /// whose parent has just been killed becomes ours a moment later.
    func killOrphans() {
        guard !endedPlugins.isEmpty, unansweredCount < Self.mostUnanswered else { return }
        if !ChildProcess.killOrphans(with: endedPlugins, besides: ownProcesses) {
            unansweredCount += 1
        }
    }

    /// How often what plugins left behind is asked for in vain, before it is left until the end.
    private static let mostUnanswered = 3

    /// How many bytes of the manifest the artifacts of one plugin may fill: its share of the half of
    /// it, so that however many a plugin sends, there is room for those of others.
    var mostPluginManifestBytes: Int {
        min(8 << 20, ArtifactIntake.mostManifestBytes / 2 / max(1, pluginCount))
    }

    /// What is said of a plugin, beside what every worker may have done wrong.
    func pluginVerdict(
        on session: WorkerSession, ending: ChildProcess.Ending
    ) -> WorkerSession.Verdict? {
        guard session.trust.plugin != nil else { return nil }
        if let verdict = session.stopVerdict { return verdict }
        if session.end != nil, session.killed != nil, session.trust.isTested {
            return .init(outcome: .garbled, reason: "it did not exit within 1 s of its end")
        }
        // A byte count that is too large takes in the messages behind the data, the end as well.
        if session.end == nil, case .exited(code: 0) = ending.cause,
            let unfinished = session.parser.unfinished
        {
            return .init(outcome: .garbled, reason: unfinished)
        }
        return nil
    }
}

extension WorkerHandler {
    /// Refuses what a plugin may not say, or may not leave out.
    func checkPlugin(_ message: WorkerMessage) throws {
        switch message {
        case .probe, .record, .awaitProbes, .seekable:
            throw Misplaced(reason: "a plugin does not say \(message.verb)")
        case .finding(let finding): try checkFinding(finding)
        default: break
        }
    }

    /// Bounds an artifact of a plugin: what is kept of it, and how many there are.
    func bound(_ opening: inout WorkerMessage.Opening, of plugin: PluginTraits) throws {
        opening.privacy = opening.privacy ?? plugin.privacy
        opening.source = opening.source.map(UntrustedText.shortened)
        opening.mediaType = opening.mediaType.map(UntrustedText.shortened)
        session.openingCount += 1
        guard session.openingCount <= Orchestrator.mostPluginArtifacts else {
            throw OverBudget(
                reason: "it sent more than \(Orchestrator.mostPluginArtifacts) artifacts")
        }
        session.manifestByteCount += ArtifactIntake.manifestShare(opening)
        try checkManifestShare()
    }

    /// Counts why an artifact of a plugin is cut.
    func boundTruncation() throws {
        guard session.trust.plugin != nil else { return }
        session.manifestByteCount += 64 + ArtifactIntake.encodedByteCount(session.truncation)
        try checkManifestShare()
    }

    private func checkManifestShare() throws {
        guard session.manifestByteCount <= orchestrator.mostPluginManifestBytes else {
            throw OverBudget(
                reason: "its \(session.openingCount) artifacts fill its share of the manifest")
        }
    }

    /// A plugin's finding says where it is, and cannot be taken for one of another collector.
    private func checkFinding(_ finding: Finding) throws {
        guard let place = finding.place, !place.isEmpty else {
            throw Misplaced(reason: "finding: it names no place")
        }
        func shown(_ text: String) -> String {
            UntrustedText.escapingControls(UntrustedText.shortened(text))
        }
        for (count, what) in [
            (finding.recommendedActions.count, "recommended actions"),
            (finding.evidence.count, "pieces of evidence"),
        ] where count > Orchestrator.mostOfFinding {
            throw Misplaced(
                reason: "finding: it has \(count) \(what), more than \(Orchestrator.mostOfFinding)")
        }
        guard finding.fault.hasPrefix(collector + "."), finding.fault != collector + "." else {
            throw Misplaced(
                reason: "finding: the names of its faults begin with \"\(collector).\", but found"
                    + " \"\(shown(finding.fault))\"")
        }
        for evidence in finding.evidence where !evidence.artifact.hasPrefix(collector + "/") {
            throw Misplaced(
                reason:
                    "finding: its evidence is an artifact of its own, \"\(collector)/PATH\", but"
                    + " found \"\(shown(evidence.artifact))\"")
        }
    }
}
