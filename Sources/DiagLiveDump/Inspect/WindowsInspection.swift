internal import DiagFormats
internal import DiagModel

/// A Windows memory dump: its header, and the table of pages behind it.
enum WindowsInspection {
    private static let pageByteCount: UInt64 = 4096
    /// Bytes of runs that are followed.
    private static let largestTable: UInt64 = 64 << 20

    static func describe(
        _ dump: InspectedFile, _ first: [UInt8]
    ) throws(DumpInspectionError) -> DumpDescription {
        let header: WindowsDumpHeader
        do throws(FormatError) { header = try WindowsDumpHeader(parsing: first.span) } catch {
            throw DumpInspectionError(damaged: dump.name, "Windows dump", error)
        }
        var result = DumpDescription(
            file: dump.name, byteCount: Int64(clamping: dump.storedByteCount), format: .windows,
            formatName: "Windows dump, \(header.is64Bit ? "64" : "32") bits, type "
                + (header.type.map { String($0) } ?? "not given"), kind: kind(header.type))
        result.system = "Windows"
        result.release = "build \(header.build)"
        result.version =
            switch header.majorVersion {
            case 15: "free"
            case 12: "checked"
            default: nil
            }
        if let product = header.product, (1...3).contains(product) {
            let names = ["workstation", "domain controller", "server"]
            result.version =
                (result.version.map { $0 + ", " } ?? "") + names[Int(product) - 1]
        }
        result.machine = machine(header.machine)
        result.processorCount = header.processorCount.flatMap { $0 <= 65_536 ? Int($0) : nil }
        if header.systemTime ?? 0 != 0 {
            if let time = header.timeMicroseconds {
                result.setTime(microseconds: time, "The header")
            } else {
                result.warnings.append("The header has an impossible time.")
            }
        }
        result.uptimeSeconds = header.upTime.map { Double($0) / 10_000_000 }
        result.pageByteCount = Int(pageByteCount)
        result.compression = ["none"]
        if !header.comment.isEmpty { result.reason = header.comment }
        let code = StopCode.describe(UInt64(header.code), header.parameters, isWindows: true)
        result.code = code
        result.isLive = code.isLive
        if code.isLive == true {
            result.kind = "live " + result.kind
            if header.code == 0x161 { result.originator = code.parameters.first?.text }
        }
        if header.type == 2 || header.type == 8 { result.leftOut = ["pages of processes"] }
        result.pages.present = header.memoryPageCount.map { Int(clamping: $0) }
        if let status = header.writerStatus, status != 0 {
            result.warnings.append(
                "The writer ended with status \(HexadecimalText.describe(UInt64(status))).")
        }
        if let needed = header.requiredByteCount, needed > dump.byteCount {
            result.addShortcoming(
                "The header asks for \(needed) bytes (RequiredDumpSpace), and the file has "
                    + "\(dump.byteCount).")
        }
        try readTable(header, dump, &result)
        return result
    }

    private static func kind(_ type: UInt32?) -> String {
        switch type {
        case 1: "complete memory dump"
        case 2: "kernel memory dump"
        case 3: "header of a memory dump alone"
        case 4: "small memory dump (triage)"
        case 5: "bitmap memory dump"
        case 6: "kernel bitmap dump (Task Manager, Windows 11 22H2 and newer)"
        case 7: "automatic memory dump"
        case 8: "kernel memory dump (.dump /k)"
        case 9: "kernel and user memory dump (.dump /ka)"
        case 10: "complete memory dump (.dump /f)"
        default: "memory dump of a type that is not known"
        }
    }

    private static func machine(_ number: UInt32) -> String {
        switch number {
        case 0x8664: "x86_64"
        case 0xAA64: "aarch64"
        case 0x14C: "x86"
        case 0x1C4: "arm"
        case 0x200: "ia64"
        default: "machine \(HexadecimalText.describe(UInt64(number)))"
        }
    }

