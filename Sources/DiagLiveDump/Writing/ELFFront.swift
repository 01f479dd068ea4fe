internal import DiagFormats
internal import DiagSystem

/// What stands before the pages of an ELF core file, and where each range of memory lies.
///
/// One LOAD for each range; what is not in the dump is a hole, which reads as zeros. On x86-64 a
/// LOAD of the kernel image comes first, with the same bytes as the range that holds it.
struct ELFFront {
    /// The first byte of the first range.
    let dataOffset: UInt64
    /// Bytes of the file, holes included.
    let byteCount: UInt64
    /// The ranges with their places in this file, sorted by address.
    let ranges: [MemoryRange]
    private let head: [UInt8]
    private let notes: EncodedNotes

    init(_ source: any MemorySource, notes: DumpNotes) {
        let encoded = notes.encoded
        self.notes = encoded
        var ranges = source.ranges
        let kernel = source.kernel
        let image = kernel.image.flatMap { image in
            ranges.firstIndex {
                $0.physicalAddress <= image.physicalAddress && image.end <= $0.end
            }.map { (image, $0) }
        }
        let loadCount = ranges.count + (image == nil ? 0 : 1)
        let headerCount = loadCount + 1
        let isExtended = headerCount >= Int(ELFHeader.extendedCount)
        let sections = 64 + UInt64(headerCount * ELFProgramHeader.byteCount)
        let notesOffset = sections + (isExtended ? 64 : 0)
        let alignment = UInt64(max(DumpOutput.alignment, kernel.pageByteCount))
        dataOffset =
            (notesOffset + UInt64(encoded.bytes.count) + alignment - 1) / alignment * alignment
        var offset = dataOffset
        for index in ranges.indices {
            ranges[index].fileOffset = offset
            offset &+= ranges[index].byteCount
        }
        byteCount = offset
        self.ranges = ranges

        var bytes = ELFHeader(
            machine: kernel.machine, sectionHeaderOffset: isExtended ? sections : 0,
            programHeaderCount: isExtended ? ELFHeader.extendedCount : UInt16(headerCount)
        ).encoded
        bytes +=
            ELFProgramHeader(
                kind: .note, fileOffset: notesOffset, fileByteCount: UInt64(encoded.bytes.count),
                memoryByteCount: 0
            ).encoded
        func load(_ range: MemoryRange, at offset: UInt64) {
            bytes +=
                ELFProgramHeader(
                    kind: .load, flags: 7, fileOffset: offset, virtualAddress: range.virtualAddress,
                    physicalAddress: range.physicalAddress, fileByteCount: range.byteCount,
                    memoryByteCount: range.byteCount
                ).encoded
        }
        if let (image, index) = image {
            let range = ranges[index]
            load(image, at: range.fileOffset &+ (image.physicalAddress &- range.physicalAddress))
        }
        for range in ranges { load(range, at: range.fileOffset) }
        if isExtended {
            // Section header 0: sh_size has the count of sections, sh_info that of program headers.
            var section = [UInt8](repeating: 0, count: 64)
            section.setLittleEndian(UInt64(1), at: 32)
            section.setLittleEndian(UInt32(clamping: headerCount), at: 44)
            bytes += section
        }
        head = bytes
    }

    /// Writes headers and notes, and makes the file as long as it will be.
    func write(to output: DumpOutput) throws(DumpOutputError) {
        try writeNotes(nil, to: output)
        try output.setByteCount(byteCount)
    }

    /// Writes headers and notes; `mark` is the last note's text, when it is known.
    func writeNotes(_ mark: [UInt8]?, to output: DumpOutput) throws(DumpOutputError) {
        var bytes = head + notes.bytes(mark: mark)
        bytes += [UInt8](repeating: 0, count: max(0, Int(dataOffset) - bytes.count))
        try output.write(block: bytes, at: 0)
    }

    /// The range that holds `address`.
    func range(of address: UInt64) -> MemoryRange? {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].end <= address { low = middle + 1 } else { high = middle }
        }
        guard low < ranges.count, ranges[low].physicalAddress <= address else { return nil }
        return ranges[low]
    }
}
