/// The table of a snapshot, of one that is merged, or of their origin.
///
/// Source: Linux 6.12, Documentation/admin-guide/device-mapper/snapshot.rst.
public struct MapperSnapshotTable: Codable, Hashable, Sendable {
    /// What the snapshot is of.
    public var originDevice: String
    /// Where the differences are kept; none for an origin.
    public var copyOnWriteDevice: String?
    /// `P` when it outlives a restart, `N` when not, `PO` with overflow told in its status.
    public var persistence: String?
    /// Size of a chunk, in sectors of 512 bytes.
    public var chunkSectors: UInt64?
    /// Features that are switched on.
    public var features: [String]

    init(_ reader: inout MapperWordReader, isOrigin: Bool) throws(FormatError) {
        originDevice = try reader.word("origin")
        features = []
        guard !isOrigin else { return }
        copyOnWriteDevice = try reader.word("COW device")
        persistence = try reader.word("persistence")
        chunkSectors = try reader.number("chunk size")
        features = reader.isAtEnd ? [] : try reader.counted("feature")
    }
}

/// The status of a snapshot. Source: `snapshot_status`, drivers/md/dm-snap.c of Linux 6.12.
public struct MapperSnapshotStatus: Codable, Hashable, Sendable {
    /// `valid`, `invalid`, `merge failed`, `overflow` or `unknown`.
    public var state: String
    /// What is in use of the device with the differences, in sectors of 512 bytes.
    public var sectors: MapperShare?
    /// How much of that is metadata, in sectors of 512 bytes.
    public var metadataSectors: UInt64?

    init(_ reader: inout MapperWordReader) throws(FormatError) {
        switch reader.next {
        case "Invalid": state = "invalid"
        case "Overflow": state = "overflow"
        case "Unknown": state = "unknown"
        case "Merge": state = "merge failed"
        default:
            state = "valid"
            sectors = try reader.share("sectors")
            if !reader.isAtEnd { metadataSectors = try reader.number("metadata sectors") }
        }
    }
}
