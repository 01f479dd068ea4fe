internal import DiagModel
internal import DiagSystem

/// A file that a worker wrote, while it passes the hash; the collector's report waits for it.
struct HashedSeekable {
    let session: WorkerSession
    let index: Int
    var report: CollectorReport
    let seekable: ArtifactIntake.Seekable
}

/// Workers that write a file of their own: a live dump.
extension Orchestrator {
    /// How long one turn reads such a file; the other workers are served in between.
    private static let hashSeconds = 0.05

    private func wantedSeekable(of index: Int) -> SeekableArtifact? {
        let descriptor = collectors[index].descriptor
        guard let declared = descriptor.seekable else { return nil }
        return configuration.seekables[descriptor.name] ?? declared
    }

    /// Makes the file that the collector wants to write.
    func openSeekable(for index: Int) throws -> ArtifactIntake.Seekable? {
        guard let wanted = wantedSeekable(of: index) else { return nil }
        return try intake.openSeekable(wanted, collector: collectors[index].descriptor.name)
    }

    /// How long a collector may take: at most as long as the run, and so much less that a file it
    /// writes can be finished before the run's deadline.
    func deadlineSeconds(of index: Int, runRemaining: Double) -> Double {
        let descriptor = collectors[index].descriptor
        let own = configuration.deadlines[descriptor.name] ?? descriptor.deadlineSeconds
        guard let wanted = wantedSeekable(of: index) else { return max(0, min(own, runRemaining)) }
        return max(
            0, min(own, max(runRemaining - wanted.concludingSeconds, runRemaining / 2)))
    }

    /// Tells a plugin to end, or a worker to finish the file that it writes, and gives it some time
    /// for that; `false` when it is neither, or was told before.
    func askToStop(_ session: WorkerSession, _ verdict: WorkerSession.Verdict?) -> Bool {
        guard let verdict, session.stopVerdict == nil, session.killed == nil, session.end == nil,
            session.outputIsOpen
        else { return false }
        if session.trust.plugin != nil {
            terminate(session, verdict)
            return true
        }
        guard let seekable = session.seekable else { return false }
        session.stopVerdict = verdict
        session.deadline = .now.advanced(bySeconds: seekable.wanted.concludingSeconds)
        // The word is smaller than the pipe's buffer; who is gone is noticed in a moment.
        try? session.input?.descriptor.write(Array("stop\n".utf8).span)
        session.input = nil
        return true
    }

    /// Keeps the report of a collector until its file has passed the hash, if it is to; `false` when it has
    /// none, or one without a byte.
    func holdForHash(
        _ session: WorkerSession, _ index: Int, _ report: CollectorReport
    ) throws -> Bool {
        guard let seekable = session.seekable, try intake.beginHash(of: seekable) else {
            return false
        }
        if seekable.wanted.isHashed {
            // For good: what this thread does afterwards, sealing included, and the threads that it
            // starts for that, are for the same gigabytes. The host's own work comes first.
            try? HostScheduling.lowerNiceness()
            try? HostScheduling.lowerDiskPriority()
        }
        hashing.append(
            HashedSeekable(session: session, index: index, report: report, seekable: seekable))
        return true
    }

    /// Reads on in the files that wait for their hash.
    func hashSome() throws {
        guard let next = hashing.first else { return }
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        guard
            try intake.continueHash(
                of: next.seekable, buffer: &buffer, forSeconds: Self.hashSeconds)
        else { return }
        hashing.removeFirst()
        intake.close(next.seekable, truncation: truncation(of: next))
        var report = next.report
        report.artifactCount += 1
        report.byteCount += next.seekable.listedByteCount
        report.seconds =
            (MonotonicTime.now.seconds(since: next.session.started) * 1e6).rounded() / 1e6
        try conclude(next.session, next.index, report)
    }

    /// Why the file is not whole: what its worker said of it, or that it said nothing.
    private func truncation(of item: HashedSeekable) -> String? {
        if let end = item.session.seekableEnd {
            return end.isComplete ? nil : end.reason ?? "its writer did not finish it"
        }
        return "its writer ended before it said that the file is whole"
            + (item.report.reason.map { ": \($0)" } ?? "")
    }

    /// Keeps the file of a worker that not even SIGKILL ended, as it is: what it had in hand it may
    /// still write, when the kernel lets it go, and then no hash would be right.
    ///
    /// A file that is to have a hash is not listed, so that sealing leaves it alone.
    func giveUpSeekable(of session: WorkerSession) throws {
        guard let seekable = session.seekable else { return }
        let why = "its writer hangs in the kernel and may still write into it"
        let fate: String
        switch intake.leave(seekable, truncation: why) {
        case .removed: fate = ""
        case .listed(let byteCount):
            session.artifactCount += 1
            session.storedByteCount += byteCount
            fate = "; what was written stays"
        case .unlisted:
            fate = "; what was written stays in the host folder, and is not in the bundle"
        }
        session.missing.append(
            Missing(
                collector: seekable.collector, what: seekable.path.text, why: why + fate,
                remedy: fate.isEmpty
                    ? nil : "See with `diagbundle dump info` what it holds."))
    }

    /// How far the file is that a worker writes, by its own word.
    func seekableProgress(of session: WorkerSession) -> ProgressEvent.File? {
        guard let seekable = session.seekable, let file = session.progress?.file else { return nil }
        func positive(_ value: Double?) -> Double? {
            value.flatMap { $0.isFinite && $0 >= 0 ? $0 : nil }
        }
        return ProgressEvent.File(
            path: seekable.path.text, byteCount: max(0, file.byteCount),
            totalByteCount: file.totalByteCount.map { max(0, $0) },
            bytesPerSecond: positive(file.bytesPerSecond),
            remainingSeconds: positive(file.remainingSeconds))
    }

    /// Says how far the files are that pass the hash.
    func tellHashing() {
        for item in hashing {
            progress.advance(
                collectors[item.index].descriptor.name,
                .init(
                    done: item.seekable.hashedByteCount, total: item.seekable.byteCount,
                    unit: "bytes", activity: "hashing"),
                elapsedSeconds: MonotonicTime.now.seconds(since: item.session.started),
                file: .init(
                    path: item.seekable.path.text, byteCount: item.seekable.hashedByteCount,
                    totalByteCount: item.seekable.byteCount))
        }
    }
}
