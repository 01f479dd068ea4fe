internal import DiagFormats
internal import DiagModel

/// An ELF core file: headers, notes and the sums of its segments.
struct ELFInspection {
    /// Segments of memory that are kept in mind, to find the names of the system.
    private static let largestLoadCount = 65_536
    /// Where x86-64 kernels have their image. Source: Linux 6.1 Documentation/x86/x86_64/mm.rst.
    private static let imageBase: UInt64 = 0xFFFF_FFFF_8000_0000

    private let dump: InspectedFile
    private let header: ELFHeader
    private var notes = KernelNotes()
    private var loads = [ELFProgramHeader]()
    private var loadCount = 0
    private var memory: UInt64 = 0
    private var stored: UInt64 = 0
    /// Of these bytes, those that lie within the file.
    private var held: UInt64 = 0
    private var end: UInt64 = 0
    private var hasKernelAddresses = false
    private var shortcomings = [String]()

    init(_ dump: InspectedFile, _ first: [UInt8]) throws(DumpInspectionError) {
        self.dump = dump
        if first.count > 6, first[4] != 2 || first[5] != 1 {
            throw DumpInspectionError(
                .notADump,
                "\(dump.name) is an ELF file of \(first[4] == 1 ? "32" : "64") bits, "
                    + "\(first[5] == 2 ? "big" : "little")-endian: only 64-bit little-endian "
                    + "kernels are known")
        }
        do throws(FormatError) { header = try ELFHeader(parsing: first.span) } catch {
            throw DumpInspectionError(damaged: dump.name, "ELF file", error)
        }
        guard header.type == ELFHeader.coreType else {
            let kinds: [UInt16: String] = [
                1: "an object file", 2: "a program", 3: "a program or shared library",
            ]
            let kind = kinds[header.type] ?? "of type \(header.type)"
            throw DumpInspectionError(
                .notADump, "\(dump.name) is an ELF file, but \(kind), not a core file")
        }
    }

    consuming func describe() throws(DumpInspectionError) -> DumpDescription {
        try readSegments()
        try checkKind()
        var result = DumpDescription(
            file: dump.name, byteCount: Int64(clamping: dump.storedByteCount), format: .elf,
            formatName: "ELF core file", kind: "kernel dump")
        result.compression = ["none"]
        result.machine = Self.machine(header.machine)
        if notes.hasTask {
            result.kind = "memory of a running kernel (/proc/kcore)"
            result.isLive = true
        }
        notes.apply(to: &result)
        if result.system == nil { result.system = "Linux" }
        let size = UInt64(result.pageByteCount ?? 4096)
        result.pageByteCount = Int(size)
        result.pages.present = Int(clamping: memory / size)
        // /proc/kcore has no bytes of its own.
        result.pages.dumped = Int(clamping: (notes.hasTask ? stored : held) / size)
        if let kept = result.pages.dumpedByClass {
            // In a sparse file what was left out reads as zeros: the note alone knows.
            let dumped = kept.values.reduce(0) { $0 &+ $1 }
            if held < stored, !notes.hasTask {
                // What the note counts is not all there, and where it was cut nobody counted.
                result.pages.dumped = min(dumped, Int(clamping: held / size))
                result.pages.dumpedByClass = nil
            } else {
                result.pages.dumped = dumped
            }
        } else if stored < memory, result.level == nil {
            // QEMU writes all memory; makedumpfile -E makes segments shorter in the file.
            if notes.isQEMU { result.writer = "makedumpfile" }
            result.leftOut = [
                "\(memory / size - stored / size) pages, which the file does not name"
            ]
        }
        for text in shortcomings { result.addShortcoming(text) }
        if end > dump.byteCount, !notes.hasTask {
            result.addShortcoming(
                "The file is cut: its segments need \(end) bytes, and it has \(dump.byteCount).")
        }
        if let names = try systemNames() { result.setNames(names) }
        return result
    }

    private static func machine(_ number: UInt16) -> String {
        switch number {
        case 62: "x86_64"
        case 183: "aarch64"
        case 21: "ppc64le"
        case 22: "s390x"
        case 243: "riscv64"
        default: "ELF machine \(number)"
        }
    }

