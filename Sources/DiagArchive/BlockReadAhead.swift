internal import DiagCodec
internal import DiagSystem

/// Decodes blocks side by side ahead of whoever reads them, and gives their bytes in order.
///
/// Each thread decodes one block, in parts of at most 256 KiB: the first part of the first block is
/// there before the rest of it is decoded. A thread whose block is not yet asked for stops at
/// ``partsByteLimit``, so memory is bounded whatever the blocks claim.
final class BlockReadAhead: Sendable {
    /// What is wanted of one block.
    struct Job: Hashable, Sendable {
        /// Its number in the table.
        let block: Int
        /// The first of its uncompressed bytes that is given, from its own start.
        let lower: Int64
        /// One past the last that is given; what lies behind is not decoded.
        let upper: Int64
    }

    /// Bytes of one block that may wait to be read.
    static let partsByteLimit = 4 << 20
    /// Bytes that all dictionaries together may take, by the sizes that the blocks claim.
    private static let dictionaryByteLimit = 96 << 20
    private static let mostThreads = 16

    private struct Slot: Sendable {
        var parts = [[UInt8]]()
        /// The part that is given next.
        var first = 0
        var byteCount = 0
        /// Bytes that were given already.
        var givenByteCount: Int64 = 0
        var isDone = false
        var failure: ArchiveError?
    }

    private struct State: Sendable {
        /// The job that the next free thread takes.
        var next = 0
        /// The job whose bytes are given.
        var head = 0
        /// Those under way or waiting to be read, by number.
        var slots = [Int: Slot]()
        /// Arrays of parts that were read, to be filled again.
        var rooms = [[UInt8]]()
        var isStopped = false
    }

    private struct Part: Sendable {
        let job: Int
        /// Where it stands in what is wanted of the block.
        let offset: Int64
        let bytes: [UInt8]
    }

    /// What ends the decoding of a block that nobody wants any more.
    private struct Stopped: Error {}

    private let state = Monitor(State())
    private let file: InputFile
    private let table: BlockTable
    private let jobs: [Job]
    private let threadCount: Int

    private init(_ file: InputFile, _ table: BlockTable, _ jobs: [Job], threadCount: Int) {
        self.file = file
        self.table = table
        self.jobs = jobs
        self.threadCount = threadCount
    }

    /// Starts the threads: as many as there are processors, jobs and memory for.
    static func start(
        _ file: InputFile, _ table: BlockTable, _ jobs: [Job]
    ) throws(ArchiveError) -> BlockReadAhead {
        let largest = jobs.reduce(Int64(1)) { max($0, table[$1.block].uncompressedByteCount) }
        let each = Int(min(largest, Int64(BlockDecoder.largestDictionaryByteCount)))
        let count = min(
            WorkerThreads.processorCount, jobs.count, mostThreads,
            max(1, dictionaryByteLimit / each))
        let ahead = BlockReadAhead(file, table, jobs, threadCount: count)
        for index in 0..<count {
            do throws(SystemCallError) {
                _ = try BackgroundThread.start(name: "bundle-unpack") { ahead.decode() }
            } catch {
                if index > 0 { break }  // Fewer do it, too.
                throw ArchiveError(error, kind: .resource)
            }
        }
        return ahead
    }

    /// What of which block the sorted `ranges` of the stream need, in the order of the stream.
    static func jobs(for ranges: [Range<Int64>], in table: BlockTable) -> [Job] {
        var jobs = [Job]()
        for range in ranges where !range.isEmpty {
            guard var number = table.index(holding: range.lowerBound) else { continue }
            while number < table.count {
                let block = table[number]
                let start = block.uncompressedOffset
                guard start < range.upperBound else { break }
                let lower = max(0, range.lowerBound - start)
                let upper = min(block.uncompressedByteCount, range.upperBound - start)
                if let last = jobs.last, last.block == number {
                    jobs[jobs.count - 1] = Job(
                        block: number, lower: last.lower, upper: max(last.upper, upper))
                } else {
                    jobs.append(Job(block: number, lower: lower, upper: upper))
                }
                number += 1
            }
        }
        return jobs
    }

