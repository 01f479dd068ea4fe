/// The table of a cached device.
///
/// Source: Linux 6.12, Documentation/admin-guide/device-mapper/cache.rst.
public struct MapperCacheTable: Codable, Hashable, Sendable {
    /// The device with the metadata.
    public var metadataDevice: String
    /// The fast device.
    public var cacheDevice: String
    /// The slow device.
    public var originDevice: String
    /// Size of a block, in sectors of 512 bytes.
    public var blockSectors: UInt64
    /// Features, such as `writethrough`, `metadata2`.
    public var features: [String]
    /// What decides what is cached, such as `smq`.
    public var policy: String
    /// The policy's own arguments, name and value by turns.
    public var policyArguments: [String]

    init(_ reader: inout MapperWordReader) throws(FormatError) {
        metadataDevice = try reader.word("metadata device")
        cacheDevice = try reader.word("cache device")
        originDevice = try reader.word("origin device")
        blockSectors = try reader.number("block size")
        features = try reader.counted("feature")
        policy = try reader.word("policy")
        policyArguments = reader.isAtEnd ? [] : try reader.counted("policy argument")
    }
}

/// The status of a cached device. Source: `cache_status`, drivers/md/dm-cache-target.c of 6.12.
public struct MapperCacheStatus: Codable, Hashable, Sendable {
    /// `rw`, `ro`, or `fail` and `error` when nothing else is told.
    public var mode: String
    /// Size of a block of metadata, in sectors of 512 bytes.
    public var metadataBlockSectors: UInt64?
    /// Blocks of metadata.
    public var metadataBlocks: MapperShare?
    /// Size of a block of the cache, in sectors of 512 bytes.
    public var cacheBlockSectors: UInt64?
    /// Blocks of the cache.
    public var cacheBlocks: MapperShare?
    /// Reads that were found in the cache, and that were not.
    public var readHits: UInt64?
    /// Reads that were not found in the cache.
    public var readMisses: UInt64?
    /// Writes that were found in the cache.
    public var writeHits: UInt64?
    /// Writes that were not found in the cache.
    public var writeMisses: UInt64?
    /// Blocks that were taken out of the cache.
    public var demotions: UInt64?
    /// Blocks that were taken into the cache.
    public var promotions: UInt64?
    /// Blocks that the slow device does not have yet.
    public var dirtyBlocks: UInt64?
    /// Features that are switched on: `writeback`, `writethrough` or `passthrough`, and others.
    public var features: [String]
    /// Arguments such as `migration_threshold`, name and value by turns.
    public var coreArguments: [String]
    /// What decides what is cached.
    public var policy: String?
    /// The policy's own arguments, name and value by turns.
    public var policyArguments: [String]
    /// Whether the metadata must be checked by `cache_check`.
    public var needsCheck: Bool

    init(_ reader: inout MapperWordReader) throws(FormatError) {
        (features, coreArguments, policyArguments, needsCheck) = ([], [], [], false)
        if let word = reader.next, word == "Fail" || word == "Error" {
            mode = word == "Fail" ? "fail" : "error"
            return
        }
        metadataBlockSectors = try reader.number("metadata block size")
        metadataBlocks = try reader.share("metadata blocks")
        cacheBlockSectors = try reader.number("cache block size")
        cacheBlocks = try reader.share("cache blocks")
        readHits = try reader.number("read hits")
        readMisses = try reader.number("read misses")
        writeHits = try reader.number("write hits")
        writeMisses = try reader.number("write misses")
        demotions = try reader.number("demotions")
        promotions = try reader.number("promotions")
        dirtyBlocks = try reader.number("dirty")
        features = try reader.counted("feature")
        coreArguments = try reader.counted("core argument")
        policy = try reader.word("policy")
        policyArguments = reader.isAtEnd ? [] : try reader.counted("policy argument")
        mode = reader.isAtEnd ? "rw" : try reader.word("mode")
        needsCheck = reader.isAtEnd ? false : try reader.word("needs_check") == "needs_check"
    }
}

/// The table of a device with a cache for writes alone.
///
/// Source: Linux 6.12, Documentation/admin-guide/device-mapper/writecache.rst.
public struct MapperWriteCacheTable: Codable, Hashable, Sendable {
    /// `p` for persistent memory, `s` for a solid state disk.
    public var cacheKind: String
    /// The slow device.
    public var originDevice: String
    /// The fast device.
    public var cacheDevice: String
    /// Size of a block, in bytes.
    public var blockByteCount: UInt64
    /// Options, name and value by turns.
    public var options: [String]

    init(_ reader: inout MapperWordReader) throws(FormatError) {
        cacheKind = try reader.word("cache kind")
        originDevice = try reader.word("origin device")
        cacheDevice = try reader.word("cache device")
        blockByteCount = try reader.number("block size")
        options = reader.isAtEnd ? [] : try reader.counted("option")
    }
}

/// The status of a device with a cache for writes. Source: `writecache_status` of Linux 6.12.
public struct MapperWriteCacheStatus: Codable, Hashable, Sendable {
    /// 0, or the error that stopped it.
    public var error: Int64
    /// Blocks of the cache.
    public var blockCount: UInt64
    /// Blocks that are free.
    public var freeBlockCount: UInt64
    /// Blocks that are being written back.
    public var writebackBlockCount: UInt64
    /// Counters of reads, writes and what was found, in the kernel's order; newer kernels only.
    public var counters: [UInt64]

    init(_ reader: inout MapperWordReader) throws(FormatError) {
        error = try reader.number("error", as: Int64.self)
        blockCount = try reader.number("blocks")
        freeBlockCount = try reader.number("free blocks")
        writebackBlockCount = try reader.number("blocks under writeback")
        counters = reader.rest.compactMap { MapperWordReader.number($0) }
    }
}
