internal import DiagCodec
internal import DiagFormats
internal import DiagModel
internal import DiagSystem
internal import Synchronization

/// Puts pages into a kdump-compressed file, in the order in which they come.
final class KdumpSink: PageSink {
    /// Bytes of finished pages that a thread holds before it writes them.
    static let roomByteCount = 2 << 20
    /// Chunks of which a thread holds pages at most.
    static let heldChunkCount = 16

    let output: DumpOutput
    let table: KdumpTable
    let front: KdumpFront
    let compression: LiveDumpOptions.Compression
    let flags: MappedWords
    let control: DumpControl
    private let chunkPageCount: Int
    /// Where the next pages go. What takes the place of older pages goes behind all others too, and
    /// makes the file larger.
    let room: FileRoom
    /// Where the last byte that was written ends.
    private let writtenEnd: Atomic<UInt64>

    init(
        front: KdumpFront, selection: any PageSelection, compression: LiveDumpOptions.Compression,
        maxByteCount: Int64?, chunkPageCount: Int, output: DumpOutput, control: DumpControl
    ) throws(SystemCallError) {
        self.front = front
        self.output = output
        self.compression = compression
        self.control = control
        self.chunkPageCount = chunkPageCount
        flags = selection.flagWords
        table = try KdumpTable(
            count: selection.dumpedCount, lateCount: front.latePageRoom,
            fileOffset: front.header.descriptorOffset,
            blockByteCount: front.blockByteCount, output: output)
        room = FileRoom(from: front.dataOffset, maxByteCount: maxByteCount)
        writtenEnd = Atomic(front.dataOffset)
    }

    var byteCount: UInt64 { writtenEnd.load(ordering: .relaxed) }

    /// Whether the file may be so large.
    func mayReach(_ end: UInt64) -> Bool { room.mayReach(end) }

    func hasWritten(to end: UInt64) { _ = writtenEnd.max(end, ordering: .relaxed) }

    func makeLane() throws(LiveDumpError) -> any PageLane {
        do {
            let page = front.blockByteCount
            let codec: PageCompressor?
            switch compression {
            case .zstd: codec = try PageCompressor(.zstd, pageByteCount: page)
            case .zlib: codec = try PageCompressor(.zlib, pageByteCount: page)
            case .none: codec = nil
            }
            return try KdumpLane(
                self, codec: codec, pageByteCount: page, chunkPageCount: chunkPageCount)
        } catch {
            throw LiveDumpError(.inputOutput, "prepare a thread: \(error)")
        }
    }

    func flushTables() throws(DumpOutputError) { try table.flush() }
}

/// What one thread holds of pages that are on their way into a kdump-compressed file.
private final class KdumpLane: PageLane {
    /// A page in the room: what its descriptor is to say.
    private struct Held {
        var index: Int
        var start: UInt32
        var byteCount: UInt32
        var flags: UInt32
    }

    private let sink: KdumpSink
    private let codec: PageCompressor?
    private let compressionFlag: UInt32
    private let pageByteCount: Int
    private let room: MappedMemory
    private let heldMemory: MappedMemory
    private let heldLimit: Int
    private let chunkByteCount: Int
    private var used = 0
    private var heldCount = 0
    private var lowest = Int.max
    private var highest = -1
    /// Whether the pages that are held take the place of older ones: all do, or none.
    private var isUpdating = false

    var memories: [MappedMemory] { [room, heldMemory] }
    var codecByteCount: Int { codec?.memoryByteCount ?? 0 }

    init(
        _ sink: KdumpSink, codec: PageCompressor?, pageByteCount: Int, chunkPageCount: Int
    ) throws(SystemCallError) {
        self.sink = sink
        self.codec = codec
        compressionFlag =
            switch sink.compression {
            case .zstd: KdumpPageDescriptor.Compression.zstd.rawValue
            case .zlib: KdumpPageDescriptor.Compression.zlib.rawValue
            case .none: 0
            }
        self.pageByteCount = pageByteCount
        chunkByteCount = chunkPageCount * pageByteCount
        heldLimit = chunkPageCount * KdumpSink.heldChunkCount
        // The last page of a full chunk may need more room than it takes in the end.
        let slack = max(codec?.roomByteCount ?? 0, pageByteCount) + DumpOutput.alignment
        room = try MappedMemory(byteCount: max(KdumpSink.roomByteCount, chunkByteCount) + slack)
        heldMemory = try MappedMemory(byteCount: heldLimit * MemoryLayout<Held>.stride)
    }

