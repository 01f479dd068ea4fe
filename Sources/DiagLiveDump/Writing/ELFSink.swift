internal import DiagModel
internal import DiagSystem
internal import Synchronization

/// Puts pages at their places in a sparse ELF core file.
final class ELFSink: PageSink {
    let front: ELFFront
    let output: DumpOutput
    let control: DumpControl
    let pageByteCount: Int
    private let maxByteCount: UInt64
    private let written: Atomic<UInt64>

    init(
        front: ELFFront, pageByteCount: Int, maxByteCount: Int64?, output: DumpOutput,
        control: DumpControl
    ) {
        self.front = front
        self.pageByteCount = pageByteCount
        self.output = output
        self.control = control
        self.maxByteCount = maxByteCount.map { UInt64(max(0, $0)) } ?? .max
        written = Atomic(front.dataOffset)
    }

    var byteCount: UInt64 { written.load(ordering: .relaxed) }

    func makeLane() -> any PageLane { ELFLane(self) }

    func flushTables() {}

    /// Whether `byteCount` bytes more may be written: holes do not count.
    func mayWrite(_ byteCount: Int) -> Bool {
        let sum = written.wrappingAdd(UInt64(byteCount), ordering: .relaxed).newValue
        guard sum > maxByteCount else { return true }
        written.wrappingSubtract(UInt64(byteCount), ordering: .relaxed)
        return false
    }
}

/// What one thread writes into an ELF core file with: nothing is held back.
private final class ELFLane: PageLane {
    private let sink: ELFSink

    init(_ sink: ELFSink) { self.sink = sink }

    var memories: [MappedMemory] { [] }
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
            guard sink.mayWrite(byteCount) else {
                sink.control.stop(
                    .init(cause: .noSpace, message: "the dump reached the size that it may have"))
                break
            }
            unsafe try sink.output.write(
                UnsafeRawBufferPointer(start: chunk.bytes + first * size, count: byteCount),
                at: range.fileOffset &+ (frame &* UInt64(size) &- range.physicalAddress))
            costs.bytesWritten += byteCount
            pages += end - first
            first = end
        }
        costs.pagesWritten += pages
        if !isUpdate { costs.pagesCopied += pages }
        costs.writeTime += MonotonicTime.nanosecondsAwake - start
    }

    func flush(costs: inout CopyCosts) {}

    /// A page of zeros is a hole, unless it takes the place of other bytes.
    private func isWritten(_ state: ChunkPage.State, _ isUpdate: Bool) -> Bool {
        state == .data || (isUpdate && state == .zero)
    }
}
