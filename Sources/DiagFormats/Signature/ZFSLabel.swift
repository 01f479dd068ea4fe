public import DiagModel

/// What the first label of a member of a ZFS pool says of the pool.
///
/// Source: OpenZFS 2.2, `vdev_label_t` in include/sys/vdev_impl.h: a list of names and values in
/// XDR stands 16 KiB after the start of the label.
public struct ZFSLabel: Codable, Hashable, Sendable {
    /// Where the list stands, in bytes from the start of the device.
    public static let offset: UInt64 = 16384

    /// The numbers and texts of the list's top level: `name`, `pool_guid`, `guid`, `state`, `txg`.
    public var values: [String: JSONValue]

    private static let names: Set<String> = [
        "version", "name", "state", "txg", "pool_guid", "hostid", "hostname", "top_guid", "guid",
        "vdev_children",
    ]

    /// Reads the list from its start; what follows a damaged value is left out.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        let encoding: UInt8 = try bytes.littleEndian(at: 0, field: "nvs_encoding")
        let version: UInt32 = try bytes.bigEndian(at: 4, field: "nvl_version")
        guard encoding == 1, version == 0 else {
            throw .invalid(
                field: "nvs_encoding", offset: 0, value: UInt64(encoding) << 32 | UInt64(version))
        }
        var values = [String: JSONValue]()
        var at = 12
        for _ in 0..<256 {
            let size = Int(try bytes.bigEndian(UInt32.self, at: at, field: "encoded size"))
            if size == 0 { break }
            guard size >= 20, size <= bytes.count - at else { break }
            let length = Int(try bytes.bigEndian(UInt32.self, at: at + 8, field: "name size"))
            guard length <= size - 20 else { break }
            let name = try bytes.text(length, at: at + 12, field: "name")
            let next = at + 12 + (length + 3) / 4 * 4
            let type: UInt32 = try bytes.bigEndian(at: next, field: "type")
            if Self.names.contains(name) {
                if type == 8 {
                    values[name] = .integer(
                        try bytes.bigEndian(UInt64.self, at: next + 8, field: name))
                } else if type == 9 {
                    let count = Int(
                        try bytes.bigEndian(UInt32.self, at: next + 8, field: "text size"))
                    guard count <= 256 else { break }
                    values[name] = .string(try bytes.text(count, at: next + 12, field: name))
                }
            }
            at += size
        }
        guard values["pool_guid"] != nil || values["guid"] != nil else {
            throw .unexpected(line: 1, expected: "a ZFS label with a guid")
        }
        self.values = values
    }
}