    private static func readTable(
        _ header: WindowsDumpHeader, _ dump: InspectedFile, _ result: inout DumpDescription
    ) throws(DumpInspectionError) {
        if header.type == 1 {
            result.pages.dumped = result.pages.present
            if let count = header.memoryPageCount {
                check(dump, UInt64(header.headerByteCount), count, &result)
            } else {
                noteUnknownSize(header, &result)
            }
            return
        }
        let bytes = try dump.bytes(
            at: UInt64(header.headerByteCount), count: WindowsDumpTable.byteCount)
        let table: WindowsDumpTable?
        do throws(FormatError) {
            table = try WindowsDumpTable.parse(bytes.span, after: header)
        } catch {
            result.addShortcoming("The table of pages is damaged or cut: \(error)")
            return
        }
        guard let table else {
            // A header alone is whole as it is.
            if header.type != 3 { noteUnknownSize(header, &result) }
            return
        }
        switch table.kind {
        case .triage:
            if let needed = table.dumpByteCount, needed > dump.byteCount {
                result.addShortcoming(
                    "The dump has \(needed) bytes by its own account, and the file has "
                        + "\(dump.byteCount).")
            }
        case .bitmap: try countBits(table, dump, &result)
        case .runs: try countRuns(table, dump, &result)
        }
    }

    /// Says that nothing tells how many bytes the dump should have, where that is so.
    private static func noteUnknownSize(
        _ header: WindowsDumpHeader, _ result: inout DumpDescription
    ) {
        guard header.requiredByteCount == nil else { return }
        result.completeness = .unknown
        result.warnings.append(
            "Nothing says how many bytes the dump should have, so it may be cut.")
    }

    /// Compares the file's size with what its pages need.
    private static func check(
        _ dump: InspectedFile, _ firstPage: UInt64, _ count: UInt64, _ result: inout DumpDescription
    ) {
        let (bytes, tooMany) = count.multipliedReportingOverflow(by: pageByteCount)
        let (needed, overflow) = firstPage.addingReportingOverflow(bytes)
        if tooMany || overflow || needed > dump.byteCount {
            let there =
                dump.byteCount > firstPage ? (dump.byteCount - firstPage) / pageByteCount : 0
            result.addShortcoming(
                "The file is cut: of \(count) pages it has room for \(there).")
            let missing = max(0, (result.pages.dumped ?? 0) - Int(clamping: there))
            if missing > 0 { result.pages.missing = missing }
        }
    }

    private static func countBits(
        _ table: WindowsDumpTable, _ dump: InspectedFile, _ result: inout DumpDescription
    ) throws(DumpInspectionError) {
        guard let bits = table.bitCount, let start = table.tableOffset else { return }
        let needed = bits / 8 + (bits % 8 == 0 ? 0 : 1)
        let wanted = min(needed, KdumpInspection.largestBitmap)
        var count = 0
        let read = try dump.scan(from: start, byteCount: wanted, unit: 8) {
            count += BitCount.ones(in: $0)
        }
        result.pages.dumped = count
        if read < wanted { result.addShortcoming("The file ends within its bitmap.") }
        if wanted < needed {
            result.completeness = .unknown
            result.warnings.append(
                "The bitmap has \(bits) bits; only the first \(wanted * 8) were counted.")
        } else if let present = table.presentPageCount, read == wanted, present != UInt64(count) {
            result.warnings.append(
                "The table says \(present) pages, and its bitmap has \(count).")
        }
        check(
            dump, table.firstPageOffset, max(table.presentPageCount ?? 0, UInt64(count)), &result)
    }

    private static func countRuns(
        _ table: WindowsDumpTable, _ dump: InspectedFile, _ result: inout DumpDescription
    ) throws(DumpInspectionError) {
        guard let start = table.tableOffset, table.firstPageOffset > start else { return }
        let wanted = min((table.firstPageOffset - start) / 16 * 16, largestTable)
        var count: UInt64 = 0
        var isAtEnd = false
        let read = try dump.scan(from: start, byteCount: wanted, unit: 16) { bytes in
            var index = 0
            while !isAtEnd, index + 16 <= bytes.count {
                func number(_ place: Int) -> UInt64 {
                    (0..<8).reversed().reduce(0) { $0 << 8 | UInt64(bytes[place + $1]) }
                }
                if number(index) == 0 {
                    isAtEnd = true
                } else {
                    count = count.addingReportingOverflow(number(index + 8)).partialValue
                }
                if let limit = table.presentPageCount, count >= limit { isAtEnd = true }
                index += 16
            }
        }
        result.pages.dumped = Int(clamping: count)
        if read < wanted, !isAtEnd {
            result.addShortcoming("The file ends within its table of pages.")
        }
        check(dump, table.firstPageOffset, max(table.presentPageCount ?? 0, count), &result)
    }
}
