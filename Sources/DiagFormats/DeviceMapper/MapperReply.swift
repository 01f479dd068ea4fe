internal import DiagModel

/// What the kernel says of one mapped device: the head of every answer of the device mapper.
///
/// Source: `struct dm_ioctl`, linux/dm-ioctl.h of Linux 6.12, 312 bytes in the host's byte order,
/// which is little-endian on every machine that this program runs on.
public struct MapperHeader: Codable, Hashable, Sendable {
    /// Version of the interface: major, minor, patch.
    public let interfaceVersion: [UInt32]
    /// The device's name below /dev/mapper.
    public let name: String
    /// Its persistent identifier, such as `LVM-…`, `mpath-…`, `CRYPT-…`; none when it has none.
    public let uuid: String?
    /// Its number, `253:3`; none in answers that are about no device.
    public let number: String?
    /// How many have it open.
    public let openCount: Int32
    /// How often something worth telling has happened to it.
    public let eventNumber: UInt32
    /// How many targets it has.
    public let targetCount: UInt32
    /// The flags as they are. Source: `DM_*_FLAG`.
    let flags: UInt32
    let dataStart: Int
    let dataEnd: Int

    private enum CodingKeys: String, CodingKey {
        case interfaceVersion, name, uuid, number, openCount, eventNumber, targetCount, flags
        case dataStart, dataEnd
    }

    /// Whether it can only be read.
    public var isReadOnly: Bool { flags & 1 << 0 != 0 }
    /// Whether it is suspended, so that requests to it wait.
    public var isSuspended: Bool { flags & 1 << 1 != 0 }
    /// Whether it has a live table.
    public var hasActiveTable: Bool { flags & 1 << 5 != 0 }
    /// Whether another table is loaded and waits for a resume.
    public var hasInactiveTable: Bool { flags & 1 << 6 != 0 }
    /// Whether the answer did not fit.
    public var isBufferFull: Bool { flags & 1 << 8 != 0 }

    /// The size of the structure, in bytes.
    static let byteCount = 312

    /// Reads the head of an answer; `bytes` is the whole buffer.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        try bytes.check(Self.byteCount, at: 0, field: "dm_ioctl")
        interfaceVersion = [
            try bytes.littleEndian(at: 0, field: "version major"),
            try bytes.littleEndian(at: 4, field: "version minor"),
            try bytes.littleEndian(at: 8, field: "version patch"),
        ]
        let dataSize: UInt32 = try bytes.littleEndian(at: 12, field: "data_size")
        let start: UInt32 = try bytes.littleEndian(at: 16, field: "data_start")
        targetCount = try bytes.littleEndian(at: 20, field: "target_count")
        openCount = Int32(
            bitPattern: try bytes.littleEndian(UInt32.self, at: 24, field: "open_count"))
        flags = try bytes.littleEndian(at: 28, field: "flags")
        eventNumber = try bytes.littleEndian(at: 32, field: "event_nr")
        let device: UInt64 = try bytes.littleEndian(at: 40, field: "dev")
        number = device == 0 ? nil : Self.number(device)
        name = try Self.text(of: bytes, at: 48, limit: 128, field: "name")
        let uuid = try Self.text(of: bytes, at: 176, limit: 129, field: "uuid")
        self.uuid = uuid.isEmpty ? nil : uuid
        dataStart = min(Int(start), bytes.count)
        dataEnd = max(dataStart, min(Int(dataSize), bytes.count))
    }

    /// A text that ends at a NUL; only as far as it goes, since this is read very often.
    static func text(
        of bytes: Span<UInt8>, at offset: Int, limit: Int, field: String
    ) throws(FormatError) -> String {
        var end = offset
        while end < bytes.count, end - offset < limit, bytes[end] != 0 { end += 1 }
        return try bytes.text(end - offset, at: offset, field: field)
    }

    /// A device number as the kernel packs it. Source: `huge_decode_dev`, linux/kdev_t.h.
    static func number(_ device: UInt64) -> String {
        let minor = (device & 0xFF) | ((device >> 12) & 0xFFF00)
        return "\((device & 0xFFF00) >> 8):\(minor)"
    }
}

/// One device in the answer to `DM_LIST_DEVICES`.
public struct MapperListEntry: Codable, Hashable, Sendable {
    /// Its number, `253:3`.
    public let number: String
    /// Its name below /dev/mapper.
    public let name: String

    /// Reads the whole list; its entries lie in the data that follows the head.
    public static func list(parsing bytes: Span<UInt8>) throws(FormatError) -> [MapperListEntry] {
        let header = try MapperHeader(parsing: bytes)
        var entries = [MapperListEntry]()
        var at = header.dataStart
        // An empty list is one entry whose device is 0.
        while at < header.dataEnd {
            let device: UInt64 = try bytes.littleEndian(at: at, field: "dev of a name")
            if device == 0 { break }
            let next: UInt32 = try bytes.littleEndian(at: at + 8, field: "next of a name")
            entries.append(
                MapperListEntry(
                    number: MapperHeader.number(device),
                    name: try MapperHeader.text(
                        of: bytes, at: at + 12, limit: min(128, header.dataEnd - at - 12),
                        field: "name")))
            guard next >= 12 else { break }
            at += Int(next)
        }
        return entries
    }
}

/// A kind of target that the running kernel knows: one in the answer to `DM_LIST_VERSIONS`.
public struct MapperTargetVersion: Codable, Hashable, Sendable {
    /// The target, such as `thin-pool`.
    public let name: String
    /// Its version: major, minor, patch.
    public let version: [UInt32]

    /// Reads the whole list.
    public static func list(
        parsing bytes: Span<UInt8>
    ) throws(FormatError) -> [MapperTargetVersion] {
        let header = try MapperHeader(parsing: bytes)
        var entries = [MapperTargetVersion]()
        var at = header.dataStart
        while at < header.dataEnd {
            let next: UInt32 = try bytes.littleEndian(at: at, field: "next of a version")
            entries.append(
                MapperTargetVersion(
                    name: try MapperHeader.text(
                        of: bytes, at: at + 16, limit: min(64, header.dataEnd - at - 16),
                        field: "target name"),
                    version: [
                        try bytes.littleEndian(at: at + 4, field: "target major"),
                        try bytes.littleEndian(at: at + 8, field: "target minor"),
                        try bytes.littleEndian(at: at + 12, field: "target patch"),
                    ]))
            guard next >= 16 else { break }
            at += Int(next)
        }
        return entries
    }
}

/// The devices that a mapped device stands on: the answer to `DM_TABLE_DEPS`.
public struct MapperDependencies: Codable, Hashable, Sendable {
    /// Their numbers, such as `8:16`, in the kernel's order.
    public let numbers: [String]

    /// Reads the answer.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        let header = try MapperHeader(parsing: bytes)
        let count: UInt32 = try bytes.littleEndian(at: header.dataStart, field: "count")
        let list = header.dataStart + 8
        guard Int(count) <= max(0, bytes.count - list) / 8 else {
            throw .invalid(field: "count", offset: header.dataStart, value: UInt64(count))
        }
        var numbers = [String]()
        for index in 0..<Int(count) {
            numbers.append(
                MapperHeader.number(
                    try bytes.littleEndian(at: list + index * 8, field: "dev of a dependency")))
        }
        self.numbers = numbers
    }
}
