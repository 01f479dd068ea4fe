/// The headers of a program in the Portable Executable format, such as an EFI program.
///
/// Source: Microsoft PE Format specification, revision 11, sections "MS-DOS Stub", "COFF File
/// Header", "Optional Header" and "Section Table"; all integers little-endian.
public struct PEImage: Codable, Hashable, Sendable {
    /// One row of the section table.
    public struct Section: Codable, Hashable, Sendable {
        /// Its name, at most eight bytes, for example `.linux`.
        public let name: String
        /// Bytes in memory; what is behind them in the file is padding.
        public let virtualByteCount: UInt32
        /// Where its bytes begin in the file.
        public let fileOffset: UInt32
        /// How many bytes it has in the file.
        public let fileByteCount: UInt32

        /// Bytes of its content: those in the file without the padding.
        public var contentByteCount: UInt32 {
            virtualByteCount == 0 ? fileByteCount : min(virtualByteCount, fileByteCount)
        }
    }

    /// More sections than any program has; the Windows loader allows 96.
    static let sectionLimit = 512

    /// The machine type's number.
    public let machine: UInt16
    /// The machine in the words of Linux: `x86_64`, `aarch64`; the number for one not known here.
    public let machineName: String
    /// 10 an EFI application, 11 and 12 drivers.
    public let subsystem: UInt16
    /// Whether addresses have 64 bits (PE32+).
    public let is64Bit: Bool
    /// The time stamp as it stands there; reproducible builds keep something else in it.
    public let timeDateStamp: UInt32
    /// The sections, in the order of the table.
    public let sections: [Section]
    /// Where the attribute certificates stand in the file; 0 for none.
    public let certificateOffset: UInt32
    /// How many bytes of them there are; 0 for none.
    public let certificateByteCount: UInt32

    /// Reads the headers from the start of a file; its first 64 KiB are enough for any program.
    ///
    /// - Throws: ``FormatError`` when the bytes are no program, or end before the headers do.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        let magic: UInt16 = try bytes.littleEndian(at: 0, field: "e_magic")
        guard magic == 0x5A4D else {
            throw .invalid(field: "e_magic", offset: 0, value: UInt64(magic))
        }
        let start = Int(try bytes.littleEndian(UInt32.self, at: 0x3C, field: "e_lfanew"))
        let signature: UInt32 = try bytes.littleEndian(at: start, field: "Signature")
        guard signature == 0x4550 else {
            throw .invalid(field: "Signature", offset: start, value: UInt64(signature))
        }
        machine = try bytes.littleEndian(at: start + 4, field: "Machine")
        machineName = Self.machineNames[machine] ?? "0x" + String(machine, radix: 16)
        let sectionCount = Int(
            try bytes.littleEndian(UInt16.self, at: start + 6, field: "NumberOfSections"))
        guard sectionCount <= Self.sectionLimit else {
            throw .invalid(
                field: "NumberOfSections", offset: start + 6, value: UInt64(sectionCount))
        }
        timeDateStamp = try bytes.littleEndian(at: start + 8, field: "TimeDateStamp")
        let optionalByteCount = Int(
            try bytes.littleEndian(UInt16.self, at: start + 20, field: "SizeOfOptionalHeader"))
        let optional = start + 24
        let optionalMagic: UInt16 = try bytes.littleEndian(at: optional, field: "Magic")
        guard optionalMagic == 0x10B || optionalMagic == 0x20B else {
            throw .invalid(field: "Magic", offset: optional, value: UInt64(optionalMagic))
        }
        is64Bit = optionalMagic == 0x20B
        subsystem = try bytes.littleEndian(at: optional + 68, field: "Subsystem")
        let directories = optional + (is64Bit ? 108 : 92)
        let directoryCount: UInt32 = try bytes.littleEndian(
            at: directories, field: "NumberOfRvaAndSizes")
        let certificates = directories + 4 + 4 * 8
        if directoryCount > 4, certificates + 8 <= optional + optionalByteCount {
            certificateOffset = try bytes.littleEndian(
                at: certificates, field: "Certificate Table")
            certificateByteCount = try bytes.littleEndian(
                at: certificates + 4, field: "Certificate Table size")
        } else {
            certificateOffset = 0
            certificateByteCount = 0
        }
        var sections = [Section]()
        for index in 0..<sectionCount {
            let row = optional + optionalByteCount + index * 40
            sections.append(
                Section(
                    name: try bytes.text(8, at: row, field: "section Name"),
                    virtualByteCount: try bytes.littleEndian(at: row + 8, field: "VirtualSize"),
                    fileOffset: try bytes.littleEndian(at: row + 20, field: "PointerToRawData"),
                    fileByteCount: try bytes.littleEndian(at: row + 16, field: "SizeOfRawData")))
        }
        self.sections = sections
    }

    /// The first section called `name`.
    public func section(_ name: String) -> Section? { sections.first { $0.name == name } }

    /// Whether it holds a kernel in the way of the UAPI.5 Unified Kernel Image specification.
    public var isUnifiedKernelImage: Bool {
        section(".linux") != nil && section(".osrel") != nil
    }

    private static let machineNames: [UInt16: String] = [
        0x14C: "i386", 0x8664: "x86_64", 0xAA64: "aarch64", 0x1C0: "arm", 0x1C2: "arm",
        0x1C4: "arm", 0x5032: "riscv32", 0x5064: "riscv64", 0x6232: "loongarch32",
        0x6264: "loongarch64", 0xEBC: "ebc", 0x200: "ia64",
    ]
}
