internal import DiagFormats
internal import DiagModel

/// A LiME or AVML file: ranges of physical memory, each behind a header of its own.
enum RangeInspection {
    /// Ranges that are followed; a real file has tens, AVML's one for every 16 MiB.
    private static let largestCount = 1 << 20
    /// Bytes of the footer of an AVML range: the size of what is compressed.
    private static let footerByteCount: UInt64 = 8

    static func describe(
        _ dump: InspectedFile, _ first: [UInt8], limits: KernelTextSearch.Limits = .init()
    ) throws(DumpInspectionError) -> DumpDescription {
        let header: LiMEHeader
        do throws(FormatError) { header = try LiMEHeader(parsing: first.span) } catch {
            throw DumpInspectionError(damaged: dump.name, "LiME or AVML file", error)
        }
        var result = DumpDescription(
            file: dump.name, byteCount: Int64(clamping: dump.storedByteCount),
            format: header.isCompressed ? .avml : .lime,
            formatName: header.isCompressed ? "AVML, version 2" : "LiME, version 1",
            kind: "physical memory of a running system")
        result.isLive = true
        result.consistency = "smeared"
        result.pageByteCount = 4096
        result.compression = [header.isCompressed ? "snappy" : "none"]
        if header.isCompressed { result.writer = "avml" }
        let ranges =
            header.isCompressed
            ? try followBackwards(dump, &result) : try follow(dump, &result)
        let search = KernelTextSearch(
            dump, ranges, isCompressed: header.isCompressed, limits: limits)
        let outcome = try search.run()
        if let information = outcome.information {
            var notes = KernelNotes()
            notes.vmcoreInfo = information
            notes.apply(to: &result)
        }
        if let names = outcome.names { result.setNames(names) }
        result.warnings += words(outcome, limits)
        DumpOpening.fillRanges(&result, ranges, outcome.information)
        return result
    }

    /// What the format cannot tell, and what the memory told instead.
    private static func words(
        _ outcome: KernelTextSearch.Outcome, _ limits: KernelTextSearch.Limits
    ) -> [String] {
        let searched = ByteCountText.describe(Int64(clamping: outcome.searchedByteCount))
        var words = [
            "The format has no place for the host, the kernel, the time and the processors."
        ]
        if outcome.names != nil {
            words.append("Kernel and host are from the memory: the kernel's VMCOREINFO was found.")
            return words
        }
        if outcome.information != nil {
            words.append(
                "The kernel is from a text in the memory that looks like its VMCOREINFO; nothing "
                    + "else in the memory confirms it.")
        } else {
            words.append(
                "The kernel cannot be told: of the \(searched) of memory that were looked through, "
                    + "no page begins with the kernel's VMCOREINFO, as one does from Linux 4.13 on."
            )
        }
        if outcome.isCut {
            let most = ByteCountText.describe(Int64(clamping: limits.byteCount))
            words.append(
                "The search ended early, after \(searched): it looks through \(most) at most, for "
                    + "\(limits.duration.components.seconds) seconds.")
        }
        if outcome.hasDamage {
            words.append(
                "Some of the compressed memory is damaged and could not be looked through.")
        }
        return words
    }

    private static func follow(
        _ dump: InspectedFile, _ result: inout DumpDescription
    ) throws(DumpInspectionError) -> [StoredRange] {
        var ranges = [StoredRange]()
        var offset: UInt64 = 0
        var count = 0
        var memory: UInt64 = 0
        var highest: UInt64 = 0
        while offset < dump.byteCount {
            guard count < largestCount else {
                result.completeness = .unknown
                result.warnings.append("Only the first \(count) ranges were looked at.")
                break
            }
            let bytes = try dump.bytes(at: offset, count: LiMEHeader.byteCount)
            guard let header = try? LiMEHeader(parsing: bytes.span), !header.isCompressed,
                let byteCount = header.memoryByteCount
            else {
                result.addShortcoming("No range begins at byte \(offset), where one should.")
                break
            }
            count += 1
            highest = max(highest, header.last)
            let start = offset + UInt64(bytes.count)
            let available = dump.byteCount - start
            memory = memory &+ min(byteCount, available)
            ranges.append(
                StoredRange(
                    start: header.start, byteCount: byteCount, fileOffset: start,
                    storedByteCount: min(byteCount, available)))
            guard byteCount <= available else {
                result.addShortcoming(
                    "The file is cut: range \(count) needs \(byteCount) bytes, and "
                        + "\(available) are there.")
                break
            }
            offset = start + byteCount
        }
        finish(count, memory, highest, &result)
        return ranges
    }

    /// The size of a compressed range stands behind it: so from the end of the file to its start.
    private static func followBackwards(
        _ dump: InspectedFile, _ result: inout DumpDescription
    ) throws(DumpInspectionError) -> [StoredRange] {
        var ranges = [StoredRange]()
        var end = dump.byteCount
        var count = 0
        var memory: UInt64 = 0
        var highest: UInt64 = 0
        while end > 0 {
            guard count < largestCount else {
                result.completeness = .unknown
                result.warnings.append("Only the last \(count) ranges were looked at.")
                break
            }
            let least = UInt64(LiMEHeader.byteCount) + footerByteCount
            guard end >= least else { break }
            let footer = try dump.bytes(at: end - footerByteCount, count: Int(footerByteCount))
            let size = footer.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            guard size <= end - least else { break }
            let start = end - least - size
            let bytes = try dump.bytes(at: start, count: LiMEHeader.byteCount)
            guard let header = try? LiMEHeader(parsing: bytes.span), header.isCompressed,
                let byteCount = header.memoryByteCount
            else { break }
            count += 1
            memory = memory &+ byteCount
            ranges.append(
                StoredRange(
                    start: header.start, byteCount: byteCount,
                    fileOffset: start + UInt64(LiMEHeader.byteCount), storedByteCount: size))
            highest = max(highest, header.last)
            end = start
        }
        if end > 0, count < largestCount {
            result.addShortcoming(
                count == 0
                    ? "The file is cut: its end is not that of a compressed range."
                    : "Between byte 0 and byte \(end) there are no whole ranges.")
        }
        finish(count, memory, highest, &result)
        return ranges
    }

    private static func finish(
        _ count: Int, _ memory: UInt64, _ highest: UInt64, _ result: inout DumpDescription
    ) {
        result.pages.dumped = Int(clamping: memory / 4096)
        if count > 0 {
            result.warnings.append(
                "\(counted: count, "range") of memory, up to the physical address "
                    + "\(HexadecimalText.describe(highest)).")
        }
    }
}
