internal import DiagCodec
public import DiagModel
public import DiagSystem
public import SystemPackage

/// A bundle that is begun while its host folder still grows.
///
/// Whoever collects says when a collector has ended; as soon as all those before it in the plan have,
/// too, a thread of its own reads its files from the folder and compresses them. Nobody ever waits
/// for that: what is not done when collecting ends is done by ``finish(deadline:byteCount:progress:)``.
/// Its bytes are those that ``BundleWriter`` makes of the whole folder.
///
/// Whatever goes wrong before the end costs the work done so far and nothing else: the file that was
/// begun is removed, and the whole folder sealed when it is whole.
public final class BundleStream: Sendable {
    private enum Ending: Sendable {
        case bundle(SealedBundle)
        /// The folder has to be sealed as a whole.
        case nothing
        case failure(ArchiveError)
    }

    private struct State: Sendable {
        /// What collectors have that have ended, by their names, until their turn comes.
        var ended = [String: [Artifact]]()
        /// The place in the plan of the collector whose turn is next.
        var next = 0
        /// Collecting is over.
        var isFinishing = false
        /// What is left need not give way to anybody.
        var isUrgent = false
        var isGivenUp = false
        var pipeline: BlockPipeline?
        /// Bytes of the folder that were given to the pipeline, those that are only stored for a
        /// tenth.
        var workByteCount: Int64 = 0
        /// The member at work.
        var member = ""
        /// Counts what is read of the whole file to sign it.
        var signingStepCount = 0
        var ending: Ending?
    }

    /// What to do next.
    private enum Step: Sendable {
        case collector(String, [Artifact])
        case finish
        case end
    }

    private let folder: FilePath
    private let topName: String
    private let path: FilePath
    private let options: BundleOptions
    private let effect: BundleOptions.Effect
    private let collectors: [String]
    private let modifiedSeconds: Int64
    private let startedAt = MonotonicTime.now
    private let deadline = SealingDeadline(nil)
    private let state = Monitor(State())
    /// Gets a byte when the thread has ended.
    private let ended: Pipe

    private init(
        _ folder: FilePath, _ topName: String, _ path: FilePath, _ options: BundleOptions,
        _ effect: BundleOptions.Effect, _ collectors: [String], _ started: Timestamp
    ) throws(SystemCallError) {
        self.folder = folder
        self.topName = topName
        self.path = path
        self.options = options
        self.effect = effect
        self.collectors = collectors
        modifiedSeconds = BundleContent.modifiedSeconds(of: started)
        ended = try Pipe()
    }

    /// Starts the thread. There is no file before the first member. A zip cannot be begun.
    ///
    /// - Parameters:
    ///   - folder: the host folder, which is there and may be empty.
    ///   - topName: what it is called in the bundle.
    ///   - path: the bundle.
    ///   - options: how it is compressed; its deadline is not looked at.
    ///   - collectors: the names of those of the plan, in its order.
    ///   - started: what the manifest will give as the start of the run.
    /// - Returns: the bundle, of which there is nothing yet.
    /// - Throws: ``ArchiveError`` when there can be no thread, or the memory is not enough.
    public static func start(
        folder: FilePath, topName: String, as path: FilePath, options: BundleOptions,
        collectors: [String], started: Timestamp
    ) throws(ArchiveError) -> BundleStream {
        let effect = try BundleWriter.effect(of: options, on: path)
        do throws(SystemCallError) {
            let stream = try BundleStream(
                folder, topName, path, options, effect, collectors, started)
            _ = try BackgroundThread.start(name: "bundle-feed") { stream.feed() }
            return stream
        } catch { throw ArchiveError(error, kind: .resource) }
    }

    // MARK: - Whoever collects

    /// Says that `collector` has ended: `artifacts` are all that it has, and stay as they are.
    /// Returns at once.
    public func end(collector: String, artifacts: [Artifact]) {
        state.change { state in
            if !state.isGivenUp, state.ending == nil { state.ended[collector] = artifacts }
        }
    }

    /// Bytes of artifacts that were compressed, those that are only stored counted for a tenth; 0
    /// when that work was given up.
    public var workByteCount: Int64 {
        state.change { $0.isGivenUp || $0.ending != nil ? 0 : $0.workByteCount }
    }

    /// Whether the work is lost, and the whole folder has to be sealed.
    var isGivenUp: Bool {
        state.change { state in
            if case .nothing = state.ending { return true }
            return state.isGivenUp
        }
    }

