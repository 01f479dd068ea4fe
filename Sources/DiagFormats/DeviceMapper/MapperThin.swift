/// The table of a pool of thin devices.
///
/// Source: Linux 6.12, Documentation/admin-guide/device-mapper/thin-provisioning.rst.
public struct MapperThinPoolTable: Codable, Hashable, Sendable {
    /// The device with the metadata.
    public var metadataDevice: String
    /// The device with the data.
    public var dataDevice: String
    /// Size of a block of data, in sectors of 512 bytes.
    public var dataBlockSectors: UInt64
    /// When fewer blocks of data are free, an event is sent.
    public var lowWaterMarkBlocks: UInt64
    /// Features that are switched on, such as `skip_block_zeroing`.
    public var features: [String]

    init(_ reader: inout MapperWordReader) throws(FormatError) {
        metadataDevice = try reader.word("metadata device")
        dataDevice = try reader.word("data device")
        dataBlockSectors = try reader.number("data block size")
        lowWaterMarkBlocks = try reader.number("low water mark")
        features = reader.isAtEnd ? [] : try reader.counted("feature")
    }
}

/// The status of a pool of thin devices.
///
/// Source: `pool_status`, drivers/md/dm-thin.c of Linux 6.12; older kernels end the line earlier.
public struct MapperThinPoolStatus: Codable, Hashable, Sendable {
    /// `rw`, `ro`, `out_of_data_space`, or `fail` and `error` when nothing else is told.
    public var mode: String
    /// The number that user space gave to the last transaction.
    public var transactionID: UInt64?
    /// Blocks of metadata of 4096 bytes.
    public var metadataBlocks: MapperShare?
    /// Blocks of data.
    public var dataBlocks: MapperShare?
    /// The root of the metadata that is held for user space to read.
    public var heldMetadataRoot: UInt64?
    /// `discard_passdown`, `no_discard_passdown` or `ignore_discard`.
    public var discard: String?
    /// What a write finds when the space is used up: `error_if_no_space`, `queue_if_no_space`.
    public var whenFull: String?
    /// Whether the metadata must be checked by `thin_check`.
    public var needsCheck: Bool
    /// When fewer blocks of metadata are free, an event is sent.
    public var metadataLowWaterMarkBlocks: UInt64?

    init(_ reader: inout MapperWordReader) throws(FormatError) {
        needsCheck = false
        if let word = reader.next, word == "Fail" || word == "Error" {
            mode = word == "Fail" ? "fail" : "error"
            return
        }
        transactionID = try reader.number("transaction id")
        metadataBlocks = try reader.share("metadata blocks")
        dataBlocks = try reader.share("data blocks")
        heldMetadataRoot = MapperWordReader.number(try reader.word("held metadata root"))
        mode = try reader.word("mode")
        discard = reader.isAtEnd ? nil : try reader.word("discard")
        whenFull = reader.isAtEnd ? nil : try reader.word("behaviour when full")
        needsCheck = reader.isAtEnd ? false : try reader.word("needs_check") == "needs_check"
        if !reader.isAtEnd { metadataLowWaterMarkBlocks = try reader.number("low water mark") }
    }
}

/// The table of a thin device.
public struct MapperThinTable: Codable, Hashable, Sendable {
    /// Its pool.
    public var poolDevice: String
    /// Its number in the pool.
    public var deviceID: UInt64
    /// The device that unwritten blocks are read from.
    public var externalOrigin: String?

    init(_ reader: inout MapperWordReader) throws(FormatError) {
        poolDevice = try reader.word("pool device")
        deviceID = try reader.number("device id")
        externalOrigin = reader.isAtEnd ? nil : try reader.word("external origin")
    }
}

/// The status of a thin device. Source: `thin_status`, drivers/md/dm-thin.c of Linux 6.12.
public struct MapperThinStatus: Codable, Hashable, Sendable {
    /// `active`, `inactive`, or `fail` and `error` when nothing else is told.
    public var state: String
    /// How much of it has blocks in the pool, in sectors of 512 bytes.
    public var mappedSectors: UInt64?
    /// The last sector that has a block; none when nothing has.
    public var highestMappedSector: UInt64?

    init(_ reader: inout MapperWordReader) throws(FormatError) {
        switch reader.next {
        case "Fail": state = "fail"
        case "Error": state = "error"
        case "-": state = "inactive"
        default:
            state = "active"
            mappedSectors = try reader.number("mapped sectors")
            let highest = try reader.word("highest mapped sector")
            highestMappedSector = MapperWordReader.number(highest)
        }
    }
}
