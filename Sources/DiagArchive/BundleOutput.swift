internal import DiagCodec

/// Where the tar stream of a bundle goes: it is cut into blocks here.
final class BundleOutput {
    private let pipeline: BlockPipeline
    private let blockByteCount: Int
    private var block: [UInt8]
    /// Bytes of the stream until now.
    private(set) var offset: Int64 = 0
    /// The number of the block that the next byte goes into.
    private(set) var blockNumber = 0
    /// Whether blocks are stored as they are, from the one at hand on; change it at a cut.
    var isStoring = false
    /// What stopped the writing, kept for when libarchive says only that its callback failed.
    private(set) var failure: ArchiveError?

    /// Cuts into blocks of `blockByteCount` bytes at most.
    init(_ pipeline: BlockPipeline, blockByteCount: Int) {
        self.pipeline = pipeline
        self.blockByteCount = blockByteCount
        block = pipeline.room(blockByteCount)
    }

    /// Bytes in the block at hand.
    var pendingByteCount: Int { block.count }

    /// Takes bytes of the tar stream. After a failure nothing more is written.
    func take(_ bytes: Span<UInt8>) throws(ArchiveError) {
        if let failure { throw failure }
        var start = 0
        while start < bytes.count {
            let count = min(bytes.count - start, blockByteCount - block.count)
            unsafe bytes.extracting(start..<(start + count)).withUnsafeBufferPointer {
                unsafe block.append(contentsOf: $0)
            }
            start += count
            if block.count == blockByteCount { try cut() }
        }
        offset += Int64(bytes.count)
    }

    /// Begins a new block, unless the one at hand is empty.
    func cut() throws(ArchiveError) {
        if let failure { throw failure }
        guard !block.isEmpty else { return }
        do throws(ArchiveError) {
            try pipeline.submit(block, number: blockNumber, isStored: isStoring)
        } catch {
            failure = error
            throw error
        }
        blockNumber += 1
        block = pipeline.room(blockByteCount)
    }

    /// Bytes of the stream that are compressed and in the file.
    var writtenByteCount: Int64 { pipeline.writtenByteCount }

    /// Writes what is left and the end of the file, and waits until it is on the disk.
    func finish() throws(ArchiveError) -> BlockPipeline.Outcome {
        try cut()
        return try pipeline.finish()
    }
}