    /// All of all blocks.
    static func allJobs(of table: BlockTable) -> [Job] {
        (0..<table.count).map {
            Job(block: $0, lower: 0, upper: table[$0].uncompressedByteCount)
        }
    }

    /// The next bytes, and where in the stream they stand; `nil` behind the last.
    ///
    /// One thread reads. After an error it stays at that.
    func next() throws(ArchiveError) -> (offset: Int64, bytes: [UInt8])? {
        let count = jobs.count
        let answer = state.wait { state -> Result<Part?, ArchiveError>? in
            while state.head < count {
                let head = state.head
                guard var slot = state.slots.removeValue(forKey: head) else { return nil }
                if slot.first < slot.parts.count {
                    let bytes = slot.parts[slot.first]
                    slot.parts[slot.first] = []
                    slot.first += 1
                    slot.byteCount -= bytes.count
                    let offset = slot.givenByteCount
                    slot.givenByteCount += Int64(bytes.count)
                    if slot.first == slot.parts.count {
                        slot.parts = []
                        slot.first = 0
                    }
                    state.slots[head] = slot
                    return .success(Part(job: head, offset: offset, bytes: bytes))
                }
                if let failure = slot.failure {
                    state.slots[head] = slot
                    return .failure(failure)
                }
                guard slot.isDone else {
                    state.slots[head] = slot
                    return nil
                }
                state.head += 1
            }
            return .success(nil)
        }
        guard let part = try answer.get() else { return nil }
        let job = jobs[part.job]
        return (table[job.block].uncompressedOffset + job.lower + part.offset, part.bytes)
    }

    /// Gives back bytes that were read, so that their memory is used again.
    func reuse(_ bytes: [UInt8]) {
        state.change { state in
            guard state.rooms.count < self.threadCount * 2 else { return }
            state.rooms.append(bytes)
        }
    }

    /// Lets the threads end, each within one part.
    func stop() {
        state.change { state in
            state.isStopped = true
            state.slots = [:]
            state.rooms = []
        }
    }

    // MARK: - Threads

    private func decode() {
        var decoder: BlockDecoder?
        while let number = take() {
            do {
                let ready = try decoder ?? BlockDecoder(table.format)
                decoder = ready
                try decode(jobs[number], number, with: ready)
                end(number, nil)
            } catch is Stopped {
                return
            } catch {
                // The state of a decoder that failed is not used again.
                decoder = nil
                end(
                    number,
                    ArchiveError(
                        translating: error, operation: "decompress", object: file.object))
            }
        }
    }

    /// The job to do next; `nil` at the end.
    private func take() -> Int? {
        let (count, ahead) = (jobs.count, threadCount + 1)
        return state.wait { state -> Int?? in
            if state.isStopped || state.next == count { return .some(nil) }
            guard state.next - state.head < ahead else { return nil }
            let number = state.next
            state.next += 1
            state.slots[number] = Slot()
            return .some(number)
        }
    }

    private func decode(_ job: Job, _ number: Int, with decoder: BlockDecoder) throws {
        var position: Int64 = 0
        try decoder.decode(
            table[job.block], from: file.blockSource, byteLimit: job.upper
        ) { bytes in
            let start = Int(min(max(0, job.lower - position), Int64(bytes.count)))
            position += Int64(bytes.count)
            guard start < bytes.count else {
                if state.change({ $0.isStopped }) { throw Stopped() }
                return
            }
            guard var room = room(number) else { throw Stopped() }
            room.append(copying: bytes.extracting(start..<bytes.count))
            let part = room
            state.change { state in
                state.slots[number]?.byteCount += part.count
                state.slots[number]?.parts.append(part)
            }
        }
    }

    /// An empty array once there is room for a part of the job; `nil` when nobody wants it.
    private func room(_ number: Int) -> [UInt8]? {
        state.wait { state -> [UInt8]?? in
            guard !state.isStopped, let slot = state.slots[number] else { return .some(nil) }
            guard slot.byteCount < Self.partsByteLimit else { return nil }
            var room = state.rooms.popLast() ?? []
            room.removeAll(keepingCapacity: true)
            return .some(room)
        }
    }

    private func end(_ number: Int, _ failure: ArchiveError?) {
        state.change { state in
            state.slots[number]?.isDone = true
            state.slots[number]?.failure = failure
        }
    }
}
