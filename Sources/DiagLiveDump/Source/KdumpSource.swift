public import DiagFormats
internal import DiagModel
internal import DiagSystem
public import SystemPackage

/// The memory in a kdump-compressed file: of makedumpfile, of ours, also incomplete or flattened.
///
/// Source: makedumpfile 1.7.2 diskdump_mod.h; the layout is that of ``KdumpHeader``.
public final class KdumpSource: MemorySource {
    /// What is known of the kernel.
    public let kernel: DumpedKernel
    /// The ranges of memory, as the first bitmap has them.
    public let ranges: [MemoryRange]
    /// The two headers.
    public let header: KdumpHeader
    /// The page frames that are memory.
    let present: MappedBitmap
    /// The page frames that the file has.
    let dumped: MappedBitmap
    /// How many page frames the file has.
    public let dumpedCount: Int
    let file: DumpFile
    /// How many page frames are dumped before each 512.
    private let ranks: MappedWords

    /// Reads headers, notes and bitmaps of the file at `path`.
    public convenience init(path: FilePath) throws(LiveDumpError) {
        try self.init(DumpFile(path: path))
    }

    init(_ file: DumpFile) throws(LiveDumpError) {
        self.file = file
        let head = try file.bytes(
            Int(min(file.byteCount, 65_536 + UInt64(KdumpHeader.subHeaderByteCount))), at: 0,
            "the header")
        do { header = try KdumpHeader(parsing: head.span) } catch {
            throw LiveDumpError(.unsupported, "\(file.name): \(error)")
        }
        let limit = header.pageFrameLimit
        guard limit <= ELFCoreSource.frameLimit else {
            throw LiveDumpError(.unsupported, "\(file.name): \(limit) page frames")
        }
        present = try Self.bitmap(file, header.bitmapOffset, limit)
        dumped = try Self.bitmap(file, header.bitmapOffset &+ header.bitmapByteCount, limit)
        do { ranks = try MappedWords(count: Int(limit) / 512 + 2) } catch {
            throw LiveDumpError(.inputOutput, error.description)
        }
        dumpedCount = Self.count(dumped, into: ranks)
        ranges = try Self.ranges(present, dumped, UInt64(header.blockByteCount), file)
        kernel = Self.kernel(header, file)
    }

    /// Whether pages that were to be dumped are missing.
    public var isIncomplete: Bool { header.status.contains(.incomplete) }

    /// Whether bytes of pages lie behind the end of the file: all of the table is read for that.
    func isCut() throws(LiveDumpError) -> Bool {
        let reader = try KdumpReader(self)
        for index in 0..<dumpedCount {
            guard let page = reader.descriptor(at: index) else { return true }
            let end = page.offset.addingReportingOverflow(UInt64(page.byteCount))
            if page.byteCount > 0, end.overflow || end.partialValue > file.byteCount {
                return true
            }
        }
        return false
    }

    /// Opens the file for one thread: all share one descriptor.
    public func makeReader() throws(LiveDumpError) -> any MemoryReader { try KdumpReader(self) }

    /// The place of a page frame in the table, when the file has it.
    @inline(__always) func index(of frame: UInt64) -> Int? {
        guard frame < UInt64(dumped.count) else { return nil }
        let frame = Int(frame)
        guard dumped[frame] else { return nil }
        var rank = Int(truncatingIfNeeded: ranks[frame >> 9])
        var word = (frame >> 9) << 3
        while word < frame >> 6 {
            rank += unsafe dumped.memory.bytes.load(
                fromByteOffset: word * 8, as: UInt64.self
            ).nonzeroBitCount
            word += 1
        }
        let bits = unsafe dumped.memory.bytes.load(fromByteOffset: word * 8, as: UInt64.self)
        return rank + (bits & ((1 << UInt64(frame & 63)) &- 1)).nonzeroBitCount
    }

