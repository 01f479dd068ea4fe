internal import DiagFormats
internal import DiagModel
internal import DiagSystem

/// Which pages of an ELF dump of ours hold bytes, and what those stand for that do not.
///
/// Such a file has a hole for what was left out, for a page of zeros, and for what was not copied
/// before its end. A copy of it may have zero bytes where it had holes.
struct ELFHoles {
    /// Page frames that hold a byte other than zero.
    let filled: MappedBitmap
    /// What our own note says of the dump.
    let report: OwnMark

    /// Looks through the file; `nil` for a file that is not ours.
    init?(_ source: ELFCoreSource) throws(LiveDumpError) {
        guard let report = source.kernel.ownReport else { return nil }
        self.report = report
        let page = source.kernel.pageByteCount
        let memory: MappedMemory
        do throws(SystemCallError) {
            filled = try MappedBitmap(count: Int((source.ranges.last?.end ?? 0) / UInt64(page)))
            memory = try MappedMemory(byteCount: max(1 << 20, page))
        } catch { throw LiveDumpError(.inputOutput, error.description) }
        for range in source.ranges {
            var at: UInt64 = 0
            while let data = source.file.nextData(from: range.fileOffset + at),
                data.lowerBound < range.fileOffset + range.byteCount
            {
                // Whole pages: a hole may begin within one.
                at = max(at, (data.lowerBound - range.fileOffset) / UInt64(page) * UInt64(page))
                let end = min(range.byteCount, data.upperBound - range.fileOffset)
                while at < end {
                    let wanted = Int(min(UInt64(memory.byteCount), range.byteCount - at))
                    let count = unsafe source.file.read(
                        into: UnsafeMutableRawBufferPointer(rebasing: memory.bytes[..<wanted]),
                        at: range.fileOffset + at)
                    mark(memory, count / page, from: range.physicalAddress + at, page)
                    at += UInt64(wanted)
                }
            }
        }
    }

    private func mark(_ memory: MappedMemory, _ count: Int, from address: UInt64, _ page: Int) {
        guard let bytes = unsafe memory.bytes.baseAddress else { return }
        let first = Int(address / UInt64(page))
        for number in 0..<count
        where unsafe !PageScan.isZero(UnsafeRawPointer(bytes + number * page), page) {
            filled[first + number] = true
        }
    }

    /// Whether all pages without bytes are pages of zeros.
    var areAllZero: Bool {
        report.outcome == .complete && report.kind == .full
            && report.level | report.partialLevel == 0
    }

    /// Whether a page of that class without bytes is a page of zeros: one of a class that the dump
    /// has, when it has all of it.
    func isZero(_ pageClass: PageClass) -> Bool {
        guard report.outcome == .complete, report.kind == .full,
            pageClass.isKept(at: report.level | report.partialLevel)
        else { return false }
        // Which pages of processes were a virtual machine's cannot be told any more.
        return pageClass.levelBit == 0 || !report.includesUserPages || report.includesGuestPages
    }
}

extension DumpedKernel {
    /// What our own note says; `nil` where there is none that can be read.
    var ownReport: OwnMark? {
        guard let note = notes.first(where: { $0.isOwn }) else { return nil }
        return try? JSONDocument.decode(OwnMark.self, from: note.descriptor.prefix { $0 != 0 })
    }
}

/// What counts here of our own note: that of a live dump, or of one that was written anew, which
/// need not have been live.
struct OwnMark: Decodable {
    let outcome: LiveDumpReport.Outcome
    let level: Int
    let kind: LiveDumpReport.Kind
    let includesUserPages: Bool
    let includesGuestPages: Bool
    /// Classes of which pages were left out, and not all.
    let partialLevel: Int
    /// Whether its words take huge pages of processes for the kernel's.
    let hidesHugePages: Bool

    private enum Key: String, CodingKey {
        case outcome, level, kind, includesUserPages, includesGuestPages, partialLevel
        case hidesHugePages
    }

    init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: Key.self)
        outcome = try members.decode(LiveDumpReport.Outcome.self, forKey: .outcome)
        level = try members.decode(Int.self, forKey: .level)
        kind = try members.decodeIfPresent(LiveDumpReport.Kind.self, forKey: .kind) ?? .full
        includesUserPages =
            try members.decodeIfPresent(Bool.self, forKey: .includesUserPages) ?? false
        includesGuestPages =
            try members.decodeIfPresent(Bool.self, forKey: .includesGuestPages) ?? false
        partialLevel = try members.decodeIfPresent(Int.self, forKey: .partialLevel) ?? 0
        hidesHugePages = try members.decodeIfPresent(Bool.self, forKey: .hidesHugePages) ?? false
    }
}

/// Reads pages that hold a byte other than zero, and no other.
final class FilledPageReader: MemoryReader {
    private let base: any MemoryReader
    private let filled: MappedBitmap
    private let pageByteCount: UInt64

    init(_ base: any MemoryReader, filled: MappedBitmap, pageByteCount: Int) {
        self.base = base
        self.filled = filled
        self.pageByteCount = UInt64(pageByteCount)
    }

    func read(at address: UInt64, into destination: UnsafeMutableRawBufferPointer) -> Int {
        var count = 0
        while count < destination.count {
            let place = address &+ UInt64(count)
            let frame = place / pageByteCount
            guard frame < UInt64(filled.count), filled[Int(frame)] else { break }
            count += Int(pageByteCount - place % pageByteCount)
        }
        count = min(count, destination.count)
        guard count > 0 else { return 0 }
        return unsafe base.read(
            at: address, into: UnsafeMutableRawBufferPointer(rebasing: destination[..<count]))
    }
}

extension ELFNote {
    /// Whether it is our own note.
    var isOwn: Bool { name == DumpNotes.markName && type == DumpNotes.markType }
}