    private mutating func readSegments() throws(DumpInspectionError) {
        var count = UInt64(header.programHeaderCount)
        if header.programHeaderCount == ELFHeader.extendedCount, header.sectionHeaderOffset > 0 {
            // sh_info of the first section header, which is 64 bytes.
            let (place, overflow) = header.sectionHeaderOffset.addingReportingOverflow(44)
            let bytes = overflow ? [] : try dump.bytes(at: place, count: 4)
            if bytes.count == 4 { count = bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) } }
        }
        let (byteCount, _) = count.multipliedReportingOverflow(
            by: UInt64(ELFProgramHeader.byteCount))
        var headers = [ELFProgramHeader]()
        var noteHeaders = [ELFProgramHeader]()
        var totals = (memory: UInt64(0), stored: UInt64(0), held: UInt64(0), end: UInt64(0))
        let available = dump.byteCount
        let read = try dump.scan(
            from: header.programHeaderOffset, byteCount: byteCount,
            unit: ELFProgramHeader.byteCount
        ) { bytes in
            var start = 0
            while start + ELFProgramHeader.byteCount <= bytes.count {
                defer { start += ELFProgramHeader.byteCount }
                guard let one = try? ELFProgramHeader(parsing: bytes.span, at: start) else {
                    continue
                }
                switch one.kind {
                case .note where noteHeaders.count < 64: noteHeaders.append(one)
                case .load:
                    loadCount += 1
                    if one.virtualAddress >= 0xFFFF_0000_0000_0000 { hasKernelAddresses = true }
                    totals.end = max(totals.end, one.fileOffset &+ one.fileByteCount)
                    // The kernel's image lies in a segment of physical memory too.
                    guard one.physicalAddress != .max, !Self.isImage(one, header.machine) else {
                        if headers.count < Self.largestLoadCount { headers.append(one) }
                        continue
                    }
                    totals.memory = totals.memory &+ max(one.memoryByteCount, one.fileByteCount)
                    totals.stored = totals.stored &+ one.fileByteCount
                    let rest = available - min(available, one.fileOffset)
                    totals.held = totals.held &+ min(one.fileByteCount, rest)
                    if headers.count < Self.largestLoadCount { headers.append(one) }
                default: break
                }
            }
        }
        if read < byteCount { shortcomings.append("The file ends within its program headers.") }
        loads = headers
        (memory, stored, held, end) = totals
        for one in noteHeaders {
            let wanted = min(one.fileByteCount, KdumpInspection.largestNotes)
            let content = try dump.bytes(at: one.fileOffset, count: Int(wanted))
            if UInt64(content.count) < one.fileByteCount {
                shortcomings.append("The notes are cut short.")
            }
            notes.add(content, machine: header.machine)
        }
    }

    private static func isImage(_ load: ELFProgramHeader, _ machine: UInt16) -> Bool {
        machine == 62 && load.virtualAddress >= imageBase
    }

    /// Tells the core of a process from that of a kernel.
    private func checkKind() throws(DumpInspectionError) {
        let isKernel =
            notes.vmcoreInfo != nil || notes.isQEMU || notes.hasTask || notes.hasSnap
            || notes.report != nil
        if isKernel { return }
        if notes.isProcess || (notes.process != nil && !hasKernelAddresses) {
            var text = "\(dump.name) is the core of a process, not of a kernel"
            if let process = notes.process {
                text += ": program \(process.name), process \(process.identifier)"
                if !process.arguments.isEmpty { text += ", started as \"\(process.arguments)\"" }
            }
            if let signal = notes.signal, signal > 0 { text += ", ended by signal \(signal)" }
            throw DumpInspectionError(.notADump, text + ". Open it with: gdb PROGRAM CORE")
        }
        if hasKernelAddresses || (notes.processors.count > 0 && loadCount > 0) || isCut { return }
        throw DumpInspectionError(
            .notADump,
            "\(dump.name) is an ELF core file, but nothing in it tells of a kernel: it has no "
                + "VMCOREINFO note, and no segment of kernel memory")
    }

    /// Whether the file ends before what would tell its kind.
    private var isCut: Bool { !shortcomings.isEmpty }

    /// Reads the names of uname(2) from the memory itself, where VMCOREINFO says where they lie.
    ///
    /// Source: Linux 6.1 Documentation/admin-guide/kdump/vmcoreinfo.rst, `init_uts_ns`.
    private func systemNames() throws(DumpInspectionError) -> [String]? {
        guard let info = notes.vmcoreInfo, let symbol = info.symbol("init_uts_ns"),
            let offset = info.offset("uts_namespace.name"), (0...4096).contains(offset)
        else { return nil }
        let address = symbol &+ UInt64(offset)
        var place: UInt64?
        for load in loads {
            var distance = address &- load.virtualAddress
            if load.virtualAddress == 0 || distance >= load.fileByteCount {
                guard let base = info.number("phys_base"), header.machine == 62,
                    load.physicalAddress != .max
                else { continue }
                distance = address &- Self.imageBase &+ base &- load.physicalAddress
            }
            guard distance < load.fileByteCount,
                load.fileByteCount - distance >= UInt64(SystemNames.byteCount)
            else { continue }
            place = load.fileOffset &+ distance
            break
        }
        guard let place else { return nil }
        return SystemNames.parse(
            try dump.bytes(at: place, count: SystemNames.byteCount), release: info.release)
    }
}
