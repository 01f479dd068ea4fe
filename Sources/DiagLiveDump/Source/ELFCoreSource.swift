internal import DiagFormats
internal import DiagModel
internal import DiagSystem
public import SystemPackage

/// The memory in an ELF core file: of QEMU, of `makedumpfile -E`, of kdump, of ours.
///
/// Source: System V ABI, ELF-64; ranges are those of `PT_LOAD` by `p_paddr`. Where two overlap, as
/// the kernel image does with the memory it lies in, the bytes are the same and one is taken.
public final class ELFCoreSource: MemorySource {
    /// The first page frame number that is too high: tables by page frame would be too large.
    static let frameLimit: UInt64 = 1 << 34
    private static let largestHeaderCount = 1 << 20
    private static let largestNotesByteCount = 64 << 20

    /// What is known of the kernel.
    public let kernel: DumpedKernel
    /// The ranges of memory.
    public let ranges: [MemoryRange]
    /// Whether memory that the headers name lies behind the end of the file.
    public let isCut: Bool
    let file: DumpFile

    /// Reads the headers and notes of the file at `path`.
    public convenience init(path: FilePath) throws(LiveDumpError) {
        try self.init(DumpFile(path: path))
    }

    init(_ file: DumpFile) throws(LiveDumpError) {
        self.file = file
        let header = try Self.header(file)
        let headers = try Self.programHeaders(header, file)
        var notes = [ELFNote]()
        for entry in headers where entry.kind == .note {
            guard entry.fileByteCount <= UInt64(Self.largestNotesByteCount) else {
                throw LiveDumpError(.unsupported, "\(file.name): the notes are too large")
            }
            let bytes = try file.bytes(Int(entry.fileByteCount), at: entry.fileOffset, "notes")
            // Damaged notes cost what they tell, not the memory.
            notes += (try? ELFNote.parse(bytes.span)) ?? []
        }
        let info = notes.first { $0.name == "VMCOREINFO" }?.descriptor ?? []
        let values = VMCoreInfo(parsing: info.span)
        let page = values.pageByteCount ?? 4096
        guard page >= 4096, page <= 65_536, page & (page - 1) == 0 else {
            throw LiveDumpError(.unsupported, "\(file.name): pages of \(page) bytes")
        }
        let loads = headers.filter { $0.kind == .load && $0.physicalAddress != .max }
        isCut = loads.contains {
            $0.fileByteCount > 0
                && ($0.fileOffset > file.byteCount
                    || $0.fileByteCount > file.byteCount - $0.fileOffset)
        }
        ranges = try Self.ranges(loads, page: UInt64(page), file: file)
        let image = header.machine == 62 ? Self.image(loads, page: UInt64(page)) : nil
        var base: UInt64 = 0
        if header.machine == 183 {
            base = values.number("PHYS_OFFSET") ?? 0
        } else if let number = values.number("phys_base") {
            base = number
        } else if let image {
            base = image.physicalAddress &- (image.virtualAddress &- KernelAddress.imageBase)
        } else if header.machine == 62,
            let empty = loads.first(where: { KernelAddress.isImage($0.virtualAddress) })
        {
            // crash's snapshots tell the base with a LOAD of no bytes, and have no other of the
            // image. Source: crash 8.0.6 extensions/snap.c.
            base = empty.physicalAddress &- (empty.virtualAddress &- KernelAddress.imageBase)
        }
        let processors = notes.count {
            $0.type == ELFNote.processorStatus && $0.name == "CORE"
        }
        let kernel = DumpedKernel(
            uts: [], machine: header.machine, pageByteCount: page, vmcoreInfo: info,
            physicalBase: base, image: image, processorCount: processors, notes: notes)
        self.kernel = Self.named(kernel, values, ranges, file)
    }

    /// Opens the file for one thread: all share one descriptor.
    public func makeReader() -> any MemoryReader { ELFCoreReader(file, ranges) }

    private static func header(_ file: DumpFile) throws(LiveDumpError) -> ELFHeader {
        let bytes = try file.bytes(ELFHeader.byteCount, at: 0, "the ELF header")
        let header: ELFHeader
        do { header = try ELFHeader(parsing: bytes.span) } catch {
            throw LiveDumpError(.unsupported, "\(file.name): \(error)")
        }
        guard header.type == ELFHeader.coreType else {
            throw LiveDumpError(.unsupported, "\(file.name) is not a core file")
        }
        return header
    }

    private static func programHeaders(
        _ header: ELFHeader, _ file: DumpFile
    ) throws(LiveDumpError) -> [ELFProgramHeader] {
        var count = Int(header.programHeaderCount)
        if header.programHeaderCount == ELFHeader.extendedCount {
            let section = try file.bytes(64, at: header.sectionHeaderOffset, "section header 0")
            count = section[44..<48].reversed().reduce(0) { $0 << 8 | Int($1) }
        }
        guard count <= largestHeaderCount else {
            throw LiveDumpError(.unsupported, "\(file.name): \(count) program headers")
        }
        let bytes = try file.bytes(
            count * ELFProgramHeader.byteCount, at: header.programHeaderOffset, "program headers")
        var headers = [ELFProgramHeader]()
        for index in 0..<count {
            guard
                let entry = try? ELFProgramHeader(
                    parsing: bytes.span, at: index * ELFProgramHeader.byteCount)
            else { break }
            headers.append(entry)
        }
        return headers
    }

