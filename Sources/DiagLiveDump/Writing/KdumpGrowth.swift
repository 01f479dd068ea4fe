internal import DiagFormats
internal import DiagSystem

/// Takes pages that were not selected at first into the tables of a kdump-compressed file.
///
/// A page's place in the table is its rank in the second bitmap, so each page more moves others.
/// A file that is written in between would give wrong pages: bitmaps and table are written behind
/// all pages first, the header is made to point there, the ones in front are written anew, and the
/// header points to these again. Each of the two steps is one write of one block.
struct KdumpGrowth {
    let front: KdumpFront
    let sink: KdumpSink
    let selection: any PageSelection
    let late: LatePages
    /// Memory in which bitmap and table are put together; taken anew it would change pages of which
    /// the dump has the bytes already.
    let buffer: MappedMemory

    /// Bytes of descriptors that are put together at once: whole ones, and whole blocks; at most
    /// what a thread's memory for a chunk has.
    private static let unit = KdumpPageDescriptor.byteCount << 15

    /// Where bitmaps and table go behind all pages; `nil` when the file may not become so large, or
    /// when its header, which counts blocks in 31 bits, cannot point there.
    var place: Range<UInt64>? {
        let block = UInt64(front.blockByteCount)
        let start = (sink.byteCount + block - 1) / block * block
        let pages = UInt64(selection.dumpedCount + late.dumpedCount)
        let table = (pages * UInt64(KdumpPageDescriptor.byteCount) + block - 1) / block * block
        let end = start + 2 * front.header.bitmapByteCount + table
        guard sink.mayReach(end), Int32(exactly: start / block) != nil else { return nil }
        return start..<end
    }

    /// Writes bitmaps and table at `place`; the header still points elsewhere.
    func writeTables(at place: UInt64, to output: DumpOutput) throws(DumpOutputError) {
        try write(to: output, at: place)
        try output.synchronize()
    }

    /// The front with a header that has bitmaps and table at `place`.
    func pointing(to place: UInt64) -> KdumpFront {
        var moved = front
        moved.header.subHeaderBlockCount = Int32(
            clamping: place / UInt64(front.blockByteCount) - 1)
        return moved
    }

    private func write(to output: DumpOutput, at place: UInt64) throws(DumpOutputError) {
        let count = min(
            Int(front.header.bitmapByteCount), selection.present.memory.byteCount)
        unsafe try output.write(
            UnsafeRawBufferPointer(rebasing: selection.present.memory.bytes[..<count]), at: place)
        try writeBitmap(to: output, at: place + front.header.bitmapByteCount)
        try writeTable(to: output, at: place + 2 * front.header.bitmapByteCount)
    }

    /// The pages of the dump and the late ones together.
    private func writeBitmap(
        to output: DumpOutput, at place: UInt64
    ) throws(DumpOutputError) {
        let first = unsafe selection.dumped.memory.bytes
        let second = unsafe late.dumped.memory.bytes
        let count = min(Int(front.header.bitmapByteCount), selection.dumped.memory.byteCount)
        var done = 0
        while done < count {
            let part = min(Self.unit, count - done)
            for index in 0..<part {
                unsafe buffer.bytes[index] = first[done + index] | second[done + index]
            }
            unsafe try output.write(
                UnsafeRawBufferPointer(rebasing: buffer.bytes[..<part]),
                at: place + UInt64(done))
            done += part
        }
    }

    private func writeTable(
        to output: DumpOutput, at place: UInt64
    ) throws(DumpOutputError) {
        var used = 0
        var offset = place
        var index = 0
        var lateIndex = 0
        var failure: DumpOutputError?
        func flush(_ byteCount: Int) {
            do throws(DumpOutputError) {
                unsafe try output.write(
                    UnsafeRawBufferPointer(rebasing: buffer.bytes[..<byteCount]), at: offset)
            } catch { failure = failure ?? error }
            offset += UInt64(byteCount)
            used = 0
        }
        selection.dumped.forEach(or: late.dumped) { _, isLate in
            let size = KdumpPageDescriptor.byteCount
            unsafe sink.table.copy(
                isLate ? selection.dumpedCount + lateIndex : index,
                to: UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[used..<(used + size)]),
                pageFlags: isLate ? late.flagWords[lateIndex] : nil)
            if isLate { lateIndex += 1 } else { index += 1 }
            used += size
            if used == Self.unit, failure == nil { flush(used) }
            if used == Self.unit { used = 0 }
        }
        if used > 0 {
            let block = front.blockByteCount
            let whole = (used + block - 1) / block * block
            unsafe UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[used..<whole])
                .initializeMemory(as: UInt8.self, repeating: 0)
            flush(whole)
        }
        if let failure { throw failure }
    }
}
