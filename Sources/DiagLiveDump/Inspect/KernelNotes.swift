internal import DiagFormats
internal import DiagModel

/// What the notes of a dump tell of its kernel, its processors and its writer.
struct KernelNotes {
    /// What the kernel says of itself.
    var vmcoreInfo: VMCoreInfo?
    /// Our own note.
    private(set) var report: JSONValue?
    /// Processors with a note, and those whose registers are not all zero.
    private(set) var processors = (count: 0, withRegisters: 0)
    /// Crash's mark of a live dump.
    private(set) var hasSnap = false
    /// QEMU's own notes of the processors.
    private(set) var isQEMU = false
    /// The content of a task, as only /proc/kcore gives it.
    private(set) var hasTask = false
    /// Notes that only the core of a process has: auxiliary vector, files, signal.
    private(set) var isProcess = false
    /// Program, arguments and number of the process.
    private(set) var process: (name: String, arguments: String, identifier: UInt32)?
    /// The signal that the first thread got.
    private(set) var signal: UInt16?
    /// Why the notes could not be read to their end.
    private(set) var damage: String?

    /// Type of the note of ours.
    static let ownType: UInt32 = 0x161
    /// Bytes of it that are believed.
    private static let largestReport = 4 << 20

    /// Adds the notes of one area.
    mutating func add(_ bytes: [UInt8], machine: UInt16?) {
        let notes: [ELFNote]
        do throws(FormatError) { notes = try ELFNote.parse(bytes.span) } catch {
            damage = error.description
            return
        }
        for note in notes { add(note) }
    }

    private mutating func add(_ note: ELFNote) {
        switch (note.name, note.type) {
        case ("VMCOREINFO", _):
            if vmcoreInfo == nil { vmcoreInfo = VMCoreInfo(parsing: note.descriptor.span) }
        case ("DIAGBUNDLE", Self.ownType):
            guard note.descriptor.count <= Self.largestReport else { return }
            let text = note.descriptor.prefix { $0 != 0 }
            report = try? JSONDocument.decode(JSONValue.self, from: text)
        case ("SNAP", ELFNote.taskStructure): hasSnap = true
        case ("QEMU", _): isQEMU = true
        case ("CORE", ELFNote.processorStatus): addProcessor(note.descriptor)
        case ("CORE", 3): addProcess(note.descriptor)
        case ("CORE", ELFNote.taskStructure): hasTask = true
        case ("CORE", 6), ("CORE", 0x4649_4C45), ("CORE", 0x5349_4749): isProcess = true
        default: break
        }
    }

    private mutating func addProcessor(_ status: [UInt8]) {
        processors.count += 1
        // pr_reg begins at byte 112 on every 64-bit machine; pr_fpvalid ends the structure.
        if status.count > 120, status[112..<(status.count - 8)].contains(where: { $0 != 0 }) {
            processors.withRegisters += 1
        }
        if signal == nil, status.count > 14 {
            signal = UInt16(status[12]) | UInt16(status[13]) << 8
        }
    }

    /// Source: Linux 6.1 include/linux/elfcore.h, `struct elf_prpsinfo`, 64 bits.
    private mutating func addProcess(_ bytes: [UInt8]) {
        guard bytes.count >= 136 else { return }
        func text(_ range: Range<Int>) -> String {
            UntrustedText.escapingForPath(bytes[range].prefix { $0 != 0 })
        }
        let number = (24..<28).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32(bytes[$1]) }
        process = (text(40..<56), text(56..<136), number)
    }

    /// Puts what the notes tell into a description.
    func apply(to result: inout DumpDescription) {
        if let damage { result.warnings.append("The notes are damaged: \(damage)") }
        if processors.count > 0 {
            result.processorCount = result.processorCount ?? processors.count
            result.registerCount = processors.withRegisters
        }
        if let vmcoreInfo { apply(vmcoreInfo, to: &result) }
        if isQEMU {
            // QEMU leaves out nothing but pages of zeros: more was left out by a later filter.
            if (result.level ?? 0) <= 1 { result.writer = "QEMU" }
            result.kind = "dump of a virtual machine by its host"
        }
        if hasSnap {
            result.isLive = true
            result.kind = "live kernel dump"
            result.consistency = "smeared"
        }
        if let report { result.apply(report: report) }
    }

    private func apply(_ info: VMCoreInfo, to result: inout DumpDescription) {
        result.system = "Linux"
        result.release = result.release ?? info.release
        result.buildIdentifier = info.buildIdentifier
        result.kernelOffset = info.kernelOffset.map { HexadecimalText.describe($0) }
        if let size = info.pageByteCount, result.pageByteCount == nil,
            [4096, 16_384, 65_536].contains(size)
        {
            result.pageByteCount = size
        }
        guard let time = info.crashTime else { return }
        result.kind = "kernel crash dump"
        result.isLive = false
        if result.time == nil, time > 0, time < 253_402_300_800 {
            result.time = Timestamp(microsecondsSince1970: time * 1_000_000)
        }
    }
}
