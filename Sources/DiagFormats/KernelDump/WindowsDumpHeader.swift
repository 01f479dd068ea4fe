/// The first page or pages of a Windows memory dump, of 32 and 64 bits.
///
/// Source: Windows SDK 10.0.22621 `DUMP_HEADER32` and `DUMP_HEADER64`; offsets checked against
/// kdmp-parser 0.7.4 kdmp-parser-structs.h and, for 32 bits, Volatility 2.6 crash_vtypes.py.
/// Fields that the writer left as they were hold the text `PAGE` over and over: they are `nil`.
public struct WindowsDumpHeader: Hashable, Sendable {
    /// Where the fields lie, in bytes from the start of the file.
    private struct Layout {
        let headerByteCount, machine, processors, code, parameters, parameterByteCount: Int
        let memory, dumpType, requiredSpace, time, comment, upTime, product, writer: Int
    }

    private static let wide = Layout(
        headerByteCount: 0x2000, machine: 0x30, processors: 0x34, code: 0x38, parameters: 0x40,
        parameterByteCount: 8, memory: 0x88, dumpType: 0xF98, requiredSpace: 0xFA0, time: 0xFA8,
        comment: 0xFB0, upTime: 0x1030, product: 0x1040, writer: 0x1048)
    private static let narrow = Layout(
        headerByteCount: 0x1000, machine: 0x20, processors: 0x24, code: 0x28, parameters: 0x2C,
        parameterByteCount: 4, memory: 0x64, dumpType: 0xF88, requiredSpace: 0xFA0, time: 0xFC0,
        comment: 0x820, upTime: 0xFB8, product: 0xF94, writer: 0xF9C)

    /// The text that fills what was not written.
    public static let filler: UInt32 = 0x4547_4150
    /// Bytes that hold every header: the larger of the two.
    public static let largestByteCount = 0x2000
    /// Runs of memory that the header has room for; more are not believed.
    public static let largestRunCount = 86

    /// Whether it is of a 64-bit Windows.
    public var is64Bit: Bool
    /// Bytes of the header; what is special to the type follows.
    public var headerByteCount: Int
    /// `MajorVersion`: 15 for a free build, 12 for a checked one.
    public var majorVersion: UInt32
    /// `MinorVersion`: the build number.
    public var build: UInt32
    /// `MachineImageType`: 0x8664, 0xAA64, 0x14C.
    public var machine: UInt32
    /// `NumberProcessors`.
    public var processorCount: UInt32?
    /// `BugCheckCode`.
    public var code: UInt32
    /// `BugCheckParameter1` to 4.
    public var parameters: [UInt64]
    /// `NumberOfPages` of the machine's physical memory.
    public var memoryPageCount: UInt64?
    /// `NumberOfRuns` of the machine's physical memory.
    public var memoryRunCount: UInt32?
    /// `DumpType`; 0 before Windows 2000.
    public var type: UInt32?
    /// `RequiredDumpSpace`: bytes that the whole file needs.
    public var requiredByteCount: UInt64?
    /// `SystemTime`: units of 100 nanoseconds since 1601.
    public var systemTime: UInt64?
    /// `SystemUpTime`: units of 100 nanoseconds.
    public var upTime: UInt64?
    /// `Comment`; empty for none.
    public var comment: String
    /// `ProductType`: 1 workstation, 2 domain controller, 3 server.
    public var product: UInt32?
    /// `WriterStatus`: 0 when the writer ended well.
    public var writerStatus: UInt32?

    /// Whether the first eight bytes are those of a Windows kernel dump.
    public static func isHeader(_ bytes: Span<UInt8>) -> Bool {
        guard let text = try? bytes.bytes(8, at: 0, field: "Signature") else { return false }
        return text == Array("PAGEDU64".utf8) || text == Array("PAGEDUMP".utf8)
    }

    /// Reads the header at the start of `bytes`, which hold all of it.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        guard Self.isHeader(bytes) else {
            throw .invalid(
                field: "Signature", offset: 0,
                value: try bytes.littleEndian(UInt64.self, at: 0, field: "Signature"))
        }
        let wide = bytes[6] == 0x36
        let layout = wide ? Self.wide : Self.narrow
        is64Bit = wide
        headerByteCount = layout.headerByteCount
        try bytes.check(headerByteCount, at: 0, field: "DUMP_HEADER")

        func word(_ offset: Int, _ field: String) throws(FormatError) -> UInt32 {
            try bytes.littleEndian(at: offset, field: field)
        }
        func written(_ offset: Int, _ field: String) throws(FormatError) -> UInt32? {
            let value = try word(offset, field)
            return value == Self.filler ? nil : value
        }
        func long(_ offset: Int, _ field: String) throws(FormatError) -> UInt64? {
            let value: UInt64 = try bytes.littleEndian(at: offset, field: field)
            return UInt32(truncatingIfNeeded: value) == Self.filler ? nil : value
        }

        majorVersion = try word(8, "MajorVersion")
        build = try word(12, "MinorVersion")
        machine = try word(layout.machine, "MachineImageType")
        processorCount = try written(layout.processors, "NumberProcessors")
        code = try word(layout.code, "BugCheckCode")
        var values = [UInt64]()
        for index in 0..<4 {
            let offset = layout.parameters + index * layout.parameterByteCount
            values.append(
                wide
                    ? try bytes.littleEndian(at: offset, field: "BugCheckParameter")
                    : UInt64(try word(offset, "BugCheckParameter")))
        }
        parameters = values
        memoryRunCount = try written(layout.memory, "NumberOfRuns")
        memoryPageCount =
            wide
            ? try long(layout.memory + 8, "NumberOfPages")
            : try written(layout.memory + 4, "NumberOfPages").map { UInt64($0) }
        if let count = memoryRunCount, count > Self.largestRunCount {
            memoryRunCount = nil
            memoryPageCount = nil
        }
        type = try written(layout.dumpType, "DumpType")
        requiredByteCount = try long(layout.requiredSpace, "RequiredDumpSpace")
        systemTime = try long(layout.time, "SystemTime")
        upTime = try long(layout.upTime, "SystemUpTime")
        let text = try bytes.bytes(128, at: layout.comment, field: "Comment")
        comment =
            text.starts(with: "PAGE".utf8)
            ? "" : try bytes.text(128, at: layout.comment, field: "Comment")
        product = try written(layout.product, "ProductType")
        writerStatus = try written(layout.writer, "WriterStatus")
    }

    /// ``systemTime`` in microseconds since 1970; `nil` outside the years 1970 to 9999.
    public var timeMicroseconds: Int64? {
        guard let systemTime, systemTime >= 116_444_736_000_000_000 else { return nil }
        let microseconds = (systemTime - 116_444_736_000_000_000) / 10
        return microseconds < 253_402_300_800_000_000 ? Int64(microseconds) : nil
    }
}
