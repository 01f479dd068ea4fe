/// A physical volume of a group, as the metadata text describes it.
public struct LVMPhysicalVolume: Codable, Hashable, Sendable {
    /// What the text calls it: `pv0`.
    public let name: String
    /// Its UUID.
    public let id: String
    /// The device that it was on when the text was written; only a hint.
    public let deviceHint: String?
    /// The identity of that device, as udev or the kernel gave it.
    public let deviceID: String?
    /// What kind of identity that is: `sys_wwid`, `devname` and others.
    public let deviceIDType: String?
    /// `ALLOCATABLE`, where new extents may be taken from it.
    public let status: [String]
    /// `MISSING` where a change was made without it.
    public let flags: [String]
    /// The administrator's tags.
    public let tags: [String]
    /// The size of the device.
    public let deviceByteCount: Int64?
    /// Where the first extent begins, in bytes from the start of the device.
    public let firstExtentOffset: Int64
    /// How many extents it has.
    public let extentCount: Int64
    /// How many of them logical volumes use.
    public let usedExtentCount: Int64
    /// Bytes of all extents: `pv_size`.
    public let byteCount: Int64
    /// Bytes of the extents that are used: `pv_used`.
    public let usedByteCount: Int64
    /// Bytes of the extents that are free: `pv_free`.
    public let freeByteCount: Int64
    /// Where the area for a boot loader begins, in bytes.
    public let bootloaderAreaOffset: Int64?
    /// The size of that area.
    public let bootloaderAreaByteCount: Int64?

    /// Whether the metadata itself calls it missing.
    public var isMissing: Bool { flags.contains("MISSING") || status.contains("MISSING") }

    init(
        name: String, _ section: LVMConfiguration, extentByteCount: Int64, used: Int64
    ) throws(FormatError) {
        guard let id = section.string("id"), let count = section.integer("pe_count"), count >= 0
        else { throw .unexpected(line: 0, expected: "id and pe_count in physical volume \(name)") }
        self.name = name
        self.id = id
        deviceHint = section.string("device")
        deviceID = section.string("device_id")
        deviceIDType = section.string("device_id_type")
        status = section.strings("status")
        flags = section.strings("flags")
        tags = section.strings("tags")
        deviceByteCount = LVMSegment.bytes(section.integer("dev_size"))
        firstExtentOffset = LVMSegment.bytes(section.integer("pe_start")) ?? 0
        bootloaderAreaOffset = LVMSegment.bytes(section.integer("ba_start"))
        bootloaderAreaByteCount = LVMSegment.bytes(section.integer("ba_size"))
        extentCount = count
        usedExtentCount = min(used, count)
        byteCount = LVMVolumeGroup.product(count, extentByteCount)
        usedByteCount = LVMVolumeGroup.product(usedExtentCount, extentByteCount)
        freeByteCount = LVMVolumeGroup.product(count - usedExtentCount, extentByteCount)
    }
}
