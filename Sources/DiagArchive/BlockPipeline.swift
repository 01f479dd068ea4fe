internal import DiagCodec
internal import DiagSystem
internal import Synchronization

/// Compresses the blocks of one stream side by side, and writes them in their order.
///
/// One thread gives the blocks; as many as asked compress; one more writes and hashes the file, so
/// that none of them waits for another's work. No more than two blocks beyond those at work are
/// held.
///
/// A pipeline may begin quietly, while others need the processors: with half the threads, which give
/// way. ``hasten()`` puts all of them in their place.
final class BlockPipeline: Sendable {
    /// How the blocks are made.
    struct Configuration: Hashable, Sendable {
        var blocks: BlockConfiguration
        /// How many blocks are compressed side by side.
        var threadCount: Int
    }

    /// What is known when the file is whole.
    struct Outcome: Sendable {
        let byteCount: Int64
        let storedByteCount: Int64
        let sha256: String
    }

    private struct Job: Sendable {
        let number: Int
        let bytes: [UInt8]
        let isStored: Bool
    }

    private struct State: Sendable {
        /// Blocks that no thread has taken yet, in their order.
        var waiting = [Job]()
        /// Blocks that wait for those before them, by number.
        var compressed = [Int: CompressedBlock]()
        /// Room of blocks that are written, to be filled again.
        var rooms = [[UInt8]]()
        /// Blocks given and not yet written.
        var inFlight = 0
        /// No more blocks come.
        var isEnding = false
        /// Nobody wants the file any more.
        var isAbandoned = false
        var failure: ArchiveError?
        /// Bytes of the stream that are in the file.
        var writtenByteCount: Int64 = 0
        var outcome: Outcome?
        /// The file is closed, whole or not.
        var isClosed = false
        /// How many blocks may be under way.
        var limit: Int
        /// How many threads may have an encoder, and how many have one.
        var encoderLimit: Int
        var encoderCount = 0
        /// The writing thread need not give way to anybody.
        var isUrgent = false
        /// Counts how often all threads were replaced; those of before end when they are asked for
        /// the next block.
        var generation = 0
    }

    /// Blocks beyond those that are being compressed: one that is filled, one that is written.
    private static let spareBlocks = 2

    private let state: Monitor<State>
    private let file: Mutex<BundleFile?>
    private let object: String
    private let configuration: Configuration

    private init(
        _ file: consuming BundleFile, object: String, _ configuration: Configuration, quietly: Bool
    ) {
        self.file = Mutex(file)
        self.object = object
        self.configuration = configuration
        let count = configuration.threadCount
        state = Monitor(
            quietly
                ? State(limit: max(1, count / 2) + 1, encoderLimit: max(1, count / 2))
                : State(limit: count + Self.spareBlocks, encoderLimit: count))
    }

    /// Bytes of memory for blocks of `byteCount` bytes with `threadCount` threads, without the
    /// encoders.
    static func memoryByteCount(blockByteCount: Int, threadCount: Int) -> Int {
        // Each has room for its bytes and for what they become.
        (threadCount + spareBlocks) * blockByteCount * 2
    }

    /// Starts the threads, `quietly` with half of them at low priority.
    ///
    /// - Throws: ``ArchiveError`` when there can be no thread, or no encoder.
    static func start(
        _ file: consuming BundleFile, object: String, _ configuration: Configuration,
        quietly: Bool = false
    ) throws(ArchiveError) -> BlockPipeline {
        let pipeline = BlockPipeline(file, object: object, configuration, quietly: quietly)
        do throws(SystemCallError) {
            _ = try BackgroundThread.start(name: "bundle-write") { pipeline.write() }
        } catch {
            pipeline.file.withLock { $0 = nil }
            throw ArchiveError(error, kind: .resource)
        }
        do throws(SystemCallError) {
            try pipeline.startEncoding(generation: 0, givesWay: quietly)
        } catch {
            pipeline.abandon()
            throw ArchiveError(error, kind: .resource)
        }
        return pipeline
    }

    /// Compresses with all threads from now on, at the priority of the calling thread.
    ///
    /// The threads that gave way end with the block that each is at; until then as many of the new
    /// ones wait, so that there are never more encoders than the memory was counted for.
    func hasten() {
        let (count, generation) = (configuration.threadCount, state.change { $0.generation + 1 })
        let isUrgent = HostScheduling.niceness <= 0
        do throws(SystemCallError) {
            try startEncoding(generation: generation, givesWay: false)
            state.change { state in
                state.generation = generation
                state.limit = count + Self.spareBlocks
                state.encoderLimit = count
                state.isUrgent = isUrgent
            }
        } catch {}  // Those of before go on.
    }

    private func startEncoding(
        generation: Int, givesWay: Bool
    ) throws(SystemCallError) {
        let count = givesWay ? state.change { $0.encoderLimit } : configuration.threadCount
        for index in 0..<count {
            do throws(SystemCallError) {
                _ = try BackgroundThread.start(name: "bundle-pack") {
                    if givesWay {
                        try? HostScheduling.becomeBatch()
                        try? HostScheduling.lowerNiceness()
                    }
                    self.encode(generation)
                }
            } catch {
                guard index > 0 else { throw error }
                return  // Fewer do it, too.
            }
        }
    }

    /// Bytes of the stream that are compressed and in the file.
    var writtenByteCount: Int64 { state.change { $0.writtenByteCount } }

