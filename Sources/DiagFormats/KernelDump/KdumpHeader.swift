internal import DiagModel

/// The two headers of a kdump-compressed file, version 6: block 0, and the sub header in block 1.
///
/// Source: makedumpfile 1.7.2 diskdump_mod.h (`struct disk_dump_header`, `struct
/// kdump_sub_header`), crash 8.0.6 diskdump.h. Offsets are those of 64-bit little-endian machines.
public struct KdumpHeader: Hashable, Sendable {
    /// The first eight bytes of a file.
    public static let signature = Array("KDUMP   ".utf8)
    /// Bytes of block 0 that mean something.
    public static let headerByteCount = 464
    /// Bytes of the sub header; notes may follow it at once.
    public static let subHeaderByteCount = 104

    /// How the pages of a file may be compressed, and what else is true of it.
    public struct Status: OptionSet, Hashable, Sendable {
        /// The bits as they stand in the file.
        public let rawValue: UInt32
        /// The bits as they stand in the file.
        public init(rawValue: UInt32) { self.rawValue = rawValue }
        /// Pages may be compressed with zlib.
        public static let zlib = Status(rawValue: 1)
        /// With LZO.
        public static let lzo = Status(rawValue: 2)
        /// With snappy.
        public static let snappy = Status(rawValue: 4)
        /// Not all pages that were to be dumped are there.
        public static let incomplete = Status(rawValue: 8)
        /// The map of pages was left out in part.
        public static let excludedVmemmap = Status(rawValue: 0x10)
        /// With zstd.
        public static let zstd = Status(rawValue: 0x20)
    }

    /// Version of the layout: 6 has 64-bit page frame numbers.
    public var version: Int32 = 6
    /// `sysname`, `nodename`, `release`, `version`, `machine`, `domainname`.
    public var uts: [String]
    /// When the dump began, in microseconds since 1970.
    public var timeMicroseconds: Int64
    /// Compression and completeness.
    public var status: Status
    /// Bytes of one block, which is one page.
    public var blockByteCount: Int32
    /// Blocks of the sub header with its notes.
    public var subHeaderBlockCount: Int32
    /// Blocks of both bitmaps together.
    public var bitmapBlockCount: UInt32
    /// Processors.
    public var processorCount: Int32
    /// Physical address of what the kernel image is linked for, modulo 2^64.
    public var physicalBase: UInt64
    /// Which classes of pages were left out: makedumpfile's bits.
    public var dumpLevel: Int32
    /// Where VMCOREINFO lies in the file, in bytes; it lies within the notes.
    public var vmcoreInfoOffset: Int64
    /// Bytes of VMCOREINFO.
    public var vmcoreInfoByteCount: UInt64
    /// Where the notes lie in the file, in bytes.
    public var notesOffset: Int64
    /// Bytes of the notes.
    public var notesByteCount: UInt64
    /// The first page frame number that the bitmaps do not have.
    public var pageFrameLimit: UInt64

    /// A header by its fields; `uts` has the six names of uname(2).
    public init(
        uts: [String], timeMicroseconds: Int64, status: Status, blockByteCount: Int32,
        subHeaderBlockCount: Int32, bitmapBlockCount: UInt32, processorCount: Int32,
        physicalBase: UInt64, dumpLevel: Int32, vmcoreInfoOffset: Int64,
        vmcoreInfoByteCount: UInt64, notesOffset: Int64, notesByteCount: UInt64,
        pageFrameLimit: UInt64
    ) {
        self.uts = uts
        self.timeMicroseconds = timeMicroseconds
        self.status = status
        self.blockByteCount = blockByteCount
        self.subHeaderBlockCount = subHeaderBlockCount
        self.bitmapBlockCount = bitmapBlockCount
        self.processorCount = processorCount
        self.physicalBase = physicalBase
        self.dumpLevel = dumpLevel
        self.vmcoreInfoOffset = vmcoreInfoOffset
        self.vmcoreInfoByteCount = vmcoreInfoByteCount
        self.notesOffset = notesOffset
        self.notesByteCount = notesByteCount
        self.pageFrameLimit = pageFrameLimit
    }

