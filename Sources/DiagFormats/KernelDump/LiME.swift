/// The head of one range of physical memory in a LiME file; version 2 is AVML's, where the bytes
/// follow as a snappy frame and the frame's size in eight bytes.
///
/// Source: LiME 1.12.0 doc/README.md, section "Spec"; AVML 0.20.0 src/image.rs. Numbers are
/// little-endian.
public struct LiMEHeader: Hashable, Sendable {
    /// Bytes of one.
    public static let byteCount = 32
    /// `LiME` as a number.
    public static let limeMagic: UInt32 = 0x4C69_4D45
    /// `AVML` as a number.
    public static let avmlMagic: UInt32 = 0x4C4D_5641

    /// Whether the bytes are compressed as AVML does it.
    public var isCompressed: Bool
    /// The first physical address.
    public var start: UInt64
    /// The last physical address, which belongs to the range.
    public var last: UInt64

    /// The head of a range.
    public init(isCompressed: Bool = false, start: UInt64, last: UInt64) {
        self.isCompressed = isCompressed
        self.start = start
        self.last = last
    }

    /// Bytes of memory in the range; `nil` when it is all that 64 bits can address.
    public var memoryByteCount: UInt64? {
        let (count, overflow) = (last &- start).addingReportingOverflow(1)
        return overflow ? nil : count
    }

    /// Whether the first four bytes are those of a file of this kind.
    public static func isHeader(_ bytes: Span<UInt8>) -> Bool {
        guard let magic = try? bytes.littleEndian(UInt32.self, at: 0, field: "magic") else {
            return false
        }
        return magic == limeMagic || magic == avmlMagic
    }

    /// Reads the head at `offset`.
    public init(parsing bytes: Span<UInt8>, at offset: Int = 0) throws(FormatError) {
        let magic: UInt32 = try bytes.littleEndian(at: offset, field: "magic")
        guard magic == Self.limeMagic || magic == Self.avmlMagic else {
            throw .invalid(field: "magic", offset: offset, value: UInt64(magic))
        }
        isCompressed = magic == Self.avmlMagic
        let version: UInt32 = try bytes.littleEndian(at: offset + 4, field: "version")
        guard version == (isCompressed ? 2 : 1) else {
            throw .invalid(field: "version", offset: offset + 4, value: UInt64(version))
        }
        start = try bytes.littleEndian(at: offset + 8, field: "s_addr")
        last = try bytes.littleEndian(at: offset + 16, field: "e_addr")
        try bytes.check(Self.byteCount, at: offset, field: "lime header")
        guard last >= start else {
            throw .invalid(field: "e_addr", offset: offset + 16, value: last)
        }
    }

    /// Its 32 bytes.
    public var encoded: [UInt8] {
        var bytes = [UInt8]()
        bytes.appendLittleEndian(isCompressed ? Self.avmlMagic : Self.limeMagic)
        bytes.appendLittleEndian(UInt32(isCompressed ? 2 : 1))
        bytes.appendLittleEndian(start)
        bytes.appendLittleEndian(last)
        bytes.appendLittleEndian(UInt64(0))
        return bytes
    }
}