    /// An empty array with room for a block.
    func room(_ byteCount: Int) -> [UInt8] {
        if let room = state.change({ $0.rooms.popLast() }) { return room }
        var room = [UInt8]()
        room.reserveCapacity(byteCount)
        return room
    }

    /// Takes the next block; waits while too many are under way.
    func submit(_ bytes: [UInt8], number: Int, isStored: Bool) throws(ArchiveError) {
        let abandoned = abandonment
        let failure = state.wait { state -> ArchiveError?? in
            if let failure = state.failure { return .some(failure) }
            if state.isAbandoned { return .some(abandoned) }
            guard state.inFlight < state.limit else { return nil }
            state.inFlight += 1
            state.waiting.append(Job(number: number, bytes: bytes, isStored: isStored))
            return .some(nil)
        }
        if let failure { throw failure }
    }

    private var abandonment: ArchiveError {
        ArchiveError(.cancelled, operation: "write", object: object, reason: "it was given up")
    }

    /// Waits until all blocks are written and the file has reached the disk.
    func finish() throws(ArchiveError) -> Outcome {
        state.change { $0.isEnding = true }
        let abandoned = abandonment
        let ended = state.wait { state -> Result<Outcome, ArchiveError>? in
            if let failure = state.failure { return .failure(failure) }
            if let outcome = state.outcome { return .success(outcome) }
            return state.isClosed ? .failure(abandoned) : nil
        }
        return try ended.get()
    }

    /// Lets the threads end, each when it has done what it is at, without a whole file.
    func abandon() {
        state.change { state in
            state.isAbandoned = true
            state.isEnding = true
            state.waiting = []
        }
    }

    /// Waits until the file is closed: its room on the disk is free when it has no name.
    func awaitClosing() { state.wait { $0.isClosed ? () : nil } }

    /// The same, for `seconds` at most: the disk may hang.
    func awaitClosing(withinSeconds seconds: Double) {
        let end = MonotonicTime.now.advanced(bySeconds: seconds)
        var poller = Poller()
        while !state.change({ $0.isClosed }), MonotonicTime.now < end {
            _ = poller.wait(seconds: 0.01)
        }
    }

    // MARK: - Threads

    private func encode(_ generation: Int) {
        let mayBegin = state.wait { state -> Bool? in
            if state.failure != nil || state.isAbandoned { return false }
            guard state.encoderCount < state.encoderLimit, state.generation == generation else {
                // Fewer threads than that are enough when the end is near.
                return state.isEnding && state.inFlight == 0 ? false : nil
            }
            state.encoderCount += 1
            return true
        }
        guard mayBegin else { return }
        do throws(BlockCodecError) { try compress(generation) } catch {
            fail(ArchiveError(translating: error, operation: "compress", object: object))
        }
        // The encoder's memory is given back by now.
        state.change { $0.encoderCount -= 1 }
    }

    private func compress(_ generation: Int) throws(BlockCodecError) {
        let encoder = try BlockEncoder(configuration.blocks)
        while let job = next(generation) {
            let isStored = job.isStored || !Compressibility.isWorthwhile(job.bytes.span)
            let block =
                isStored ? try encoder.store(job.bytes.span) : try encoder.compress(job.bytes.span)
            state.change { state in
                state.compressed[job.number] = block
                var room = job.bytes
                room.removeAll(keepingCapacity: true)
                state.rooms.append(room)
            }
        }
    }

    /// The next block to compress; `nil` at the end, and for a thread that was replaced.
    private func next(_ generation: Int) -> Job? {
        state.wait { state -> Job?? in
            if state.failure != nil || state.generation != generation { return .some(nil) }
            if !state.waiting.isEmpty { return .some(state.waiting.removeFirst()) }
            return state.isEnding ? .some(nil) : nil
        }
    }

    private func write() {
        let result: Outcome?
        do throws(ArchiveError) { result = try writeAll() } catch {
            result = nil
            fail(error)
        }
        // Closed here and now: what is given up must not fill the disk until the last thread ends.
        file.withLock { $0 = nil }
        state.change { state in
            state.outcome = result
            state.isClosed = true
        }
    }

    /// What is known of the whole file; `nil` when it was given up.
    private func writeAll() throws(ArchiveError) -> Outcome? {
        var number = 0
        var isRaised = false
        while true {
            let wanted = number
            if !isRaised, state.change({ $0.isUrgent }) {
                isRaised = true
                try? HostScheduling.takeOrdinaryPriority()
            }
            let block = state.wait { state -> CompressedBlock?? in
                if state.failure != nil || state.isAbandoned { return .some(nil) }
                if let block = state.compressed.removeValue(forKey: wanted) { return block }
                return state.isEnding && state.inFlight == 0 ? .some(nil) : nil
            }
            guard let block else { break }
            try file.withLock { file throws(ArchiveError) in try file?.append(block) }
            state.change { state in
                state.inFlight -= 1
                state.writtenByteCount += Int64(block.uncompressedByteCount)
            }
            number += 1
        }
        guard state.change({ $0.failure == nil && !$0.isAbandoned }) else { return nil }
        return try file.withLock { file throws(ArchiveError) -> Outcome? in
            guard let sha256 = try file?.finish(), let byteCount = file?.byteCount,
                let storedByteCount = file?.storedByteCount
            else { return nil }
            return Outcome(
                byteCount: byteCount, storedByteCount: storedByteCount, sha256: sha256)
        }
    }

    private func fail(_ error: ArchiveError) {
        state.change { state in
            if state.failure == nil { state.failure = error }
            state.waiting = []
        }
    }
}