    /// Where the first bitmap begins, in bytes.
    public var bitmapOffset: UInt64 {
        (1 + UInt64(subHeaderBlockCount)) * UInt64(blockByteCount)
    }

    /// Bytes of one of the two bitmaps, padding included.
    public var bitmapByteCount: UInt64 { UInt64(bitmapBlockCount) / 2 * UInt64(blockByteCount) }

    /// Where the page descriptors begin, in bytes.
    public var descriptorOffset: UInt64 {
        bitmapOffset + UInt64(bitmapBlockCount) * UInt64(blockByteCount)
    }

    /// Block 0: `blockByteCount` bytes.
    public var encodedHeader: [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Int(blockByteCount))
        bytes.replaceSubrange(0..<8, with: Self.signature)
        bytes.setLittleEndian(version, at: 8)
        for (index, name) in uts.prefix(6).enumerated() {
            let text = Array(name.utf8.prefix(64))
            bytes.replaceSubrange((12 + index * 65)..<(12 + index * 65 + text.count), with: text)
        }
        bytes.setLittleEndian(timeMicroseconds / 1_000_000, at: 408)
        bytes.setLittleEndian(timeMicroseconds % 1_000_000, at: 416)
        bytes.setLittleEndian(status.rawValue, at: 424)
        bytes.setLittleEndian(blockByteCount, at: 428)
        bytes.setLittleEndian(subHeaderBlockCount, at: 432)
        bytes.setLittleEndian(bitmapBlockCount, at: 436)
        bytes.setLittleEndian(UInt32(clamping: pageFrameLimit), at: 440)
        bytes.setLittleEndian(processorCount, at: 460)
        return bytes
    }

    /// The sub header: 104 bytes.
    public var encodedSubHeader: [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Self.subHeaderByteCount)
        bytes.setLittleEndian(physicalBase, at: 0)
        bytes.setLittleEndian(dumpLevel, at: 8)
        bytes.setLittleEndian(vmcoreInfoOffset, at: 32)
        bytes.setLittleEndian(vmcoreInfoByteCount, at: 40)
        bytes.setLittleEndian(notesOffset, at: 48)
        bytes.setLittleEndian(notesByteCount, at: 56)
        bytes.setLittleEndian(pageFrameLimit, at: 96)
        return bytes
    }

    /// Reads block 0 and the sub header from the start of `bytes`, which hold both: at least
    /// `blockByteCount` + 104 bytes, the largest page size plus 104 to be safe.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        let signature = try bytes.bytes(8, at: 0, field: "signature")
        guard signature == Self.signature else {
            throw .invalid(
                field: "signature", offset: 0,
                value: try bytes.littleEndian(UInt64.self, at: 0, field: "signature"))
        }
        version = Int32(
            bitPattern: try bytes.littleEndian(UInt32.self, at: 8, field: "header_version"))
        guard (1...6).contains(version) else {
            throw .invalid(
                field: "header_version", offset: 8,
                value: UInt64(UInt32(bitPattern: version)))
        }
        var names = [String]()
        for index in 0..<6 {
            names.append(try bytes.text(65, at: 12 + index * 65, field: "utsname"))
        }
        uts = names
        let seconds = Int64(
            bitPattern: try bytes.littleEndian(UInt64.self, at: 408, field: "timestamp"))
        let microseconds = Int64(
            bitPattern: try bytes.littleEndian(UInt64.self, at: 416, field: "timestamp"))
        timeMicroseconds = seconds &* 1_000_000 &+ microseconds
        status = Status(rawValue: try bytes.littleEndian(at: 424, field: "status"))
        blockByteCount = Int32(
            bitPattern: try bytes.littleEndian(UInt32.self, at: 428, field: "block_size"))
        guard blockByteCount >= 4096, blockByteCount <= 65_536,
            blockByteCount & (blockByteCount - 1) == 0
        else {
            throw .invalid(
                field: "block_size", offset: 428, value: UInt64(UInt32(bitPattern: blockByteCount)))
        }
        subHeaderBlockCount = Int32(
            bitPattern: try bytes.littleEndian(UInt32.self, at: 432, field: "sub_hdr_size"))
        guard subHeaderBlockCount >= 0 else {
            throw .invalid(
                field: "sub_hdr_size", offset: 432,
                value: UInt64(UInt32(bitPattern: subHeaderBlockCount)))
        }
        bitmapBlockCount = try bytes.littleEndian(at: 436, field: "bitmap_blocks")
        let oldLimit: UInt32 = try bytes.littleEndian(at: 440, field: "max_mapnr")
        processorCount = Int32(
            bitPattern: try bytes.littleEndian(UInt32.self, at: 460, field: "nr_cpus"))
        let sub = Int(blockByteCount)
        physicalBase = try bytes.littleEndian(at: sub, field: "phys_base")
        dumpLevel =
            version >= 1
            ? Int32(
                bitPattern: try bytes.littleEndian(UInt32.self, at: sub + 8, field: "dump_level"))
            : 0
        let hasInfo = version >= 3
        vmcoreInfoOffset =
            hasInfo
            ? Int64(
                bitPattern: try bytes.littleEndian(
                    UInt64.self, at: sub + 32, field: "offset_vmcoreinfo")) : 0
        vmcoreInfoByteCount =
            hasInfo
            ? try bytes.littleEndian(UInt64.self, at: sub + 40, field: "size_vmcoreinfo") : 0
        let hasNotes = version >= 4
        notesOffset =
            hasNotes
            ? Int64(
                bitPattern: try bytes.littleEndian(UInt64.self, at: sub + 48, field: "offset_note"))
            : 0
        notesByteCount =
            hasNotes ? try bytes.littleEndian(UInt64.self, at: sub + 56, field: "size_note") : 0
        pageFrameLimit =
            version >= 6
            ? try bytes.littleEndian(UInt64.self, at: sub + 96, field: "max_mapnr_64")
            : UInt64(oldLimit)
        let bits = bitmapByteCount.multipliedReportingOverflow(by: 8)
        guard pageFrameLimit <= bits.partialValue, !bits.overflow else {
            throw .invalid(field: "max_mapnr", offset: 440, value: pageFrameLimit)
        }
    }
}

