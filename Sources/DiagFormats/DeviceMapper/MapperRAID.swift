/// The table of an array that the device mapper runs through md's code.
///
/// Source: Linux 6.12, Documentation/admin-guide/device-mapper/dm-raid.rst.
public struct MapperRAIDTable: Codable, Hashable, Sendable {
    /// A member of the array.
    public struct Member: Codable, Hashable, Sendable {
        /// The device with its superblock and bitmap; none where there is none, or it is missing.
        public var metadataDevice: String?
        /// The device with its data; none when it is missing.
        public var dataDevice: String?
    }

    /// The level and layout, such as `raid1`, `raid6_zr`.
    public var level: String
    /// Size of a chunk, in sectors of 512 bytes.
    public var chunkSectors: UInt64?
    /// The other parameters, as the kernel writes them.
    public var parameters: [String]
    /// The members, in order.
    public var members: [Member]

    init(_ reader: inout MapperWordReader) throws(FormatError) {
        level = try reader.word("raid type")
        var words = try reader.counted("raid parameter")
        chunkSectors = words.first.flatMap { MapperWordReader.number($0) }
        if !words.isEmpty { words.removeFirst() }
        parameters = words
        members = []
        for _ in 0..<(try reader.repetitions("raid device", of: 2)) {
            let metadata = try reader.word("metadata device")
            let data = try reader.word("data device")
            members.append(
                Member(
                    metadataDevice: metadata == "-" ? nil : metadata,
                    dataDevice: data == "-" ? nil : data))
        }
    }
}

/// The status of an array that the device mapper runs.
///
/// Source: `raid_status`, drivers/md/dm-raid.c of Linux 6.12; older kernels end the line earlier.
public struct MapperRAIDStatus: Codable, Hashable, Sendable {
    /// The level and layout.
    public var level: String
    /// How many members there should be.
    public var memberCount: Int
    /// One letter for each member: `A` in step, `a` being filled, `D` dead, `-` not there.
    public var health: String
    /// How much of the array is in step, in sectors of 512 bytes.
    public var syncSectors: MapperShare?
    /// `idle`, `frozen`, `resync`, `recover`, `check`, `repair`, `reshape`, `undef`.
    public var action: String?
    /// Differences that the last check found.
    public var mismatchCount: UInt64?
    /// Where the data begins on each member, in sectors of 512 bytes.
    public var dataOffsetSectors: UInt64?
    /// The journal: `A` writes through, `a` writes back, `D` dead, `-` none.
    public var journal: String?

    init(_ reader: inout MapperWordReader) throws(FormatError) {
        level = try reader.word("raid type")
        memberCount = try reader.number("devices", as: Int.self)
        health = try reader.word("health")
        syncSectors = reader.isAtEnd ? nil : try reader.share("sync ratio")
        action = reader.isAtEnd ? nil : try reader.word("action")
        if !reader.isAtEnd { mismatchCount = try reader.number("mismatches") }
        if !reader.isAtEnd { dataOffsetSectors = try reader.number("data offset") }
        journal = reader.isAtEnd ? nil : try reader.word("journal")
    }
}

/// The table of an old-style mirror. Source: `mirror_ctr`, drivers/md/dm-raid1.c of Linux 6.12.
public struct MapperMirrorTable: Codable, Hashable, Sendable {
    /// What keeps the record of regions that differ: `core`, `disk`, `clustered-disk`, `userspace`.
    public var log: String
    /// The log's arguments.
    public var logArguments: [String]
    /// The halves.
    public var legs: [MapperSegment]
    /// Features, such as `handle_errors`.
    public var features: [String]

    init(_ reader: inout MapperWordReader) throws(FormatError) {
        log = try reader.word("log type")
        logArguments = try reader.counted("log argument")
        legs = []
        for _ in 0..<(try reader.repetitions("mirror", of: 2)) {
            legs.append(try reader.segment("a mirror"))
        }
        features = reader.isAtEnd ? [] : try reader.counted("feature")
    }
}

/// The status of an old-style mirror. Source: `mirror_status`, drivers/md/dm-raid1.c of 6.12.
public struct MapperMirrorStatus: Codable, Hashable, Sendable {
    /// The halves.
    public var devices: [String]
    /// Regions that are in step.
    public var regions: MapperShare
    /// One letter for each half: `A` alive, `D` dead, `S` out of step, `R` read error, `F` flush
    /// error, `U` unknown.
    public var health: String
    /// What the log says: its type, its device, its letter.
    public var log: [String]

    init(_ reader: inout MapperWordReader) throws(FormatError) {
        devices = try reader.counted("mirror")
        regions = try reader.share("regions")
        _ = try reader.word("health count")
        health = try reader.word("health")
        log = reader.isAtEnd ? [] : try reader.counted("log status")
    }
}
