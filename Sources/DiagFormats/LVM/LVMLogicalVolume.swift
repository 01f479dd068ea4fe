public import DiagModel

/// A logical volume of a group, as the metadata text describes it.
public struct LVMLogicalVolume: Codable, Hashable, Sendable {
    /// Its name.
    public let name: String
    /// Its UUID.
    public let id: String
    /// `READ`, `WRITE`, `VISIBLE`, `LOCKED` and others.
    public let status: [String]
    /// Flags that older versions may pass over: `ACTIVATION_SKIP` and others.
    public let flags: [String]
    /// The administrator's tags.
    public let tags: [String]
    /// When it was made.
    public let creationTime: Timestamp?
    /// The host that made it.
    public let creationHost: String?
    /// How new extents are found, where that is not inherited: `contiguous`, `cling` and others.
    public let allocationPolicy: String?
    /// How many extents it has.
    public let extentCount: Int64
    /// Its size.
    public let byteCount: Int64
    /// Its segments, in the order of their first extents.
    public let segments: [LVMSegment]

    /// Whether people see it; what pools, RAIDs and caches are made of is hidden. A thick snapshot
    /// is seen where its origin is.
    public internal(set) var isVisible: Bool

    init(
        name: String, _ section: LVMConfiguration, extentByteCount: Int64
    ) throws(FormatError) {
        guard let id = section.string("id") else {
            throw .unexpected(line: 0, expected: "id in logical volume \(name)")
        }
        self.name = name
        self.id = id
        status = section.strings("status")
        isVisible = status.contains("VISIBLE")
        flags = section.strings("flags")
        tags = section.strings("tags")
        creationTime = LVMVolumeGroup.time(section.integer("creation_time"))
        creationHost = section.string("creation_host")
        allocationPolicy = section.string("allocation_policy")
        var segments = [LVMSegment]()
        for (name, segment) in section.sections where name.hasPrefix("segment") {
            segments.append(try LVMSegment(segment))
        }
        self.segments = segments.sorted { $0.startExtent < $1.startExtent }
        extentCount = segments.reduce(0) { LVMVolumeGroup.sum($0, $1.extentCount) }
        byteCount = LVMVolumeGroup.product(extentCount, extentByteCount)
    }
}
