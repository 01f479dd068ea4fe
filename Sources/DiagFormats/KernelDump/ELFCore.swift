internal import DiagModel

/// The header of a 64-bit little-endian ELF file, as /proc/kcore and vmcore files have.
///
/// Source: System V ABI, ELF-64 object file format, version 1.5, section 3; the extension of
/// `e_phnum` by section 0: Linux 6.1 include/uapi/linux/elf.h, `PN_XNUM`.
public struct ELFHeader: Hashable, Sendable {
    /// Bytes of the header.
    public static let byteCount = 64
    /// Type of a core file.
    public static let coreType: UInt16 = 4
    /// The value of `e_phnum` that says that the true count stands in section header 0.
    public static let extendedCount: UInt16 = 0xFFFF

    /// `e_type`: 4 for a core file.
    public var type: UInt16
    /// `e_machine`: 62 for x86-64, 183 for AArch64.
    public var machine: UInt16
    /// `e_phoff`: where the program headers begin, in bytes.
    public var programHeaderOffset: UInt64
    /// `e_shoff`: where the section headers begin, in bytes; 0 for none.
    public var sectionHeaderOffset: UInt64
    /// `e_phnum` as it stands there.
    public var programHeaderCount: UInt16

    /// A core file's header.
    public init(
        machine: UInt16, programHeaderOffset: UInt64 = 64, sectionHeaderOffset: UInt64 = 0,
        programHeaderCount: UInt16
    ) {
        type = Self.coreType
        self.machine = machine
        self.programHeaderOffset = programHeaderOffset
        self.sectionHeaderOffset = sectionHeaderOffset
        self.programHeaderCount = programHeaderCount
    }

    /// Reads the header at the start of `bytes`.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        let magic: UInt32 = try bytes.littleEndian(at: 0, field: "EI_MAG")
        guard magic == 0x464C_457F else {
            throw .invalid(field: "EI_MAG", offset: 0, value: UInt64(magic))
        }
        let kind: UInt16 = try bytes.littleEndian(at: 4, field: "EI_CLASS and EI_DATA")
        guard kind == 0x0102 else {  // ELFCLASS64, ELFDATA2LSB
            throw .invalid(field: "EI_CLASS and EI_DATA", offset: 4, value: UInt64(kind))
        }
        type = try bytes.littleEndian(at: 16, field: "e_type")
        machine = try bytes.littleEndian(at: 18, field: "e_machine")
        programHeaderOffset = try bytes.littleEndian(at: 32, field: "e_phoff")
        sectionHeaderOffset = try bytes.littleEndian(at: 40, field: "e_shoff")
        let entryByteCount: UInt16 = try bytes.littleEndian(at: 54, field: "e_phentsize")
        programHeaderCount = try bytes.littleEndian(at: 56, field: "e_phnum")
        guard programHeaderCount == 0 || Int(entryByteCount) == ELFProgramHeader.byteCount else {
            throw .invalid(field: "e_phentsize", offset: 54, value: UInt64(entryByteCount))
        }
        try bytes.check(Self.byteCount, at: 0, field: "Elf64_Ehdr")
    }

    /// Its 64 bytes.
    public var encoded: [UInt8] {
        var bytes: [UInt8] = [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1] + Array(repeating: 0, count: 9)
        bytes.appendLittleEndian(type)
        bytes.appendLittleEndian(machine)
        bytes.appendLittleEndian(UInt32(1))  // e_version
        bytes.appendLittleEndian(UInt64(0))  // e_entry
        bytes.appendLittleEndian(programHeaderOffset)
        bytes.appendLittleEndian(sectionHeaderOffset)
        bytes.appendLittleEndian(UInt32(0))  // e_flags
        bytes.appendLittleEndian(UInt16(Self.byteCount))
        bytes.appendLittleEndian(UInt16(ELFProgramHeader.byteCount))
        bytes.appendLittleEndian(programHeaderCount)
        bytes.appendLittleEndian(UInt16(64))  // e_shentsize
        bytes.appendLittleEndian(UInt16(sectionHeaderOffset == 0 ? 0 : 1))
        bytes.appendLittleEndian(UInt16(0))  // e_shstrndx
        return bytes
    }
}

/// One program header of a 64-bit little-endian ELF file. Source: as for ``ELFHeader``, section 5.
public struct ELFProgramHeader: Hashable, Sendable {
    /// Bytes of one.
    public static let byteCount = 56

    /// `p_type`.
    public enum Kind: UInt32, Sendable {
        /// Bytes of memory.
        case load = 1
        /// Notes.
        case note = 4
    }

    /// `p_type`: 1 for memory, 4 for notes.
    public var type: UInt32
    /// `p_flags`.
    public var flags: UInt32
    /// `p_offset`: where its bytes begin in the file.
    public var fileOffset: UInt64
    /// `p_vaddr`.
    public var virtualAddress: UInt64
    /// `p_paddr`; all ones where a kernel gives none.
    public var physicalAddress: UInt64
    /// `p_filesz`, in bytes.
    public var fileByteCount: UInt64
    /// `p_memsz`, in bytes.
    public var memoryByteCount: UInt64

    /// A program header by its fields.
    public init(
        kind: Kind, flags: UInt32 = 0, fileOffset: UInt64, virtualAddress: UInt64 = 0,
        physicalAddress: UInt64 = 0, fileByteCount: UInt64, memoryByteCount: UInt64
    ) {
        type = kind.rawValue
        self.flags = flags
        self.fileOffset = fileOffset
        self.virtualAddress = virtualAddress
        self.physicalAddress = physicalAddress
        self.fileByteCount = fileByteCount
        self.memoryByteCount = memoryByteCount
    }

    /// Reads the program header at `offset`.
    public init(parsing bytes: Span<UInt8>, at offset: Int = 0) throws(FormatError) {
        try bytes.check(Self.byteCount, at: offset, field: "Elf64_Phdr")
        type = try bytes.littleEndian(at: offset, field: "p_type")
        flags = try bytes.littleEndian(at: offset + 4, field: "p_flags")
        fileOffset = try bytes.littleEndian(at: offset + 8, field: "p_offset")
        virtualAddress = try bytes.littleEndian(at: offset + 16, field: "p_vaddr")
        physicalAddress = try bytes.littleEndian(at: offset + 24, field: "p_paddr")
        fileByteCount = try bytes.littleEndian(at: offset + 32, field: "p_filesz")
        memoryByteCount = try bytes.littleEndian(at: offset + 40, field: "p_memsz")
    }

    /// Which kind it is; `nil` for one that memory files do not have.
    public var kind: Kind? { Kind(rawValue: type) }

    /// Its 56 bytes.
    public var encoded: [UInt8] {
        var bytes = [UInt8]()
        bytes.appendLittleEndian(type)
        bytes.appendLittleEndian(flags)
        bytes.appendLittleEndian(fileOffset)
        bytes.appendLittleEndian(virtualAddress)
        bytes.appendLittleEndian(physicalAddress)
        bytes.appendLittleEndian(fileByteCount)
        bytes.appendLittleEndian(memoryByteCount)
        bytes.appendLittleEndian(UInt64(0))  // p_align
        return bytes
    }
}
