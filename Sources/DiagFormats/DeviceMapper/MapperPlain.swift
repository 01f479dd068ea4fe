/// The table of a striped device. Source: Linux 6.12, device-mapper/striped.rst.
public struct MapperStripedTable: Codable, Hashable, Sendable {
    /// Size of a chunk, in sectors of 512 bytes.
    public var chunkSectors: UInt64
    /// The stripes.
    public var stripes: [MapperSegment]

    init(_ reader: inout MapperWordReader) throws(FormatError) {
        let count: Int = try reader.number("of stripes", as: Int.self)
        chunkSectors = try reader.number("chunk size")
        stripes = []
        while stripes.count < count { stripes.append(try reader.segment("a stripe")) }
    }
}

/// The status of a striped device. Source: `stripe_status`, drivers/md/dm-stripe.c of Linux 6.12.
public struct MapperStripedStatus: Codable, Hashable, Sendable {
    /// The devices.
    public var devices: [String]
    /// One letter for each: `A` alive, `D` with errors.
    public var health: String

    init(_ reader: inout MapperWordReader) throws(FormatError) {
        devices = try reader.counted("stripe")
        _ = try reader.word("health count")
        health = try reader.word("health")
    }
}

/// The table of a deduplicating device. Source: Linux 6.12, device-mapper/vdo.rst.
public struct MapperVDOTable: Codable, Hashable, Sendable {
    /// The version of the table, such as `V4`.
    public var version: String
    /// The device below.
    public var storageDevice: String
    /// Its size, in blocks of 4096 bytes.
    public var storageBlockCount: UInt64
    /// What follows: sizes, and options by name and value.
    public var parameters: [String]

    init(_ reader: inout MapperWordReader) throws(FormatError) {
        version = try reader.word("version")
        storageDevice = try reader.word("storage device")
        storageBlockCount = try reader.number("storage size")
        parameters = reader.rest
    }
}

/// The status of a deduplicating device. Source: Linux 6.12, device-mapper/vdo.rst.
public struct MapperVDOStatus: Codable, Hashable, Sendable {
    /// `normal`, `recovering` or `read-only`.
    public var mode: String
    /// Whether it is recovering.
    public var isRecovering: Bool
    /// The index: `online`, `offline`, `error` and others.
    public var indexState: String
    /// `online` or `offline`.
    public var compressionState: String
    /// Physical blocks of 4096 bytes.
    public var physicalBlocks: MapperShare

    init(_ reader: inout MapperWordReader) throws(FormatError) {
        _ = try reader.word("device")
        mode = try reader.word("mode")
        isRecovering = try reader.word("recovery") == "recovering"
        indexState = try reader.word("index state")
        compressionState = try reader.word("compression state")
        physicalBlocks = MapperShare(
            used: try reader.number("used blocks"), total: try reader.number("total blocks"))
    }
}

/// The table of a device that delays requests. Source: Linux 6.12, device-mapper/delay.rst.
public struct MapperDelayTable: Codable, Hashable, Sendable {
    /// Where reads, then writes, then flushes go; those not named go where the ones before do.
    public var segments: [MapperSegment]
    /// The delay of each, in milliseconds.
    public var delayMilliseconds: [UInt64]

    init(_ reader: inout MapperWordReader) throws(FormatError) {
        (segments, delayMilliseconds) = ([], [])
        repeat {
            segments.append(try reader.segment("delay"))
            delayMilliseconds.append(try reader.number("delay"))
        } while !reader.isAtEnd && segments.count < 3
    }
}

/// The table of a device that fails now and then. Source: Linux 6.12, device-mapper/dm-flakey.rst.
public struct MapperFlakeyTable: Codable, Hashable, Sendable {
    /// Where requests go.
    public var segment: MapperSegment
    /// Seconds that it works.
    public var upSeconds: UInt64
    /// Seconds that it fails.
    public var downSeconds: UInt64
    /// How it fails.
    public var features: [String]

    init(_ reader: inout MapperWordReader) throws(FormatError) {
        segment = try reader.segment("flakey")
        upSeconds = try reader.number("up interval")
        downSeconds = try reader.number("down interval")
        features = reader.isAtEnd ? [] : try reader.counted("feature")
    }
}

/// The table of a device that records when blocks were written. Source: device-mapper/era.rst.
public struct MapperEraTable: Codable, Hashable, Sendable {
    /// The device with the record.
    public var metadataDevice: String
    /// The device with the data.
    public var originDevice: String
    /// Size of a block, in sectors of 512 bytes.
    public var blockSectors: UInt64

    init(_ reader: inout MapperWordReader) throws(FormatError) {
        metadataDevice = try reader.word("metadata device")
        originDevice = try reader.word("origin device")
        blockSectors = try reader.number("block size")
    }
}

/// The status of a device that records when blocks were written. Source: device-mapper/era.rst.
public struct MapperEraStatus: Codable, Hashable, Sendable {
    /// `ok`, or `error` when nothing else is told.
    public var state: String
    /// Blocks of metadata.
    public var metadataBlocks: MapperShare?
    /// The era now.
    public var currentEra: UInt64?
    /// The root of the metadata that is held for user space to read.
    public var heldMetadataRoot: UInt64?

    init(_ reader: inout MapperWordReader) throws(FormatError) {
        guard reader.next != "Error" else {
            state = "error"
            return
        }
        state = "ok"
        _ = try reader.number("metadata block size", as: UInt64.self)
        metadataBlocks = try reader.share("metadata blocks")
        currentEra = try reader.number("current era")
        if !reader.isAtEnd {
            heldMetadataRoot = MapperWordReader.number(try reader.word("held metadata root"))
        }
    }
}

/// The table of a device that is copied while it is used. Source: device-mapper/dm-clone.rst.
public struct MapperCloneTable: Codable, Hashable, Sendable {
    /// The device with the record of what is copied.
    public var metadataDevice: String
    /// Where the copy goes.
    public var destinationDevice: String
    /// What is copied.
    public var sourceDevice: String
    /// Size of a region, in sectors of 512 bytes.
    public var regionSectors: UInt64
    /// Features, such as `no_hydration`.
    public var features: [String]

    init(_ reader: inout MapperWordReader) throws(FormatError) {
        metadataDevice = try reader.word("metadata device")
        destinationDevice = try reader.word("destination device")
        sourceDevice = try reader.word("source device")
        regionSectors = try reader.number("region size")
        features = reader.isAtEnd ? [] : try reader.counted("feature")
    }
}

/// The status of a device that is copied while it is used. Source: device-mapper/dm-clone.rst.
public struct MapperCloneStatus: Codable, Hashable, Sendable {
    /// `rw`, `ro`, or `fail` and `error` when nothing else is told.
    public var mode: String
    /// Blocks of metadata.
    public var metadataBlocks: MapperShare?
    /// Regions that are copied.
    public var regions: MapperShare?
    /// Regions that are being copied.
    public var hydratingRegionCount: UInt64?

    init(_ reader: inout MapperWordReader) throws(FormatError) {
        if let word = reader.next, word == "Fail" || word == "Error" {
            mode = word == "Fail" ? "fail" : "error"
            return
        }
        _ = try reader.number("metadata block size", as: UInt64.self)
        metadataBlocks = try reader.share("metadata blocks")
        _ = try reader.number("region size", as: UInt64.self)
        regions = try reader.share("regions")
        hydratingRegionCount = try reader.number("hydrating regions")
        _ = try reader.counted("feature")
        _ = try reader.counted("core argument")
        mode = reader.isAtEnd ? "rw" : try reader.word("mode")
    }
}
