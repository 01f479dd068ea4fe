/// The head of a metadata area: where in its ring the metadata text lies.
///
/// Source: LVM2 2.03, lib/format_text/layout.h (`mda_header`, `raw_locn`). Little-endian. The head
/// fills the first 512 bytes; the text goes round in what follows and may run over the end of it.
public struct LVMMetadataArea: Codable, Hashable, Sendable {
    /// How many bytes to read at the offset that ``LVMLabel/metadataAreas`` gives.
    public static let headerByteCount = 512
    /// More than this is not taken for a metadata text: 16 MiB.
    public static let textByteLimit = 16 << 20

    /// Where one text lies.
    public struct Location: Codable, Hashable, Sendable {
        /// Bytes from the start of the area.
        public let offset: UInt64
        /// Its length, with the NUL at its end.
        public let byteCount: UInt64
        /// The checksum of the text.
        public let checksum: UInt32
        /// Whether LVM is told to pass the text over.
        public let isIgnored: Bool
    }

    /// Whether the head's checksum is right.
    public let isChecksumValid: Bool
    /// The version of the format: 1.
    public let version: UInt32
    /// Bytes from the start of the device.
    public let offset: UInt64
    /// The size of the area with its head.
    public let byteCount: UInt64
    /// The text that counts, and while a change is being made the next one.
    public let locations: [Location]

    /// Reads the head from the first 512 bytes of the area.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        let checksum: UInt32 = try bytes.littleEndian(at: 0, field: "mda_header checksum")
        let covered = try bytes.bytes(508, at: 4, field: "mda_header")
        // " LVM2 x[5A%r0N*>"
        guard covered.starts(with: " LVM2 x[5A%r0N*>".utf8) else {
            throw .invalid(
                field: "mda_header magic", offset: 4,
                value: try bytes.littleEndian(at: 4, field: "mda_header magic"))
        }
        isChecksumValid = LVMChecksum.of(covered) == checksum
        version = try bytes.littleEndian(at: 20, field: "mda_header version")
        offset = try bytes.littleEndian(at: 24, field: "mda_header start")
        byteCount = try bytes.littleEndian(at: 32, field: "mda_header size")
        var locations = [Location]()
        for at in stride(from: 40, through: 512 - 24, by: 24) {
            let place: UInt64 = try bytes.littleEndian(at: at, field: "raw_locn offset")
            if place == 0 { break }
            let flags: UInt32 = try bytes.littleEndian(at: at + 20, field: "raw_locn flags")
            locations.append(
                Location(
                    offset: place,
                    byteCount: try bytes.littleEndian(at: at + 8, field: "raw_locn size"),
                    checksum: try bytes.littleEndian(at: at + 16, field: "raw_locn checksum"),
                    isIgnored: flags & 1 != 0))
        }
        self.locations = locations
    }

    /// Where on the device the text that counts lies, in one or, where it runs over the end of
    /// the ring, two pieces; empty when there is none, or when the numbers are impossible.
    public var textRegions: [(offset: UInt64, count: Int)] {
        guard let location = locations.first, !location.isIgnored,
            byteCount > 512, offset <= UInt64(Int64.max), byteCount <= UInt64(Int64.max) - offset,
            location.offset >= 512, location.offset < byteCount,
            location.byteCount > 0, location.byteCount <= byteCount - 512,
            location.byteCount <= UInt64(Self.textByteLimit)
        else { return [] }
        let first = min(location.byteCount, byteCount - location.offset)
        let rest = location.byteCount - first
        let pieces = [(offset + location.offset, Int(first))]
        return rest == 0 ? pieces : pieces + [(offset + 512, Int(rest))]
    }

    /// Whether `text`, the pieces joined, has the checksum that the head gives.
    public func isValid(text: [UInt8]) -> Bool {
        guard let location = locations.first, UInt64(text.count) == location.byteCount else {
            return false
        }
        return LVMChecksum.of(text) == location.checksum
    }
}
