internal import DiagFormats
internal import DiagModel

/// A kdump-compressed file: headers, notes, bitmaps and the table of pages.
///
/// Source of the layout: makedumpfile 1.7.2 IMPLEMENTATION and diskdump_mod.h.
enum KdumpInspection {
    /// Bytes of each bitmap that are counted: those of 4 TiB of memory in pages of 4 KiB.
    static let largestBitmap: UInt64 = 128 << 20
    /// Bytes of the table of pages that are counted: those of 170 GiB of pages of 4 KiB.
    static let largestTable: UInt64 = 1 << 30
    /// Bytes of notes that are read.
    static let largestNotes: UInt64 = 16 << 20

    static func describe(_ dump: InspectedFile) throws(DumpInspectionError) -> DumpDescription {
        let first = try dump.bytes(at: 0, count: 65_536 + KdumpHeader.subHeaderByteCount)
        let header: KdumpHeader
        do throws(FormatError) { header = try KdumpHeader(parsing: first.span) } catch {
            throw DumpInspectionError(damaged: dump.name, "kdump-compressed file", error)
        }
        var result = DumpDescription(
            file: dump.name, byteCount: Int64(clamping: dump.storedByteCount), format: .kdump,
            formatName: "kdump-compressed, version \(header.version)", kind: "kernel dump")
        result.pageByteCount = Int(header.blockByteCount)
        result.setNames(header.uts)
        result.setTime(microseconds: header.timeMicroseconds, "The header")
        // Readers want a number above zero: 1 is also written where it is not known, and then
        // counts only with a note that says so.
        if header.processorCount > 1 { result.processorCount = Int(header.processorCount) }
        if header.version >= 1 { result.setLevel(Int(header.dumpLevel)) }
        if header.status.contains(.excludedVmemmap) {
            result.warnings.append("Parts of the map of pages were left out (makedumpfile -e).")
        }
        try readNotes(header, dump, &result)
        // The note of ours has the program's own account; what the file itself shows comes after.
        if header.status.contains(.incomplete) {
            result.addShortcoming("The header says that the dump is incomplete.")
        }
        try countPages(header, dump, &result)
        if result.compression.isEmpty { result.compression = methods(header.status) }
        return result
    }

    private static func methods(_ status: KdumpHeader.Status) -> [String] {
        let names: [(KdumpHeader.Status, String)] = [
            (.zstd, "zstd"), (.zlib, "zlib"), (.lzo, "lzo"), (.snappy, "snappy"),
        ]
        return names.compactMap { status.contains($0.0) ? $0.1 : nil }
    }

    private static func readNotes(
        _ header: KdumpHeader, _ dump: InspectedFile, _ result: inout DumpDescription
    ) throws(DumpInspectionError) {
        func area(_ offset: Int64, _ byteCount: UInt64, _ name: String) throws(DumpInspectionError)
            -> [UInt8]
        {
            guard byteCount > 0, offset > 0 else { return [] }
            let wanted = min(byteCount, largestNotes)
            let content = try dump.bytes(at: UInt64(offset), count: Int(wanted))
            if content.count < wanted || byteCount > largestNotes {
                result.addShortcoming("The \(name) is cut short.")
            }
            return content
        }
        let notes = try area(header.notesOffset, header.notesByteCount, "area of the notes")
        var kernel = KernelNotes()
        kernel.add(notes, machine: nil)
        if kernel.vmcoreInfo == nil {
            let info = try area(header.vmcoreInfoOffset, header.vmcoreInfoByteCount, "VMCOREINFO")
            if !info.isEmpty { kernel.vmcoreInfo = VMCoreInfo(parsing: info.span) }
        }
        kernel.apply(to: &result)
    }

    private static func countPages(
        _ header: KdumpHeader, _ dump: InspectedFile, _ result: inout DumpDescription
    ) throws(DumpInspectionError) {
        let needed = (header.pageFrameLimit &+ 7) / 8
        let counted = min(needed, largestBitmap)
        if counted < needed {
            result.completeness = .unknown
            result.warnings.append(
                "The bitmaps have \(header.pageFrameLimit) bits; only the first \(counted * 8) "
                    + "were counted.")
        }
        let present = try ones(dump, at: header.bitmapOffset, byteCount: counted)
        let dumped = try ones(
            dump, at: header.bitmapOffset &+ header.bitmapByteCount, byteCount: counted)
        result.pages.present = present.count
        result.pages.dumped = dumped.count
        guard present.isWhole, dumped.isWhole else {
            result.addShortcoming("The file ends within its bitmaps.")
            result.pages.missing = dumped.count
            return
        }
        let table = UInt64(dumped.count) * UInt64(KdumpPageDescriptor.byteCount)
        var counter = KdumpPageTable(
            fileByteCount: dump.byteCount, pageByteCount: Int(header.blockByteCount))
        let wanted = min(table, largestTable)
        let read = try dump.scan(
            from: header.descriptorOffset, byteCount: wanted, unit: KdumpPageDescriptor.byteCount
        ) { counter.add($0) }
        var missing = counter.missing + counter.beyondEnd
        if read < wanted {
            missing += max(0, dumped.count - counter.count)
            result.addShortcoming("The file ends within its table of pages.")
        }
        if missing > 0 { result.pages.missing = missing }
        if wanted < table {
            result.warnings.append(
                "Only the first \(counter.count) of \(dumped.count) pages were looked at.")
        }
        result.compression = counter.compression
        if counter.zero > 0 { result.pages.zero = counter.zero }
        if counter.missing > 0 {
            result.addShortcoming("\(counted: counter.missing, "page") without bytes.")
        }
        if counter.beyondEnd > 0 {
            result.addShortcoming(
                "The file is cut: the bytes of \(counted: counter.beyondEnd, "page") would lie "
                    + "behind its end.")
        }
        // Without a word of the classes those that were noted hold only for a whole file.
        if let classes = counter.byClass {
            result.pages.dumpedByClass = classes
        } else if counter.beyondEnd > 0 || read < wanted {
            result.pages.dumpedByClass = nil
        }
    }

    private static func ones(
        _ dump: InspectedFile, at offset: UInt64, byteCount: UInt64
    ) throws(DumpInspectionError) -> (count: Int, isWhole: Bool) {
        var count = 0
        let read = try dump.scan(from: offset, byteCount: byteCount, unit: 8) {
            count += BitCount.ones(in: $0)
        }
        return (count, read == byteCount)
    }
}

extension DefaultStringInterpolation {
    /// A count with its noun: `1 page`, `2 pages`.
    mutating func appendInterpolation(counted count: Int, _ noun: String) {
        appendInterpolation(count)
        appendLiteral(" " + noun + (count == 1 ? "" : "s"))
    }
}