    /// Removes what was made and lets the thread end, because the room on the disk is needed, or the
    /// run failed. Waits `seconds` at most for that.
    ///
    /// - Returns: whether it was still at work.
    @discardableResult
    public func giveUp(withinSeconds seconds: Double = 5) -> Bool {
        let (isNew, pipeline) = state.change { state in
            let isNew = !state.isGivenUp && state.ending == nil
            state.isGivenUp = true
            state.ended = [:]
            return (isNew, state.pipeline)
        }
        guard isNew else { return false }
        pipeline?.abandon()
        var poller = Poller()
        poller.watch(ended.reading, tag: 0)
        let end = MonotonicTime.now.advanced(bySeconds: seconds)
        while state.change({ $0.ending == nil }), MonotonicTime.now < end {
            _ = poller.wait(seconds: max(0.001, end.seconds(since: .now)))
        }
        return true
    }

    /// Adds what is left of the folder, which is whole now, and gives the bundle its name.
    ///
    /// - Parameters:
    ///   - deadline: from when on the rest is stored instead of compressed; none for never.
    ///   - byteCount: the bytes of all files of the folder together.
    ///   - progress: told of what is left from now on, whenever that has become less.
    /// - Returns: the bundle under its name.
    /// - Throws: ``ArchiveError`` as ``BundleWriter/seal(folder:topName:as:options:isCancelled:progress:)``.
    public func finish(
        deadline: MonotonicTime?, byteCount: Int64, progress: (BundleProgress) -> Void
    ) throws(ArchiveError) -> SealedBundle {
        self.deadline.set(deadline)
        let pipeline = state.change { state in
            state.isFinishing = true
            // A run that made a dump gives way to the end.
            state.isUrgent = HostScheduling.niceness <= 0
            return state.pipeline
        }
        // From this thread, so that they have its priority.
        pipeline?.hasten()
        let before = pipeline?.writtenByteCount ?? 0
        var told: (Int64, Int) = (-1, 0)
        while true {
            let (ending, member, steps) = state.change {
                ($0.ending, $0.member, $0.signingStepCount)
            }
            // Silence is told, too: whoever watches takes it for a disk that hangs.
            let written = (pipeline?.writtenByteCount ?? 0) - before
            if (written, steps) != told {
                told = (written, steps)
                let total = max(0, byteCount - before)
                progress(
                    BundleProgress(
                        byteCount: min(written, total), totalByteCount: total, member: member))
            }
            switch ending {
            case .bundle(let bundle): return bundle
            case .failure(let error): throw error
            case .nothing:
                var options = options
                options.deadline = deadline
                return try BundleWriter.seal(
                    folder: folder, topName: topName, as: path, options: options,
                    progress: progress)
            case nil:
                var poller = Poller()
                poller.watch(ended.reading, tag: 0)
                _ = poller.wait(seconds: 0.05)
            }
        }
    }

    // MARK: - The thread

    private func feed() {
        // Only root may raise its own priority again; the compressing threads are others then.
        if HostFacts.effectiveUser == 0 { try? HostScheduling.lowerNiceness() }
        try? HostScheduling.becomeBatch()
        let ending: Ending
        do throws(ArchiveError) { ending = try work() } catch {
            // What failed before collecting ended may go well, or says the same, with the whole
            // folder. A file that is not as the manifest says is told then, too.
            let mayTryAgain =
                error.kind == .invalid || state.change { $0.isGivenUp || !$0.isFinishing }
            ending = mayTryAgain ? .nothing : .failure(error)
        }
        state.change { state in
            state.ending = ending
            state.ended = [:]
            state.pipeline = nil
        }
        let byte: [UInt8] = [0]
        try? ended.writing.write(byte.span)
    }

