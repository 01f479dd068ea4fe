/// The table that follows the header of a Windows dump and says which pages are in it.
///
/// Source: kdmp-parser 0.7.4 kdmp-parser-structs.h (`BMP_HEADER64`, `RDMP_HEADER64`,
/// `FULL_RDMP_HEADER64`); Windows DDK dump.h (`SUMMARY_DUMP32`, `TRIAGE_DUMP32` and 64).
public struct WindowsDumpTable: Hashable, Sendable {
    /// Bytes of the largest of them, without the bitmap.
    public static let byteCount = 0x38

    /// What kind of table it is.
    public enum Kind: Hashable, Sendable {
        /// `SDMP` or `FDMP`: one bit for each page frame.
        case bitmap
        /// `RDMP`: runs of pages, each a first page frame and a count of eight bytes each.
        case runs
        /// The offsets of a triage dump.
        case triage
    }

    /// What kind of table it is.
    public var kind: Kind
    /// Its signature as text: `SDMP`, `FDMP`, `RDMP`; empty for a triage dump.
    public var signature: String
    /// Where the first page lies in the file, in bytes; for a triage dump 0.
    public var firstPageOffset: UInt64
    /// Pages in the file, as the table says.
    public var presentPageCount: UInt64?
    /// Bits of the bitmap.
    public var bitCount: UInt64?
    /// Where the bitmap or the runs begin in the file, in bytes.
    public var tableOffset: UInt64?
    /// Bytes of the whole file, for a triage dump.
    public var dumpByteCount: UInt64?

    /// Reads what stands behind `header`; `bytes` begin there.
    ///
    /// - Returns: `nil` for a type that has no table, or one that is not known.
    public static func parse(
        _ bytes: Span<UInt8>, after header: WindowsDumpHeader
    ) throws(FormatError) -> WindowsDumpTable? {
        switch header.type {
        case 2, 5, 6: try bitmap(bytes, header)
        case 8, 9, 10: try ranges(bytes, header)
        case 4:
            WindowsDumpTable(
                kind: .triage, signature: "", firstPageOffset: 0,
                dumpByteCount: UInt64(
                    try bytes.littleEndian(UInt32.self, at: 4, field: "SizeOfDump")))
        default: nil
        }
    }

    private static func bitmap(
        _ bytes: Span<UInt8>, _ header: WindowsDumpHeader
    ) throws(FormatError) -> WindowsDumpTable {
        let signature = try bytes.text(4, at: 0, field: "Signature")
        let number: UInt32 = try bytes.littleEndian(at: 0, field: "Signature")
        let valid: UInt32 = try bytes.littleEndian(at: 4, field: "ValidDump")
        guard signature == "SDMP" || signature == "FDMP" else {
            throw .invalid(field: "Signature", offset: 0, value: UInt64(number))
        }
        guard valid == 0x504D_5544 else {  // "DUMP"
            throw .invalid(field: "ValidDump", offset: 4, value: UInt64(valid))
        }
        let base = UInt64(header.headerByteCount)
        guard header.is64Bit else {
            return WindowsDumpTable(
                kind: .bitmap, signature: signature,
                firstPageOffset: UInt64(
                    try bytes.littleEndian(UInt32.self, at: 12, field: "HeaderSize")),
                presentPageCount: UInt64(
                    try bytes.littleEndian(UInt32.self, at: 20, field: "Pages")),
                bitCount: UInt64(
                    try bytes.littleEndian(UInt32.self, at: 16, field: "BitmapSize")),
                tableOffset: base + 32)
        }
        return WindowsDumpTable(
            kind: .bitmap, signature: signature,
            firstPageOffset: try bytes.littleEndian(at: 0x20, field: "FirstPage"),
            presentPageCount: try bytes.littleEndian(at: 0x28, field: "TotalPresentPages"),
            bitCount: try bytes.littleEndian(at: 0x30, field: "Pages"),
            tableOffset: base + 0x38)
    }

    private static func ranges(
        _ bytes: Span<UInt8>, _ header: WindowsDumpHeader
    ) throws(FormatError) -> WindowsDumpTable {
        let marker: UInt32 = try bytes.littleEndian(at: 0, field: "Marker")
        let signature: UInt32 = try bytes.littleEndian(at: 4, field: "Signature")
        let valid: UInt32 = try bytes.littleEndian(at: 8, field: "ValidDump")
        guard marker == 0x40 else {
            throw .invalid(field: "Marker", offset: 0, value: UInt64(marker))
        }
        guard signature == 0x504D_4452 else {  // "RDMP"
            throw .invalid(field: "Signature", offset: 4, value: UInt64(signature))
        }
        guard valid == 0x504D_5544 else {
            throw .invalid(field: "ValidDump", offset: 8, value: UInt64(valid))
        }
        let metadata: UInt64 = try bytes.littleEndian(at: 0x10, field: "MetadataSize")
        let firstPage: UInt64 = try bytes.littleEndian(at: 0x18, field: "FirstPageOffset")
        let base = UInt64(header.headerByteCount)
        // The metadata fill what lies between this header and the first page.
        guard metadata >= 0x20, firstPage >= base + 0x40, metadata - 0x20 == firstPage - base - 0x40
        else { throw .invalid(field: "MetadataSize", offset: 0x10, value: metadata) }
        // A complete dump counts its pages; runs behind that count mean nothing.
        return WindowsDumpTable(
            kind: .runs, signature: "RDMP", firstPageOffset: firstPage,
            presentPageCount: header.type == 10
                ? try bytes.littleEndian(at: 0x28, field: "TotalNumberOfPages") : nil,
            tableOffset: base + 0x30)
    }
}