    /// The parts of the file that are memory: whole pages, sorted, without overlap.
    private static func ranges(
        _ loads: [ELFProgramHeader], page: UInt64, file: DumpFile
    ) throws(LiveDumpError) -> [MemoryRange] {
        var ranges = [MemoryRange]()
        var covered: UInt64 = 0
        // A range of memory comes before the kernel image within it.
        let sorted = loads.sorted {
            ($0.physicalAddress, $1.fileByteCount) < ($1.physicalAddress, $0.fileByteCount)
        }
        // One that holds nothing is no memory, wherever it is said to lie: the physical base of an
        // image, which may be below zero.
        for load in sorted where load.fileByteCount > 0 && load.fileOffset < file.byteCount {
            let count = min(load.fileByteCount, file.byteCount - load.fileOffset)
            let end = load.physicalAddress.addingReportingOverflow(count)
            guard !end.overflow, end.partialValue / page <= frameLimit else {
                throw LiveDumpError(
                    .unsupported,
                    "\(file.name): memory at 0x\(String(load.physicalAddress, radix: 16))")
            }
            let start = max((load.physicalAddress + page - 1) / page * page, covered)
            let last = end.partialValue / page * page
            guard start < last else { continue }
            let skipped = start - load.physicalAddress
            ranges.append(
                MemoryRange(
                    physicalAddress: start, byteCount: last - start,
                    fileOffset: load.fileOffset + skipped,
                    virtualAddress: load.virtualAddress == 0
                        ? 0 : load.virtualAddress &+ skipped))
            covered = last
        }
        return ranges
    }

    private static func image(_ loads: [ELFProgramHeader], page: UInt64) -> MemoryRange? {
        loads.first { KernelAddress.isImage($0.virtualAddress) && $0.fileByteCount > 0 }.map {
            let start = $0.physicalAddress / page * page
            let count = min($0.fileByteCount, 1 << 31) / page * page
            return MemoryRange(
                physicalAddress: start, byteCount: count, fileOffset: $0.fileOffset,
                virtualAddress: $0.virtualAddress)
        }
    }

    /// Reads the names of uname(2) where the kernel keeps them.
    private static func named(
        _ kernel: DumpedKernel, _ info: VMCoreInfo, _ ranges: [MemoryRange], _ file: DumpFile
    ) -> DumpedKernel {
        var kernel = kernel
        let machine = kernel.machine == 62 ? "x86_64" : kernel.machine == 183 ? "aarch64" : ""
        kernel.uts = ["Linux", "", info.release ?? "", "", machine, ""]
        guard let symbol = info.symbol("init_uts_ns"),
            let address = KernelAddress.imagePhysical(symbol, kernel, info)
        else { return kernel }
        let place = address &+ UInt64(clamping: info.offset("uts_namespace.name") ?? 0)
        let reader = ELFCoreReader(file, ranges)
        var bytes = [UInt8](repeating: 0, count: 390)
        let count = unsafe bytes.withUnsafeMutableBytes {
            unsafe reader.readAcross(at: place, into: $0)
        }
        guard count == 390, info.release == nil || text(bytes, 2) == info.release else {
            return kernel
        }
        kernel.uts = (0..<6).map { text(bytes, $0) }
        if kernel.uts[4].isEmpty { kernel.uts[4] = machine }
        return kernel
    }

    private static func text(_ bytes: [UInt8], _ index: Int) -> String {
        let field = bytes[(index * 65)..<(index * 65 + 65)].prefix { $0 != 0 }
        return UntrustedText.escapingControls(UntrustedText.escapingInvalidUTF8(field))
    }
}

/// Reads memory out of an ELF core file.
private final class ELFCoreReader: MemoryReader {
    private let file: DumpFile
    private let ranges: [MemoryRange]
    private var last = 0

    init(_ file: DumpFile, _ ranges: [MemoryRange]) {
        self.file = file
        self.ranges = ranges
    }

    func read(at address: UInt64, into destination: UnsafeMutableRawBufferPointer) -> Int {
        guard let range = range(of: address) else { return 0 }
        let count = Int(min(UInt64(destination.count), range.end - address))
        return unsafe file.read(
            into: UnsafeMutableRawBufferPointer(rebasing: destination[..<count]),
            at: range.fileOffset + (address - range.physicalAddress))
    }

    private func range(of address: UInt64) -> MemoryRange? {
        if last < ranges.count, ranges[last].physicalAddress <= address, address < ranges[last].end
        {
            return ranges[last]
        }
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].end <= address { low = middle + 1 } else { high = middle }
        }
        guard low < ranges.count, ranges[low].physicalAddress <= address else { return nil }
        last = low
        return ranges[low]
    }
}

/// Where the kernel's own addresses lie.
enum KernelAddress {
    /// What x86-64 kernels are linked for. Source: Linux 6.1 arch/x86/include/asm/page_64_types.h,
    /// `__START_KERNEL_map`.
    static let imageBase: UInt64 = 0xFFFF_FFFF_8000_0000

    /// Whether an x86-64 address lies in the kernel image or the modules behind it.
    static func isImage(_ address: UInt64) -> Bool {
        address >= imageBase && address < 0xFFFF_FFFF_FF00_0000
    }

    /// The physical address of what the kernel image has at `address`.
    static func imagePhysical(
        _ address: UInt64, _ kernel: DumpedKernel, _ info: VMCoreInfo
    ) -> UInt64? {
        if kernel.machine == 62 {
            return isImage(address) ? address &- imageBase &+ kernel.physicalBase : nil
        }
        if kernel.machine == 183 { return info.number("kimage_voffset").map { address &- $0 } }
        return nil
    }
}

extension MemoryReader {
    /// Reads from `address` on, also where the next page lies in another range.
    func readAcross(at address: UInt64, into destination: UnsafeMutableRawBufferPointer) -> Int {
        var done = 0
        while done < destination.count {
            let count = unsafe read(
                at: address &+ UInt64(done),
                into: UnsafeMutableRawBufferPointer(rebasing: destination[done...]))
            if count <= 0 { break }
            done += count
        }
        return done
    }
}
