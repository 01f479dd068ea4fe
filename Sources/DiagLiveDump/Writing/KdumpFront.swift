internal import DiagFormats
internal import DiagModel
internal import DiagSystem

/// What stands before the pages of a kdump-compressed file: headers, notes, bitmaps, and where the
/// table of pages and the page of zeros lie.
struct KdumpFront {
    /// The two headers.
    var header: KdumpHeader
    /// The notes, one after the other.
    private let notes: EncodedNotes
    private let selection: any PageSelection
    /// Bytes of one block.
    let blockByteCount: Int
    /// Pages that the table has room for beside those that were selected.
    let latePageRoom: Int
    /// Where the page of zeros lies: behind the table.
    let zeroPageOffset: UInt64
    /// Where the first page lies.
    let dataOffset: UInt64

    init(
        kernel: DumpedKernel, selection: any PageSelection, notes: DumpNotes,
        compression: LiveDumpOptions.Compression, started: Timestamp, latePageRoom: Int = 0
    ) {
        self.latePageRoom = latePageRoom
        let block = kernel.pageByteCount
        blockByteCount = block
        let encoded = notes.encoded
        self.notes = encoded
        self.selection = selection
        func blocks(_ count: Int) -> Int { (count + block - 1) / block }
        let notesStart = block + KdumpHeader.subHeaderByteCount
        var status = KdumpHeader.Status.incomplete
        switch compression {
        case .zstd: status.insert(.zstd)
        case .zlib: status.insert(.zlib)
        case .none: break
        }
        let bitmapBytes = Int(clamping: (selection.pageFrameLimit + 7) / 8)
        header = KdumpHeader(
            uts: kernel.uts, timeMicroseconds: started.microsecondsSince1970, status: status,
            blockByteCount: Int32(block),
            subHeaderBlockCount: Int32(
                clamping: blocks(KdumpHeader.subHeaderByteCount + encoded.bytes.count)),
            bitmapBlockCount: UInt32(clamping: 2 * blocks(bitmapBytes)),
            // Readers want a number above zero, also where none is known.
            processorCount: Int32(clamping: max(1, kernel.processorCount)),
            physicalBase: kernel.physicalBase,
            // Bit 1 is only in the level of what was converted: live, zero pages share one page.
            dumpLevel: Int32(clamping: selection.appliedLevel),
            vmcoreInfoOffset: encoded.vmcoreInfo.isEmpty
                ? 0 : Int64(notesStart + encoded.vmcoreInfo.lowerBound),
            vmcoreInfoByteCount: UInt64(encoded.vmcoreInfo.count),
            notesOffset: Int64(notesStart), notesByteCount: UInt64(encoded.bytes.count),
            pageFrameLimit: selection.pageFrameLimit)
        let pages = selection.dumpedCount + latePageRoom
        let table = UInt64(blocks(pages * KdumpPageDescriptor.byteCount) * block)
        zeroPageOffset = header.descriptorOffset + table
        dataOffset = zeroPageOffset + UInt64(block)
    }

    /// Writes it all; every page counts as not there yet. From its first write on the file opens.
    func write(to output: DumpOutput) throws(DumpOutputError) {
        try writeHeader(to: output)
        try output.setByteCount(dataOffset)
        try writeNotes(nil, to: output)
        var offset = header.bitmapOffset
        for bitmap in [selection.present, selection.dumped] {
            let count = min(Int(header.bitmapByteCount), bitmap.memory.byteCount)
            unsafe try output.write(
                UnsafeRawBufferPointer(rebasing: bitmap.memory.bytes[..<count]), at: offset)
            offset += header.bitmapByteCount
        }
        try output.reserve(byteCount: dataOffset)
    }

    /// Writes block 0.
    func writeHeader(to output: DumpOutput) throws(DumpOutputError) {
        try output.write(block: header.encodedHeader, at: 0)
    }

    /// Writes the sub header and the notes; `mark` is the last note's text, when it is known.
    func writeNotes(_ mark: [UInt8]?, to output: DumpOutput) throws(DumpOutputError) {
        var bytes = header.encodedSubHeader + notes.bytes(mark: mark)
        let room = Int(header.subHeaderBlockCount) * blockByteCount
        bytes += [UInt8](repeating: 0, count: max(0, room - bytes.count))
        try output.write(block: bytes, at: UInt64(blockByteCount))
    }
}

extension DumpOutput {
    /// Writes bytes that lie anywhere in memory; their count is a multiple of a block.
    func write(block bytes: [UInt8], at offset: UInt64) throws(DumpOutputError) {
        let memory: MappedMemory
        do { memory = try MappedMemory(byteCount: bytes.count) } catch {
            throw DumpOutputError(operation: "write", name: error.object, errno: error.errno)
        }
        unsafe memory.bytes.copyBytes(from: bytes)
        unsafe try write(
            UnsafeRawBufferPointer(rebasing: memory.bytes[..<bytes.count]), at: offset)
    }
}
