internal import DiagCodec

/// Bytes of the uncompressed stream, from blocks that are decoded side by side.
final class StreamInput: ArchiveInput {
    private let ahead: BlockReadAhead
    private let object: String
    private var part = [UInt8]()
    private var position = 0
    /// Where the first byte that was not given stands in the stream.
    private(set) var offset: Int64 = 0
    /// Where libarchive is told that the stream ends.
    private var end: Int64

    /// The bytes of the sorted `ranges`, each to be asked for with ``narrow(to:)``.
    init(
        _ file: InputFile, _ table: BlockTable, ranges: [Range<Int64>],
        threadCount: Int = .max
    ) throws(ArchiveError) {
        ahead = try BlockReadAhead.start(
            file, table, BlockReadAhead.jobs(for: ranges, in: table), threadCount: threadCount)
        object = file.object
        end = table.uncompressedByteCount
        super.init()
    }

    /// The whole stream.
    init(_ file: InputFile, _ table: BlockTable) throws(ArchiveError) {
        ahead = try BlockReadAhead.start(file, table, BlockReadAhead.allJobs(of: table))
        object = file.object
        end = table.uncompressedByteCount
        super.init()
    }

    deinit { ahead.stop() }

    /// Goes on to `range`, which begins at ``offset`` or behind it: what is read next is its bytes
    /// alone.
    ///
    /// - Throws: ``ArchiveError`` for what cannot be decoded, or when the ranges that were asked
    ///   for do not hold it.
    func narrow(to range: Range<Int64>) throws(ArchiveError) {
        end = range.lowerBound
        while offset < range.lowerBound {
            guard try advance() != nil else { break }
        }
        guard offset == range.lowerBound else {
            throw ArchiveError(
                .invalid, operation: "read", object: object,
                reason: "byte \(range.lowerBound) of the stream was passed already")
        }
        end = range.upperBound
    }

    /// Waits for the check of the last block, which stands behind its last byte.
    ///
    /// - Throws: ``ArchiveError`` when it is wrong.
    func finish() throws(ArchiveError) { while try ahead.next() != nil {} }

    override func fill() throws(ArchiveError) -> Int {
        guard let range = try advance() else { return 0 }
        unsafe part.withUnsafeBytes { bytes in
            unsafe buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[range]))
        }
        return range.count
    }

    /// Moves over the next bytes, at most as many as the buffer holds, and says which of the part
    /// they are; `nil` at the end.
    private func advance() throws(ArchiveError) -> Range<Int>? {
        guard offset < end else { return nil }
        while position == part.count {
            part = []
            position = 0
            guard let next = try ahead.next() else { return nil }
            guard next.offset >= offset else {
                throw ArchiveError(
                    .invalid, operation: "read", object: object,
                    reason: "byte \(next.offset) of the stream came twice")
            }
            part = next.bytes
            offset = next.offset
            guard offset < end else { return nil }
        }
        let room = unsafe min(part.count - position, buffer.count)
        let count = Int(min(Int64(room), end - offset))
        let range = position..<position + count
        position += count
        offset += Int64(count)
        return range
    }
}
