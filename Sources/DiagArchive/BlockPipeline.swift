internal import DiagCodec
internal import DiagSystem
internal import Synchronization

/// Compresses the blocks of one stream side by side, and writes them in their order.
///
/// One thread gives the blocks; as many as asked compress; one more writes and hashes the file, so
/// that none of them waits for another's work. No more than two blocks beyond those at work are
/// held.
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
    }

    /// Blocks beyond those that are being compressed: one that is filled, one that is written.
    private static let spareBlocks = 2

    private let state = Monitor(State())
    private let file: Mutex<BundleFile>
    private let limit: Int

    private init(_ file: consuming BundleFile, limit: Int) {
        self.file = Mutex(file)
        self.limit = limit
    }

    /// Bytes of memory for blocks of `byteCount` bytes with `threadCount` threads, without the
    /// encoders.
    static func memoryByteCount(blockByteCount: Int, threadCount: Int) -> Int {
        // Each has room for its bytes and for what they become.
        (threadCount + spareBlocks) * blockByteCount * 2
    }

    /// Starts the threads.
    ///
    /// - Throws: ``ArchiveError`` when there can be no thread, or no encoder.
    static func start(
        _ file: consuming BundleFile, object: String, _ configuration: Configuration
    ) throws(ArchiveError) -> BlockPipeline {
        let pipeline = BlockPipeline(file, limit: configuration.threadCount + spareBlocks)
        do throws(SystemCallError) {
            _ = try BackgroundThread.start(name: "bundle-write") { pipeline.write(object) }
            for index in 0..<configuration.threadCount {
                do throws(SystemCallError) {
                    _ = try BackgroundThread.start(name: "bundle-pack") {
                        pipeline.compress(configuration.blocks, object)
                    }
                } catch  where index > 0 {
                    break  // Fewer do it, too.
                }
            }
        } catch {
            pipeline.abandon()
            throw ArchiveError(error, kind: .resource)
        }
        return pipeline
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
        let failure = state.wait { state -> ArchiveError?? in
            if let failure = state.failure { return .some(failure) }
            guard state.inFlight < self.limit else { return nil }
            state.inFlight += 1
            state.waiting.append(Job(number: number, bytes: bytes, isStored: isStored))
            return .some(nil)
        }
        if let failure { throw failure }
    }

    /// Waits until all blocks are written and the file has reached the disk.
    func finish() throws(ArchiveError) -> Outcome {
        state.change { $0.isEnding = true }
        let ended = state.wait { state -> Result<Outcome, ArchiveError>? in
            if let failure = state.failure { return .failure(failure) }
            return state.outcome.map { .success($0) }
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

    // MARK: - Threads

    private func compress(_ blocks: BlockConfiguration, _ object: String) {
        do throws(BlockCodecError) {
            let encoder = try BlockEncoder(blocks)
            while let job = next() {
                let isStored = job.isStored || !Compressibility.isWorthwhile(job.bytes.span)
                let block =
                    isStored
                    ? try encoder.store(job.bytes.span) : try encoder.compress(job.bytes.span)
                state.change { state in
                    state.compressed[job.number] = block
                    var room = job.bytes
                    room.removeAll(keepingCapacity: true)
                    state.rooms.append(room)
                }
            }
        } catch {
            fail(ArchiveError(translating: error, operation: "compress", object: object))
        }
    }

    /// The next block to compress; `nil` at the end.
    private func next() -> Job? {
        state.wait { state -> Job?? in
            if state.failure != nil { return .some(nil) }
            if !state.waiting.isEmpty { return .some(state.waiting.removeFirst()) }
            return state.isEnding ? .some(nil) : nil
        }
    }

    private func write(_ object: String) {
        do throws(ArchiveError) {
            var number = 0
            while true {
                let wanted = number
                let block = state.wait { state -> CompressedBlock?? in
                    if state.failure != nil || state.isAbandoned { return .some(nil) }
                    if let block = state.compressed.removeValue(forKey: wanted) { return block }
                    return state.isEnding && state.inFlight == 0 ? .some(nil) : nil
                }
                guard let block else { break }
                try file.withLock { file throws(ArchiveError) in try file.append(block) }
                state.change { state in
                    state.inFlight -= 1
                    state.writtenByteCount += Int64(block.uncompressedByteCount)
                }
                number += 1
            }
            guard state.change({ $0.failure == nil && !$0.isAbandoned }) else { return }
            let outcome = try file.withLock { file throws(ArchiveError) in
                let sha256 = try file.finish()
                return Outcome(
                    byteCount: file.byteCount, storedByteCount: file.storedByteCount,
                    sha256: sha256)
            }
            state.change { $0.outcome = outcome }
        } catch { fail(error) }
    }

    private func fail(_ error: ArchiveError) {
        state.change { state in
            if state.failure == nil { state.failure = error }
            state.waiting = []
        }
    }
}