/// One entry of the table of pages: where a page's bytes lie, and how.
///
/// Source: makedumpfile 1.7.2 diskdump_mod.h, `struct page_desc`.
public struct KdumpPageDescriptor: Hashable, Sendable {
    /// Bytes of one.
    public static let byteCount = 24

    /// How the bytes of a page are compressed; 0 for not at all.
    public enum Compression: UInt32, Hashable, Sendable {
        /// As they are.
        case none = 0
        /// zlib.
        case zlib = 1
        /// LZO.
        case lzo = 2
        /// snappy.
        case snappy = 4
        /// zstd.
        case zstd = 0x20
    }

    /// Where the bytes lie in the file; 0 with size 0 for a page that could not be read.
    public var offset: UInt64
    /// How many bytes.
    public var byteCount: UInt32
    /// The compression's number.
    public var flags: UInt32
    /// The word of /proc/kpageflags, in files of ours; readers do not look at it.
    public var pageFlags: UInt64

    /// A descriptor by its fields.
    public init(offset: UInt64, byteCount: UInt32, flags: UInt32, pageFlags: UInt64) {
        self.offset = offset
        self.byteCount = byteCount
        self.flags = flags
        self.pageFlags = pageFlags
    }

    /// Reads the descriptor at `offset`.
    public init(parsing bytes: Span<UInt8>, at offset: Int = 0) throws(FormatError) {
        self.offset = try bytes.littleEndian(at: offset, field: "page_desc.offset")
        byteCount = try bytes.littleEndian(at: offset + 8, field: "page_desc.size")
        flags = try bytes.littleEndian(at: offset + 12, field: "page_desc.flags")
        pageFlags = try bytes.littleEndian(at: offset + 16, field: "page_desc.page_flags")
    }
}