    func store(_ chunk: Chunk, isUpdate: Bool, costs: inout CopyCosts) throws(DumpOutputError) {
        let start = MonotonicTime.nanosecondsAwake
        isUpdating = isUpdate
        let hasFlags = sink.flags.count > 0
        let zeroOffset = sink.front.zeroPageOffset
        guard let base = unsafe room.bytes.baseAddress,
            let held = unsafe heldMemory.bytes.baseAddress?.assumingMemoryBound(to: Held.self)
        else { return }
        var compressed = 0
        for number in unsafe 0..<chunk.count {
            let page = unsafe chunk.pages[number]
            switch page.state {
            case .unchanged: continue
            case .zero, .unreadable:
                let isZero = page.state == .zero
                sink.table.set(
                    page.index, offset: isZero ? zeroOffset : 0,
                    byteCount: isZero ? UInt32(pageByteCount) : 0, flags: 0,
                    pageFlags: hasFlags && page.index < sink.flags.count
                        ? sink.flags[page.index] : 0)
                note(page.index)
            case .data:
                let bytes = unsafe UnsafeRawBufferPointer(
                    start: chunk.bytes + number &* pageByteCount, count: pageByteCount)
                var count = 0
                if let codec {
                    count = unsafe codec.compress(
                        bytes,
                        into: UnsafeMutableRawBufferPointer(
                            start: base + used, count: codec.roomByteCount))
                    compressed &+= 1
                }
                var flag = compressionFlag
                if count == 0 {
                    unsafe (base + used).copyMemory(
                        from: chunk.bytes + number &* pageByteCount, byteCount: pageByteCount)
                    count = pageByteCount
                    flag = 0
                }
                unsafe held[heldCount] = Held(
                    index: page.index, start: UInt32(truncatingIfNeeded: used),
                    byteCount: UInt32(truncatingIfNeeded: count), flags: flag)
                heldCount &+= 1
                used &+= count
            }
        }
        costs.pagesCompressed += compressed
        costs.compressTime += MonotonicTime.nanosecondsAwake - start
        if used + chunkByteCount > room.byteCount - DumpOutput.alignment - pageByteCount * 2
            || heldCount + chunkByteCount / pageByteCount > heldLimit
        {
            try flush(costs: &costs)
        } else if heldCount == 0, highest >= 0 {
            try tell(0)
        }
    }

    func flush(costs: inout CopyCosts) throws(DumpOutputError) {
        guard heldCount > 0 else { return try tell(0) }
        let start = MonotonicTime.nanosecondsAwake
        let count = used
        let pages = heldCount
        used = 0
        heldCount = 0
        let byteCount = (count + DumpOutput.alignment - 1) & ~(DumpOutput.alignment - 1)
        guard let place = sink.room.take(byteCount) else {
            sink.control.stop(
                .init(cause: .noSpace, message: "the dump reached the size that it may have"))
            return try tell(0)
        }
        guard let base = unsafe room.bytes.baseAddress,
            let held = unsafe heldMemory.bytes.baseAddress?.assumingMemoryBound(to: Held.self)
        else { return }
        unsafe (base + count).initializeMemory(
            as: UInt8.self, repeating: 0, count: byteCount - count)
        unsafe try sink.output.write(
            UnsafeRawBufferPointer(rebasing: room.bytes[..<byteCount]), at: place)
        sink.hasWritten(to: place &+ UInt64(byteCount))
        let hasFlags = sink.flags.count > 0
        for number in 0..<pages {
            let page = unsafe held[number]
            sink.table.set(
                page.index, offset: place &+ UInt64(page.start), byteCount: page.byteCount,
                flags: page.flags,
                pageFlags: hasFlags && page.index < sink.flags.count
                    ? sink.flags[page.index] : 0)
            note(page.index)
        }
        costs.pagesWritten += pages
        if !isUpdating { costs.pagesCopied += pages }
        costs.bytesWritten += byteCount
        try tell(byteCount)
        costs.writeTime += MonotonicTime.nanosecondsAwake - start
    }

    func settle(costs: inout CopyCosts) throws(DumpOutputError) {
        try flush(costs: &costs)
        try sink.table.flushUnlessBusy()
    }

    @inline(__always) private func note(_ index: Int) {
        lowest = min(lowest, index)
        highest = max(highest, index)
    }

    /// Tells the table which descriptors were set.
    private func tell(_ byteCount: Int) throws(DumpOutputError) {
        guard highest >= 0 else { return }
        let range = lowest...highest
        lowest = .max
        highest = -1
        try sink.table.changed(range, dataByteCount: byteCount)
    }
}
