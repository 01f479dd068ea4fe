internal import DiagCodec
internal import DiagSystem

/// Decodes blocks side by side ahead of whoever reads them, and gives their bytes in order.
///
/// Each thread decodes one block, in parts of at most 256 KiB: the first part of the first block is
/// there before the rest of it is decoded. A thread whose block is not yet asked for stops after
/// ``partsByteLimit`` bytes, so memory is bounded whatever the blocks claim.
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

    private struct Part: Sendable {
        /// Where it begins in the block.
        let start: Int64
        let bytes: [UInt8]
    }

    /// Bytes of one block that may wait to be read.
    static let partsByteLimit = 4 << 20
    /// Bytes that all dictionaries together may take, by the sizes that the blocks claim.
    private static let dictionaryByteLimit: Int64 = 96 << 20
    private static let mostThreads = 16

    /// What ends the decoding of a block that nobody wants any more.
    private struct Stopped: Error {}

    private let file: InputFile
    private let table: BlockTable
    private let jobs: [Job]
    private let parts: OrderedParts<Part>

    private init(_ file: InputFile, _ table: BlockTable, _ jobs: [Job], threadCount: Int) {
        self.file = file
        self.table = table
        self.jobs = jobs
        parts = OrderedParts(
            jobCount: jobs.count, aheadCount: threadCount + 1, byteLimit: Self.partsByteLimit)
    }

    /// Starts the threads: at most `threadCount`, and no more than there are processors, jobs and
    /// memory for.
    static func start(
        _ file: InputFile, _ table: BlockTable, _ jobs: [Job], threadCount: Int = .max
    ) throws(ArchiveError) -> BlockReadAhead {
        let largest = jobs.reduce(Int64(1)) { max($0, table[$1.block].uncompressedByteCount) }
        let count = min(threadCount, jobs.count, Self.threadCount(largestBlock: largest))
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

    /// How many blocks of up to `largestBlock` bytes may be decoded side by side.
    static func threadCount(largestBlock: Int64) -> Int {
        let each = min(max(largestBlock, 1), Int64(BlockDecoder.largestDictionaryByteCount))
        return min(
            WorkerThreads.processorCount, mostThreads, Int(max(1, dictionaryByteLimit / each)))
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
        guard let (job, part) = try parts.next() else { return nil }
        return (table[jobs[job].block].uncompressedOffset + part.start, part.bytes)
    }

    /// Lets the threads end, each within one part.
    func stop() { parts.stop() }

    // MARK: - Threads

    private func decode() {
        var decoder: BlockDecoder?
        while let number = parts.take() {
            do {
                let ready = try decoder ?? BlockDecoder(table.format)
                decoder = ready
                try decode(jobs[number], number, with: ready)
                parts.end(number)
            } catch is Stopped {
                return
            } catch {
                // The state of a decoder that failed is not used again.
                decoder = nil
                parts.end(
                    number,
                    ArchiveError(translating: error, operation: "decompress", file: file))
            }
        }
    }

    private func decode(_ job: Job, _ number: Int, with decoder: BlockDecoder) throws {
        var position: Int64 = 0
        try decoder.decode(
            table[job.block], from: file.blockSource, byteLimit: job.upper
        ) { bytes in
            let begin = position
            position += Int64(bytes.count)
            let skipped = Int(min(max(0, job.lower - begin), Int64(bytes.count)))
            guard skipped < bytes.count else {
                guard parts.isWanted else { throw Stopped() }
                return
            }
            var copy = [UInt8]()
            copy.append(copying: bytes.extracting(skipped..<bytes.count))
            let part = Part(start: begin + Int64(skipped), bytes: copy)
            guard parts.give(part, byteCount: copy.count, of: number) else { throw Stopped() }
        }
    }
}
