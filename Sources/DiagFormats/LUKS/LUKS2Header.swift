/// The binary part of one of the two headers of an encrypted volume of LUKS version 2.
///
/// Source: LUKS2 On-Disk Format Specification 1.1.1, section 2.1. The salt of the header is never
/// read.
public struct LUKS2Header: Codable, Hashable, Sendable {
    /// Bytes of the binary part, which the text follows.
    public static let binaryByteCount = 4096

    /// Whether it is the one at the start of the volume.
    public var isPrimary: Bool
    /// 2.
    public var version: UInt16
    /// Bytes of the header with its text.
    public var headerSize: UInt64
    /// Rises with every change; the copy with the higher one counts.
    public var sequenceID: UInt64
    /// The volume's label.
    public var label: String
    /// The algorithm of the checksum.
    public var checksumAlgorithm: String
    /// The volume's identifier.
    public var uuid: String
    /// A second label.
    public var subsystem: String
    /// Where the header says it stands, in bytes.
    public var headerOffset: UInt64
    /// Whether the checksum over header and text is right; none when that could not be told.
    public var isChecksumValid: Bool?

    /// Reads the binary part of a header; ``isChecksumValid`` is left open.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        try LUKSMagic.check(bytes, LUKSMagic.primary, LUKSMagic.secondary)
        isPrimary = bytes[0] == 0x4C
        version = try bytes.bigEndian(at: 6, field: "version")
        guard version == 2 else {
            throw .invalid(field: "version", offset: 6, value: UInt64(version))
        }
        let size: UInt64 = try bytes.bigEndian(at: 8, field: "hdr_size")
        // The specification has nine sizes: 16 KiB and each twice the one before.
        guard (1 << 14...1 << 22).contains(size), size.nonzeroBitCount == 1 else {
            throw .invalid(field: "hdr_size", offset: 8, value: size)
        }
        headerSize = size
        sequenceID = try bytes.bigEndian(at: 16, field: "seqid")
        label = try bytes.text(48, at: 24, field: "label")
        checksumAlgorithm = try bytes.text(32, at: 72, field: "csum_alg")
        uuid = try bytes.text(40, at: 168, field: "uuid")
        subsystem = try bytes.text(48, at: 208, field: "subsystem")
        headerOffset = try bytes.bigEndian(at: 256, field: "hdr_offset")
        try bytes.check(Self.binaryByteCount, at: 0, field: "binary header")
    }

    /// The bytes that the checksum covers, and the checksum as it stands there.
    ///
    /// `bytes` are the whole header with its text. Both are for comparing, not for keeping.
    static func checksumParts(
        _ bytes: [UInt8], digestByteCount: Int
    ) -> (covered: [UInt8], stored: [UInt8])? {
        guard bytes.count >= binaryByteCount, (1...64).contains(digestByteCount) else { return nil }
        var covered = bytes
        for index in 448..<512 { covered[index] = 0 }
        return (covered, Array(bytes[448..<448 + digestByteCount]))
    }
}
