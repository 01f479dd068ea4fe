/// The head of the write-intent bitmap of a Linux software RAID.
///
/// Source: Linux 6.12, drivers/md/md-bitmap.h, `bitmap_super_t`; sectors are of 512 bytes.
public struct MDBitmap: Codable, Hashable, Sendable {
    /// 3 for one in the byte order of its machine, 4 little-endian, 5 for a cluster.
    public var version: UInt32
    /// The array that it belongs to, as four groups of eight hexadecimal digits.
    public var uuid: String
    /// The array's events when it was last written.
    public var events: UInt64
    /// The array's events when its bits were last cleared.
    public var eventsCleared: UInt64
    /// What of the array it covers, in sectors.
    public var syncSize: UInt64
    /// `stale`, `write-error`, `host-endian`; empty when all is well.
    public var state: [String]
    /// How many bytes one bit stands for.
    public var chunkByteCount: UInt32
    /// Seconds between two looks for bits to clear.
    public var daemonSleepSeconds: UInt32
    /// How many writes to slow members may be outstanding; 0 for none.
    public var writeBehind: UInt32
    /// How many sectors it may take.
    public var sectorsReserved: UInt32
    /// How many hosts of a cluster share the array; 0 for no cluster.
    public var nodes: UInt32
    /// The name of the cluster.
    public var clusterName: String?

    /// Reads the first 256 bytes of a bitmap.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        let magic: UInt32 = try bytes.littleEndian(at: 0, field: "magic")
        guard magic == 0x6D74_6962 else {
            throw .invalid(field: "magic", offset: 0, value: UInt64(magic))
        }
        version = try bytes.littleEndian(at: 4, field: "version")
        uuid = MDSuperblock.uuidText(try bytes.bytes(16, at: 8, field: "uuid"))
        events = try bytes.littleEndian(at: 24, field: "events")
        eventsCleared = try bytes.littleEndian(at: 32, field: "events_cleared")
        syncSize = try bytes.littleEndian(at: 40, field: "sync_size")
        let bits: UInt32 = try bytes.littleEndian(at: 48, field: "state")
        let names: [(UInt32, String)] = [
            (1 << 1, "stale"), (1 << 2, "write-error"), (1 << 15, "host-endian"),
        ]
        state = names.filter { bits & $0.0 != 0 }.map(\.1)
        chunkByteCount = try bytes.littleEndian(at: 52, field: "chunksize")
        daemonSleepSeconds = try bytes.littleEndian(at: 56, field: "daemon_sleep")
        writeBehind = try bytes.littleEndian(at: 60, field: "write_behind")
        sectorsReserved = try bytes.littleEndian(at: 64, field: "sectors_reserved")
        nodes = try bytes.littleEndian(at: 68, field: "nodes")
        let name = try bytes.text(64, at: 72, field: "cluster_name")
        clusterName = name.isEmpty ? nil : name
        try bytes.check(256, at: 0, field: "bitmap")
    }
}
