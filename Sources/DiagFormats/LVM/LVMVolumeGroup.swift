public import DiagModel

/// A volume group as its metadata text describes it.
///
/// Source: LVM2 2.03, lib/format_text/export.c and import_vsn1.c. Sizes and counts are those that
/// vgs(8), pvs(8) and lvs(8) give.
public struct LVMVolumeGroup: Codable, Hashable, Sendable {
    /// The longest text that is read: 16 MiB.
    public static let byteLimit = LVMMetadataArea.textByteLimit

    /// Its name.
    public let name: String
    /// Its UUID.
    public let id: String
    /// Counts the changes of the metadata; the highest is the newest.
    public let seqno: Int64
    /// What may be done with it: `RESIZEABLE`, `READ`, `WRITE`, `EXPORTED`.
    public let status: [String]
    /// Flags that older versions may pass over.
    public let flags: [String]
    /// The administrator's tags.
    public let tags: [String]
    /// The host that owns it, where it has one owner.
    public let systemID: String?
    /// `sanlock`, `dlm` or `idm`, where several hosts share it.
    public let lockType: String?
    /// Bytes of an extent.
    public let extentByteCount: Int64
    /// How many logical volumes it may have; 0 for any number.
    public let maximumLogicalVolumes: Int64
    /// How many physical volumes it may have; 0 for any number.
    public let maximumPhysicalVolumes: Int64
    /// How many copies of the metadata there are to be; 0 for one on each volume.
    public let metadataCopies: Int64
    /// The host that wrote this text.
    public let creationHost: String?
    /// When this text was written.
    public let creationTime: Timestamp?
    /// Which command wrote it, where the text says so.
    public let textDescription: String?
    /// How many extents all physical volumes have.
    public let extentCount: Int64
    /// How many of them no logical volume uses.
    public let freeExtentCount: Int64
    /// Its physical volumes, in the text's order.
    public let physicalVolumes: [LVMPhysicalVolume]
    /// Its logical volumes with the hidden ones, in the text's order.
    public let logicalVolumes: [LVMLogicalVolume]

    /// Its size: all extents.
    public var byteCount: Int64 { LVMVolumeGroup.product(extentCount, extentByteCount) }
    /// Its free extents in bytes.
    public var freeByteCount: Int64 { LVMVolumeGroup.product(freeExtentCount, extentByteCount) }
    /// Whether it is marked as exported, so that no host uses it.
    public var isExported: Bool { status.contains("EXPORTED") }
    /// How many physical volumes the metadata itself calls missing.
    public var missingPhysicalVolumeCount: Int { physicalVolumes.count(where: \.isMissing) }
    /// How many logical volumes people see, as `lv_count` counts.
    public var visibleLogicalVolumeCount: Int { logicalVolumes.count(where: \.isVisible) }

    /// Reads a metadata text.
    ///
    /// - Throws: what is wrong with the text, or that it has no volume group.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        guard bytes.count <= Self.byteLimit else {
            throw .invalid(
                field: "metadata text length", offset: 0, value: UInt64(clamping: bytes.count))
        }
        try self.init(LVMConfiguration(parsing: bytes))
    }

    /// Takes the volume group that `text` describes.
    public init(_ text: LVMConfiguration) throws(FormatError) {
        guard
            let (name, section) = text.sections.first(where: {
                $0.section.string("id") != nil && $0.section.integer("extent_size") != nil
            }),
            let id = section.string("id"), let seqno = section.integer("seqno"),
            let extentSize = LVMSegment.bytes(section.integer("extent_size"))
        else { throw .unexpected(line: 1, expected: "a volume group with id, seqno, extent_size") }
        self.name = name
        self.id = id
        self.seqno = seqno
        status = section.strings("status")
        flags = section.strings("flags")
        tags = section.strings("tags")
        systemID = section.string("system_id").flatMap { $0.isEmpty ? nil : $0 }
        lockType = section.string("lock_type").flatMap { $0.isEmpty ? nil : $0 }
        extentByteCount = extentSize
        maximumLogicalVolumes = section.integer("max_lv") ?? 0
        maximumPhysicalVolumes = section.integer("max_pv") ?? 0
        metadataCopies = section.integer("metadata_copies") ?? 0
        creationHost = text.string("creation_host")
        creationTime = Self.time(text.integer("creation_time"))
        textDescription = text.string("description").flatMap { $0.isEmpty ? nil : $0 }

        var logical = [LVMLogicalVolume]()
        for (name, volume) in section.section("logical_volumes")?.sections ?? [] {
            logical.append(try LVMLogicalVolume(name: name, volume, extentByteCount: extentSize))
        }
        // The volume with a snapshot's changes is hidden in the text, yet lvs(8) shows it.
        let visible = Set(logical.filter(\.isVisible).map(\.name))
        let shown = Set(
            logical.flatMap(\.segments).compactMap { segment in
                segment.origin.flatMap { visible.contains($0) ? segment.cowStore : nil }
            })
        for index in logical.indices {
            if shown.contains(logical[index].name) { logical[index].isVisible = true }
            // What joins a snapshot's changes to its origin is no volume that lvs(8) shows.
            if logical[index].segments.contains(where: { $0.cowStore != nil }) {
                logical[index].isVisible = false
            }
        }
        var used = [String: Int64]()
        for volume in logical {
            for segment in volume.segments {
                for place in segment.places {
                    let (sum, overflows) = used[place.name, default: 0].addingReportingOverflow(
                        segment.extentCountPerPlace)
                    used[place.name] = overflows ? .max : sum
                }
            }
        }
        var physical = [LVMPhysicalVolume]()
        var total: Int64 = 0
        var free: Int64 = 0
        for (name, volume) in section.section("physical_volumes")?.sections ?? [] {
            let volume = try LVMPhysicalVolume(
                name: name, volume, extentByteCount: extentSize, used: used[name] ?? 0)
            physical.append(volume)
            total = Self.sum(total, volume.extentCount)
            free = Self.sum(free, volume.extentCount - volume.usedExtentCount)
        }
        extentCount = total
        freeExtentCount = free
        physicalVolumes = physical
        logicalVolumes = logical
    }

    /// The snapshot whose changes the volume `name` keeps: its origin and chunk size.
    public func snapshot(storedIn name: String) -> LVMSegment? {
        for volume in logicalVolumes {
            for segment in volume.segments where segment.cowStore == name { return segment }
        }
        return nil
    }

    /// Seconds since 1970 as a time; `nil` for 0 and what lies outside of the years to 9999.
    static func time(_ seconds: Int64?) -> Timestamp? {
        guard let seconds, seconds > 0, seconds < 253_402_300_800 else { return nil }
        return Timestamp(microsecondsSince1970: seconds * 1_000_000)
    }

    static func sum(_ left: Int64, _ right: Int64) -> Int64 {
        let (sum, overflows) = left.addingReportingOverflow(right)
        return overflows ? .max : sum
    }

    static func product(_ left: Int64, _ right: Int64) -> Int64 {
        let (product, overflows) = left.multipliedReportingOverflow(by: right)
        return overflows ? .max : product
    }
}
