internal import DiagModel
internal import DiagSystem

/// Puts pages at their places in a sparse ELF core file.
final class ELFSink: PageSink {
    let front: ELFFront
    let output: DumpOutput
    let control: DumpControl
    let pageByteCount: Int
    /// The bytes that the file takes: holes do not count.
    let room: FileRoom

    init(
        front: ELFFront, pageByteCount: Int, maxByteCount: Int64?, output: DumpOutput,
        control: DumpControl
    ) {
        self.front = front
        self.pageByteCount = pageByteCount
        self.output = output
        self.control = control
        room = FileRoom(from: front.dataOffset, maxByteCount: maxByteCount)
    }

    var byteCount: UInt64 { room.end }

    /// Bytes of pages that take the place of older ones that each thread holds back.
    static let heldByteCount = 4 << 20
    var heldPageCount: Int { max(1, Self.heldByteCount / pageByteCount) }

    func makeLane() throws(LiveDumpError) -> any PageLane {
        do throws(SystemCallError) { return try ELFLane(self) } catch {
            throw LiveDumpError(.inputOutput, "prepare a thread: \(error)")
        }
    }

    func flushTables() {}
}

/// What one thread writes into an ELF core file with.
///
/// New pages are written at once. Those that take the place of older ones are held until all are
/// read: a write makes the file system take and give back slab objects, just while the slabs are
/// read again.
private final class ELFLane: PageLane {
    private let sink: ELFSink
    /// The bytes of the pages that are held.
    private let room: MappedMemory
    /// Where each goes in the file.
    private let offsets: MappedWords
    private var heldCount = 0

    init(_ sink: ELFSink) throws(SystemCallError) {
        self.sink = sink
        room = try MappedMemory(byteCount: sink.heldPageCount * sink.pageByteCount)
        offsets = try MappedWords(count: sink.heldPageCount)
    }

    var memories: [MappedMemory] { [room, offsets.memory] }
    var codecByteCount: Int { 0 }

    func store(_ chunk: Chunk, isUpdate: Bool, costs: inout CopyCosts) throws(DumpOutputError) {
        let start = MonotonicTime.nanosecondsAwake
        let size = sink.pageByteCount
        var first = 0
        var pages = 0
        while unsafe first < chunk.count {
            guard unsafe isWritten(chunk.pages[first].state, isUpdate) else {
                first += 1
                continue
            }
            let frame = unsafe chunk.pages[first].frame
            guard let range = sink.front.range(of: frame &* UInt64(size)) else {
                first += 1
                continue
            }
            var end = first + 1
            while unsafe end < chunk.count, unsafe isWritten(chunk.pages[end].state, isUpdate),
                unsafe chunk.pages[end].frame == frame &+ UInt64(end - first),
                (frame &+ UInt64(end - first)) &* UInt64(size) < range.end
            { end += 1 }
            let byteCount = (end - first) * size
            var growth = byteCount
            if isUpdate {
                // Bytes in the place of others take no room, those in a hole do. Zeros that took
                // the place of bytes are no hole.
                growth = 0
                for number in first..<end where unsafe chunk.pages[number].wasZero {
                    growth += size
                }
            }
            guard sink.room.take(growth) != nil else {
                sink.control.stop(
                    .init(cause: .noSpace, message: "the dump reached the size that it may have"))
                break
            }
            let bytes = unsafe UnsafeRawBufferPointer(
                start: chunk.bytes + first * size, count: byteCount)
            let offset = range.fileOffset &+ (frame &* UInt64(size) &- range.physicalAddress)
            if isUpdate {
                unsafe try hold(bytes, at: offset)
            } else {
                unsafe try sink.output.write(bytes, at: offset)
            }
            costs.bytesWritten += byteCount
            pages += end - first
            first = end
        }
        costs.pagesWritten += pages
        if !isUpdate { costs.pagesCopied += pages }
        costs.writeTime += MonotonicTime.nanosecondsAwake - start
    }

    /// Keeps whole pages until they are written; when there is no room for more, that is now.
    private func hold(
        _ bytes: UnsafeRawBufferPointer, at offset: UInt64
    ) throws(DumpOutputError) {
        let size = sink.pageByteCount
        for number in 0..<bytes.count / size {
            if heldCount == sink.heldPageCount { try writeHeld() }
            guard let base = unsafe room.bytes.baseAddress,
                let page = bytes.baseAddress
            else { return }
            unsafe (base + heldCount * size).copyMemory(
                from: page + number * size, byteCount: size)
            offsets[heldCount] = offset &+ UInt64(number * size)
            heldCount += 1
        }
    }

    func flush(costs: inout CopyCosts) throws(DumpOutputError) {
        guard heldCount > 0 else { return }
        let start = MonotonicTime.nanosecondsAwake
        try writeHeld()
        costs.writeTime += MonotonicTime.nanosecondsAwake - start
    }

    /// Writes what is held, neighbours in the file together.
    private func writeHeld() throws(DumpOutputError) {
        let size = sink.pageByteCount
        let count = heldCount
        heldCount = 0
        guard let base = unsafe room.bytes.baseAddress else { return }
        var first = 0
        while first < count {
            var end = first + 1
            while end < count, offsets[end] == offsets[first] &+ UInt64((end - first) * size) {
                end += 1
            }
            unsafe try sink.output.write(
                UnsafeRawBufferPointer(start: base + first * size, count: (end - first) * size),
                at: offsets[first])
            first = end
        }
    }

    /// A page of zeros is a hole, unless it takes the place of other bytes.
    private func isWritten(_ state: ChunkPage.State, _ isUpdate: Bool) -> Bool {
        state == .data || (isUpdate && state == .zero)
    }
}
