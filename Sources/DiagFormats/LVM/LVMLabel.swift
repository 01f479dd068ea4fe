/// What makes a device an LVM physical volume: its label and the header behind it.
///
/// Source: LVM2 2.03, lib/label/label.h and lib/format_text/layout.h (`label_header`,
/// `pv_header`, `pv_header_extension`, `disk_locn`). All numbers are little-endian.
public struct LVMLabel: Codable, Hashable, Sendable {
    /// Where to read: the label stands in one of the first four sectors.
    public static let region = (offset: UInt64(0), count: 4096)
    /// How many areas of one kind are taken; LVM itself makes at most two.
    private static let areaLimit = 32

    /// A part of the device.
    public struct Area: Codable, Hashable, Sendable {
        /// Bytes from the start of the device.
        public var offset: UInt64
        /// Its size; 0 for all up to the end of the device.
        public var byteCount: UInt64

        /// A part of the device.
        public init(offset: UInt64, byteCount: UInt64) {
            self.offset = offset
            self.byteCount = byteCount
        }
    }

    /// The sector of 512 bytes that the label is in, and that it names itself.
    public let sector: UInt64
    /// What wrote it: `LVM2 001`.
    public let type: String
    /// Whether the label's checksum is right.
    public let isChecksumValid: Bool
    /// The physical volume's UUID, in LVM's form of seven groups.
    public let uuid: String
    /// The size of the device when it became a physical volume.
    public let deviceByteCount: UInt64
    /// Where extents lie.
    public let dataAreas: [Area]
    /// Where metadata lies; none on a volume that leaves that to others.
    public let metadataAreas: [Area]
    /// The version of the header's extension; 0 without one.
    public let extensionVersion: UInt32
    /// Whether the extension says that a volume group uses the volume; `nil` without one.
    public let isInUse: Bool?
    /// The areas kept for a boot loader.
    public let bootloaderAreas: [Area]

    /// Finds and reads the label in the first sectors of a device.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        let mark = Array("LABELONE".utf8)
        var start: Int?
        for candidate in 0..<4 where start == nil {
            let offset = candidate * 512
            guard offset + 512 <= bytes.count else { break }
            if try bytes.bytes(8, at: offset, field: "label identifier") == mark { start = offset }
        }
        guard let start else {
            throw .invalid(
                field: "label identifier", offset: 0,
                value: try bytes.littleEndian(at: 0, field: "label identifier"))
        }
        let label = bytes.extracting(start..<(start + 512))
        sector = try label.littleEndian(at: 8, field: "label sector")
        let checksum: UInt32 = try label.littleEndian(at: 16, field: "label checksum")
        let covered = try label.bytes(492, at: 20, field: "label")
        isChecksumValid = LVMChecksum.of(covered) == checksum
        type = try label.text(8, at: 24, field: "label type")
        guard type == "LVM2 001" else {
            throw .invalid(
                field: "label type", offset: start + 24,
                value: try label.littleEndian(at: 24, field: "label type"))
        }
        let header: UInt32 = try label.littleEndian(at: 20, field: "physical volume header offset")
        guard var at = Int(exactly: header), at >= 32, at <= 512 - 40 else {
            throw .invalid(
                field: "physical volume header offset", offset: start + 20, value: UInt64(header))
        }
        uuid = Self.uuid(try label.bytes(32, at: at, field: "pv_uuid"))
        deviceByteCount = try label.littleEndian(at: at + 32, field: "device_size")
        at += 40
        dataAreas = try Self.areas(label, at: &at)
        metadataAreas = try Self.areas(label, at: &at)
        let version: UInt32 = (try? label.littleEndian(at: at, field: "extension version")) ?? 0
        extensionVersion = version
        if version > 0, at <= 504 {
            let flags: UInt32 = try label.littleEndian(at: at + 4, field: "extension flags")
            at += 8
            // Version 2 brought the flag 1, "used by a volume group".
            isInUse = version > 1 ? flags & 1 != 0 : nil
            bootloaderAreas = (try? Self.areas(label, at: &at)) ?? []
        } else {
            isInUse = nil
            bootloaderAreas = []
        }
    }

    /// The areas of one list, which an area of zeros ends; `at` moves behind that.
    private static func areas(
        _ label: Span<UInt8>, at: inout Int
    ) throws(FormatError) -> [Area] {
        var areas = [Area]()
        while areas.count < areaLimit {
            let offset: UInt64 = try label.littleEndian(at: at, field: "area offset")
            let byteCount: UInt64 = try label.littleEndian(at: at + 8, field: "area size")
            at += 16
            if offset == 0 { return areas }
            areas.append(Area(offset: offset, byteCount: byteCount))
        }
        throw .invalid(field: "areas", offset: at, value: UInt64(areas.count))
    }

    /// 32 letters and digits in LVM's groups of 6, 4, 4, 4, 4, 4 and 6.
    static func uuid(_ bytes: [UInt8]) -> String {
        var text = ""
        for (index, byte) in bytes.enumerated() {
            if [6, 10, 14, 18, 22, 26].contains(index) { text += "-" }
            let isPlain =
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
                || (0x61...0x7A).contains(byte) || byte == 0x21 || byte == 0x23
            text += isPlain ? String(Unicode.Scalar(byte)) : "?"
        }
        return text
    }
}