    /// Feeds one collector after the other, then the rest.
    private func work() throws(ArchiveError) -> Ending {
        guard case .collector(let name, let artifacts) = next() else { return .nothing }
        let (top, source) = try BundleWriter.open(folder, topName, as: path)
        let file = try VolumeOutput.create(path, volumeByteCount: options.volumeByteCount)
        do throws(ArchiveError) {
            // What encrypts ends with this thread, which sees it to its end.
            let pipeline = try BlockPipeline.start(
                try .start(
                    file, object: file.object, format: effect.blocks.format,
                    encryption: options.encryption),
                object: file.object,
                .init(blocks: effect.blocks, threadCount: effect.threadCount), quietly: true)
            do throws(ArchiveError) {
                let (isLate, isUrgent) = state.change { state in
                    state.pipeline = pipeline
                    return (state.isFinishing, state.isUrgent)
                }
                if isUrgent { try? HostScheduling.takeOrdinaryPriority() }
                if isLate { pipeline.hasten() }
                let output = BundleOutput(pipeline, blockByteCount: effect.blocks.blockByteCount)
                let sealing = try Sealing(
                    top: top, source: source, modifiedSeconds: modifiedSeconds,
                    object: file.object, into: output, keepsHoles: options.keepsHoles,
                    deadline: deadline)
                return .bundle(try seal(sealing, file, source, first: (name, artifacts)))
            } catch {
                pipeline.abandon()
                pipeline.awaitClosing()
                throw error
            }
        } catch {
            file.discard()
            throw error
        }
    }

    private func seal(
        _ sealing: Sealing, _ file: VolumeOutput, _ source: Directory,
        first: (name: String, artifacts: [Artifact])
    ) throws(ArchiveError) -> SealedBundle {
        let order = MemberOrder(collectors: collectors)
        var step = Step.collector(first.name, first.artifacts)
        var isRaised = false
        while case .collector(let name, let artifacts) = step {
            let items = try BundleContent.items(
                of: name, artifacts, in: source, order: order)
            try add(items, to: sealing, &isRaised)
            step = next()
        }
        guard case .finish = step else { throw givenUp }
        let content = try BundleContent(of: source)
        // What was fed is what the manifest lists, in the same order and with the same bytes.
        guard content.modifiedSeconds == modifiedSeconds,
            content.members.starts(with: sealing.members),
            sealing.hashes.allSatisfy({ path, hash in
                content.hashes[path].map { $0 == hash } ?? true
            })
        else {
            throw ArchiveError(
                .invalid, operation: "seal", object: source.path.string,
                reason: "it is not what was there when its collectors ended")
        }
        let rest = content.members.dropFirst(sealing.members.count).map { content.item($0) }
        try add(rest, to: sealing, &isRaised)
        try sealing.finish(with: content.manifest) { _ throws(ArchiveError) in
            try look(BundleWriter.manifestName, 0, &isRaised)
        }
        let outcome = try sealing.output.finish()
        let signature = try SignatureOutput.write(options.signing, of: file, outcome) {
            state.change { $0.signingStepCount += 1 }
        }
        guard state.change({ !$0.isGivenUp }) else { throw givenUp }
        let volumes = try file.commit()
        try signature?.publish()
        return SealedBundle(
            path: path, outcome, seconds: MonotonicTime.now.seconds(since: startedAt),
            effect: effect, leftOut: content.leftOut, volumes: volumes, signature: signature)
    }

    private func add(
        _ items: [BundleContent.Item], to sealing: Sealing, _ isRaised: inout Bool
    ) throws(ArchiveError) {
        for item in items {
            let name = item.member.path.text
            try sealing.add(item) { count throws(ArchiveError) in
                try look(name, item.isCompressed ? count / 10 : count, &isRaised)
            }
        }
    }

    /// Tells where the work is, and looks whether it is wanted, and in a hurry.
    private func look(
        _ member: String, _ workByteCount: Int, _ isRaised: inout Bool
    ) throws(ArchiveError) {
        let (isGivenUp, isUrgent) = state.change { state in
            state.member = member
            state.workByteCount += Int64(workByteCount)
            return (state.isGivenUp, state.isUrgent)
        }
        if isGivenUp { throw givenUp }
        if isUrgent, !isRaised {
            isRaised = true
            try? HostScheduling.takeOrdinaryPriority()
        }
    }

    /// Waits for a collector whose turn it is, or the end of collecting.
    private func next() -> Step {
        let collectors = collectors
        return state.wait { state -> Step? in
            if state.isGivenUp { return .end }
            if state.next < collectors.count,
                let artifacts = state.ended.removeValue(forKey: collectors[state.next])
            {
                state.next += 1
                return .collector(collectors[state.next - 1], artifacts)
            }
            return state.isFinishing ? .finish : nil
        }
    }

    private var givenUp: ArchiveError {
        ArchiveError(
            .cancelled, operation: "seal", object: path.string, reason: "it was given up")
    }
}