    private static func bitmap(
        _ file: DumpFile, _ offset: UInt64, _ limit: UInt64
    ) throws(LiveDumpError) -> MappedBitmap {
        let byteCount = (limit + 7) / 8
        // A flattened file of a few bytes may claim any length: only bytes that it has count.
        guard file.has(byteCount, at: offset) else {
            throw LiveDumpError(
                .inputOutput, "\(file.name): the bitmap at offset \(offset) is not all there")
        }
        let bitmap: MappedBitmap
        do { bitmap = try MappedBitmap(count: Int(limit)) } catch {
            throw LiveDumpError(.inputOutput, error.description)
        }
        let count = unsafe file.read(
            into: UnsafeMutableRawBufferPointer(
                rebasing: bitmap.memory.bytes[..<Int(byteCount)]), at: offset)
        guard count == Int(byteCount) else {
            throw LiveDumpError(.inputOutput, "\(file.name): the bitmap cannot be read")
        }
        // Bits behind the last page frame mean nothing.
        for bit in Int(limit)..<(Int(byteCount) * 8) {
            let old = unsafe bitmap.memory.bytes[bit >> 3]
            unsafe bitmap.memory.bytes[bit >> 3] = old & ~(1 << UInt8(bit & 7))
        }
        return bitmap
    }

    private static func count(_ bitmap: MappedBitmap, into ranks: MappedWords) -> Int {
        var sum = 0
        let words = (bitmap.count + 63) / 64
        for block in 0..<(words + 7) / 8 {
            ranks[block] = UInt64(sum)
            for word in (block * 8)..<min(words, block * 8 + 8) {
                sum += unsafe bitmap.memory.bytes.load(
                    fromByteOffset: word * 8, as: UInt64.self
                ).nonzeroBitCount
            }
        }
        return sum
    }

    /// Consecutive page frames that are memory, or are in the file although no memory.
    private static func ranges(
        _ present: MappedBitmap, _ dumped: MappedBitmap, _ page: UInt64, _ file: DumpFile
    ) throws(LiveDumpError) -> [MemoryRange] {
        var ranges = [MemoryRange]()
        var start: UInt64?
        func end(_ frame: UInt64) {
            guard let first = start else { return }
            ranges.append(
                MemoryRange(
                    physicalAddress: first * page, byteCount: (frame - first) * page,
                    fileOffset: 0, virtualAddress: 0))
            start = nil
        }
        for word in 0..<((present.count + 63) / 64) {
            var bits = unsafe present.memory.bytes.load(
                fromByteOffset: word * 8, as: UInt64.self)
            unsafe bits |= dumped.memory.bytes.load(fromByteOffset: word * 8, as: UInt64.self)
            let frame = UInt64(word) * 64
            if bits == .max {
                if start == nil { start = frame }
                continue
            }
            if bits == 0 {
                end(frame)
                continue
            }
            for bit in UInt64(0)..<64 {
                if bits & (1 << bit) == 0 {
                    end(frame + bit)
                } else if start == nil {
                    start = frame + bit
                }
            }
            guard ranges.count < 1 << 20 else {
                throw LiveDumpError(.unsupported, "\(file.name): memory in too many pieces")
            }
        }
        end(UInt64(present.count))
        return ranges
    }

    private static func kernel(_ header: KdumpHeader, _ file: DumpFile) -> DumpedKernel {
        func part(_ offset: Int64, _ count: UInt64, atMost most: UInt64) -> [UInt8] {
            guard offset > 0, count > 0, count <= most else { return [] }
            return (try? file.bytes(Int(count), at: UInt64(offset), "notes")) ?? []
        }
        var info = part(header.vmcoreInfoOffset, header.vmcoreInfoByteCount, atMost: 1 << 20)
        let bytes = part(header.notesOffset, header.notesByteCount, atMost: 64 << 20)
        let notes = (try? ELFNote.parse(bytes.span)) ?? []
        if info.isEmpty { info = notes.first { $0.name == "VMCOREINFO" }?.descriptor ?? [] }
        let name = header.uts.count > 4 ? header.uts[4] : ""
        let values = VMCoreInfo(parsing: info.span)
        // QEMU 7.2 leaves the machine's name empty.
        let isArm = name == "aarch64" || (name.isEmpty && values.number("kimage_voffset") != nil)
        var uts = header.uts
        if uts.count > 4, uts[4].isEmpty { uts[4] = isArm ? "aarch64" : "x86_64" }
        return DumpedKernel(
            uts: uts, machine: isArm ? 183 : name.isEmpty || name == "x86_64" ? 62 : 0,
            pageByteCount: Int(header.blockByteCount), vmcoreInfo: info,
            physicalBase: values.number("phys_base") ?? header.physicalBase,
            processorCount: max(0, Int(header.processorCount)), notes: notes)
    }
}
