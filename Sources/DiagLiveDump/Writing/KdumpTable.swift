internal import DiagFormats
internal import DiagSystem
internal import Synchronization

/// The page descriptors of a kdump-compressed file in memory, and which parts of them the file
/// does not have yet.
///
/// Threads set descriptors of different pages at once. A descriptor's size is set last: a table
/// that is written in between says of such a page that it is not there.
@safe final class KdumpTable: Sendable {
    /// Bytes of the table that are written at once when one descriptor of them changed.
    static let partByteCount = 1 << 16
    /// Nanoseconds between two writes of what changed, at least and at most: what was set since
    /// the last is lost when the process is killed.
    private static let flushIntervals: ClosedRange<Int64> = 100_000_000...1_000_000_000
    /// How many times longer than a write took the next one is waited for.
    private static let flushRest: Int64 = 20
    private static let flushByteCount = 64 << 20

    let memory: MappedMemory
    /// Descriptors of pages that are not in the table of the file, behind the others in number.
    let lateMemory: MappedMemory
    private let count: Int
    private let lateCount: Int
    private let byteCount: Int
    private let fileOffset: UInt64
    private let output: DumpOutput

    private struct State {
        var isDirty: [Bool]
        var isFlushing = false
        var lastFlush: Int64
        var interval = KdumpTable.flushIntervals.lowerBound
        var bytesSinceFlush = 0
    }
    private let state: Mutex<State>

    /// A table for `count` pages that lies at `fileOffset`, with room to a multiple of `block`;
    /// `lateCount` descriptors more are only in memory.
    init(
        count: Int, lateCount: Int, fileOffset: UInt64, blockByteCount block: Int,
        output: DumpOutput
    ) throws(SystemCallError) {
        self.count = count
        self.lateCount = lateCount
        self.fileOffset = fileOffset
        self.output = output
        byteCount = (count * KdumpPageDescriptor.byteCount + block - 1) / block * block
        memory = try MappedMemory(byteCount: byteCount)
        lateMemory = try MappedMemory(byteCount: lateCount * KdumpPageDescriptor.byteCount)
        let parts = (byteCount + Self.partByteCount - 1) / Self.partByteCount
        state = Mutex(
            State(
                isDirty: Array(repeating: false, count: parts),
                lastFlush: MonotonicTime.nanosecondsAwake))
    }

    /// Sets where a page lies.
    @inline(__always) func set(
        _ index: Int, offset: UInt64, byteCount: UInt32, flags: UInt32, pageFlags: UInt64
    ) {
        guard let entry = unsafe entry(index) else { return }
        unsafe entry.storeBytes(of: 0, toByteOffset: 8, as: UInt32.self)
        unsafe entry.storeBytes(of: offset.littleEndian, toByteOffset: 0, as: UInt64.self)
        unsafe entry.storeBytes(of: flags.littleEndian, toByteOffset: 12, as: UInt32.self)
        unsafe entry.storeBytes(of: pageFlags.littleEndian, toByteOffset: 16, as: UInt64.self)
        unsafe entry.storeBytes(of: byteCount.littleEndian, toByteOffset: 8, as: UInt32.self)
    }

    /// Copies a descriptor as it is into `destination`, with other flags of its page where given.
    @inline(__always) func copy(
        _ index: Int, to destination: UnsafeMutableRawBufferPointer, pageFlags: UInt64?
    ) {
        guard let entry = unsafe entry(index) else { return }
        unsafe destination.copyMemory(
            from: UnsafeRawBufferPointer(start: entry, count: KdumpPageDescriptor.byteCount))
        if let pageFlags {
            unsafe destination.storeBytes(
                of: pageFlags.littleEndian, toByteOffset: 16, as: UInt64.self)
        }
    }

    @inline(__always) private func entry(_ index: Int) -> UnsafeMutableRawPointer? {
        guard index >= 0, index < count + lateCount else { return nil }
        let isLate = index >= count
        let base = unsafe isLate ? lateMemory.bytes.baseAddress : memory.bytes.baseAddress
        let place = (isLate ? index - count : index) &* KdumpPageDescriptor.byteCount
        return unsafe base.map { unsafe $0 + place }
    }

    /// Says that descriptors between these two were set, and writes the table's changed parts when
    /// it is time.
    func changed(_ indices: ClosedRange<Int>, dataByteCount: Int) throws(DumpOutputError) {
        let now = MonotonicTime.nanosecondsAwake
        let isDue = state.withLock { state in
            // Those that are only in memory are written by who takes them into the file.
            if indices.lowerBound < count {
                let last = min(indices.upperBound, count - 1)
                let first = part(of: indices.lowerBound)
                let end = min(state.isDirty.count - 1, part(of: last + 1))
                if first <= end { for part in first...end { state.isDirty[part] = true } }
            }
            state.bytesSinceFlush += dataByteCount
            guard !state.isFlushing,
                now - state.lastFlush >= state.interval
                    || state.bytesSinceFlush >= Self.flushByteCount
            else { return false }
            state.isFlushing = true
            return true
        }
        if isDue { try flush() }
    }

    /// Writes the parts that changed, unless another thread is at it.
    func flushUnlessBusy() throws(DumpOutputError) {
        let isFree = state.withLock { state in
            defer { state.isFlushing = true }
            return !state.isFlushing
        }
        if isFree { try flush() }
    }

    /// Writes the parts that changed.
    func flush() throws(DumpOutputError) {
        let start = MonotonicTime.nanosecondsAwake
        defer {
            let end = MonotonicTime.nanosecondsAwake
            let range = Self.flushIntervals
            state.withLock {
                $0.isFlushing = false
                $0.lastFlush = end
                $0.interval = min(
                    max((end - start) * Self.flushRest, range.lowerBound), range.upperBound)
                $0.bytesSinceFlush = 0
            }
        }
        var part = 0
        while let next = takeDirty(from: part) {
            let start = next * Self.partByteCount
            let end = min(byteCount, start + Self.partByteCount)
            do {
                unsafe try output.write(
                    UnsafeRawBufferPointer(rebasing: memory.bytes[start..<end]),
                    at: fileOffset + UInt64(start))
            } catch {
                // The next flush, at the end at the latest, tries this part once more.
                state.withLock { $0.isDirty[next] = true }
                throw error
            }
            part = next + 1
        }
    }

    private func part(of index: Int) -> Int {
        index * KdumpPageDescriptor.byteCount / Self.partByteCount
    }

    /// The next changed part; it counts as unchanged before it is written, so that a descriptor
    /// that is set meanwhile is written again.
    private func takeDirty(from start: Int) -> Int? {
        state.withLock { state in
            for part in start..<max(start, state.isDirty.count) where state.isDirty[part] {
                state.isDirty[part] = false
                return part
            }
            return nil
        }
    }
}
