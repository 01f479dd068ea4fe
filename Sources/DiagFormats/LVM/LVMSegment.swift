public import DiagModel

/// A stretch of a logical volume that is mapped in one way.
///
/// Source: LVM2 2.03, lib/format_text/export.c and the `text_import` of each segment type; sizes,
/// which LVM writes in sectors of 512 bytes, are given in bytes.
public struct LVMSegment: Codable, Hashable, Sendable {
    /// What a segment lies on.
    public struct Place: Codable, Hashable, Sendable {
        /// A physical volume's name in the text (`pv0`), or a logical volume's.
        public let name: String
        /// The first extent there, where the text names one.
        public let startExtent: Int64?
    }

    /// LVM's name of the mapping; `linear` for one stripe.
    public let type: String
    /// The first extent of the logical volume that it maps.
    public let startExtent: Int64
    /// How many extents it maps.
    public let extentCount: Int64
    /// How many stripes, mirror halves or RAID devices there are.
    public let deviceCount: Int64?
    /// Bytes of each stripe.
    public let stripeByteCount: Int64?
    /// Bytes of each region that a mirror or RAID keeps track of.
    public let regionByteCount: Int64?
    /// Bytes of each chunk of a snapshot, pool or cache.
    public let chunkByteCount: Int64?
    /// The stripes, mirror halves or RAID images.
    public let places: [Place]
    /// The RAID devices' metadata volumes, in the order of ``places``.
    public let metadataVolumes: [String]
    /// What a snapshot, thin volume or cache is made of.
    public let origin: String?
    /// Where a snapshot keeps what changed.
    public let cowStore: String?
    /// The pool that a thin, cached or VDO volume uses.
    public let pool: String?
    /// A pool's data volume.
    public let dataVolume: String?
    /// A pool's metadata volume.
    public let metadataVolume: String?
    /// The log of an old-style mirror.
    public let mirrorLog: String?
    /// The transaction of a thin pool, or that made a thin volume.
    public let transactionID: Int64?
    /// The number of a thin volume in its pool.
    public let deviceID: Int64?
    /// All else that the text says: settings and their values.
    public let settings: [String: JSONValue]

    /// Takes what `section` says.
    init(_ section: LVMConfiguration) throws(FormatError) {
        guard let type = section.string("type"), let start = section.integer("start_extent"),
            let count = section.integer("extent_count"), start >= 0, count >= 0
        else {
            throw .unexpected(
                line: 0, expected: "type, start_extent and extent_count in a segment")
        }
        let stripeCount = section.integer("stripe_count")
        let base = type.utf8.split(separator: 0x2B).first.map {
            String(decoding: $0, as: UTF8.self)
        }
        self.type = base == "striped" && stripeCount == 1 ? "linear" : base ?? type
        startExtent = start
        extentCount = count
        deviceCount =
            stripeCount ?? section.integer("device_count") ?? section.integer("mirror_count")
        stripeByteCount = Self.bytes(section.integer("stripe_size"))
        regionByteCount = Self.bytes(section.integer("region_size"))
        chunkByteCount = Self.bytes(section.integer("chunk_size"))
        var places = [Place]()
        for name in ["stripes", "mirrors", "raid0_lvs"] {
            guard case .list(let values)? = section[name] else { continue }
            for (index, value) in values.enumerated() {
                guard case .string(let device) = value else { continue }
                var extent: Int64?
                if index + 1 < values.count, case .integer(let number) = values[index + 1] {
                    extent = number
                }
                places.append(Place(name: device, startExtent: extent))
            }
        }
        var metadata = [String]()
        if case .list(let values)? = section["raids"] {
            // A metadata volume and an image by turns.
            for (index, value) in values.enumerated() {
                guard case .string(let name) = value else { continue }
                if index.isMultiple(of: 2) {
                    metadata.append(name)
                } else {
                    places.append(Place(name: name, startExtent: nil))
                }
            }
        }
        self.places = places
        metadataVolumes = metadata
        origin = section.string("origin")
        cowStore = section.string("cow_store") ?? section.string("merging_store")
        pool =
            section.string("thin_pool") ?? section.string("cache_pool")
            ?? section.string("vdo_pool") ?? section.string("writecache")
        dataVolume = section.string("pool") ?? section.string("data")
        metadataVolume = section.string("metadata")
        mirrorLog = section.string("mirror_log")
        transactionID = section.integer("transaction_id")
        deviceID = section.integer("device_id")
        var settings = [String: JSONValue]()
        for node in section.nodes where !Self.taken.contains(node.name) {
            settings[node.name] = Self.json(node.value)
        }
        self.settings = settings
    }

    private static let taken: Set<String> = [
        "type", "start_extent", "extent_count", "stripe_count", "device_count", "mirror_count",
        "stripe_size", "region_size", "chunk_size", "stripes", "mirrors", "raid0_lvs", "raids",
        "merging_store",
        "origin", "cow_store", "thin_pool", "cache_pool", "vdo_pool", "writecache", "pool",
        "data", "metadata", "mirror_log", "transaction_id", "device_id",
    ]

    /// How many extents lie at each place of the segment.
    var extentCountPerPlace: Int64 {
        guard type == "striped", let deviceCount, deviceCount > 1 else { return extentCount }
        return extentCount / deviceCount
    }

    /// Sectors of 512 bytes as bytes; `nil` for none, and for what cannot be.
    static func bytes(_ sectors: Int64?) -> Int64? {
        guard let sectors, sectors > 0 else { return nil }
        let (bytes, overflows) = sectors.multipliedReportingOverflow(by: 512)
        return overflows ? nil : bytes
    }

    private static func json(_ value: LVMConfiguration.Value) -> JSONValue {
        switch value {
        case .integer(let number): .integer(number)
        case .number(let number): .number(number)
        case .string(let text): .string(text)
        case .list(let values): .array(values.map(json))
        case .section(let section):
            .object(Dictionary(section.nodes.map { ($0.name, json($0.value)) }) { $1 })
        }
    }
}
