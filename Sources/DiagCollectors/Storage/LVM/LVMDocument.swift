internal import DiagFormats
internal import DiagModel

/// `lvm.json`: the volume groups as their physical volumes describe them.
struct LVMDocument: Encodable {
    /// One volume group.
    struct VolumeGroup: Encodable {
        var name: String
        var id: String
        var seqno: Int64
        var status: [String]
        var flags: [String]
        var tags: [String]
        var systemID: String?
        var lockType: String?
        var extentByteCount: Int64
        var extentCount: Int64
        var freeExtentCount: Int64
        var byteCount: Int64
        var freeByteCount: Int64
        var maximumLogicalVolumes: Int64
        var maximumPhysicalVolumes: Int64
        var metadataCopies: Int64
        var physicalVolumeCount: Int
        var missingPhysicalVolumeCount: Int
        /// Those that people see, as `lv_count`.
        var logicalVolumeCount: Int
        var snapshotCount: Int
        var isPartial: Bool
        var isExported: Bool
        var creationHost: String?
        var creationTime: Timestamp?
        /// The devices whose copy of the metadata this is.
        var metadataDevices: [String]
    }

    /// One physical volume of a group.
    struct PhysicalVolume: Encodable {
        var volumeGroup: String
        var volumeGroupID: String
        /// What the text calls it: `pv0`.
        var name: String
        var id: String
        /// Where it was found; none when it was not.
        var device: String?
        var deviceHint: String?
        var deviceID: String?
        var deviceIDType: String?
        var status: [String]
        var flags: [String]
        var tags: [String]
        /// Not found, or called missing by the metadata.
        var isMissing: Bool
        var deviceByteCount: Int64?
        var byteCount: Int64
        var usedByteCount: Int64
        var freeByteCount: Int64
        var extentCount: Int64
        var usedExtentCount: Int64
        var firstExtentOffset: Int64
        var bootloaderAreaOffset: Int64?
        var bootloaderAreaByteCount: Int64?
    }

    /// One logical volume of a group.
    struct LogicalVolume: Encodable {
        var volumeGroup: String
        var volumeGroupID: String
        var name: String
        var id: String
        /// What udev has of it in DM_UUID: `LVM-` and both UUIDs without hyphens.
        var deviceMapperUUID: String
        var status: [String]
        var flags: [String]
        var tags: [String]
        var isVisible: Bool
        /// Whether a part of it lies on a physical volume that is missing.
        var isPartial: Bool
        var byteCount: Int64
        var extentCount: Int64
        var allocationPolicy: String?
        var creationHost: String?
        var creationTime: Timestamp?
        /// The types of its segments, each once.
        var types: [String]
        /// The volume that this one is a snapshot of.
        var origin: String?
        /// Its thin, cache or VDO pool.
        var pool: String?
        var segments: [LVMSegment]
    }

    /// Metadata that does not agree.
    struct Conflict: Encodable {
        enum Kind: String, Encodable {
            case staleMetadata, duplicatePhysicalVolume, duplicateVolumeGroupName
            case unreadableMetadata, missingPhysicalVolume
        }

        var kind: Kind
        /// The volume group's name, where there is one.
        var volumeGroup: String?
        /// The physical volume's UUID, or the group's for a name that two groups have.
        var id: String?
        var devices: [String]
        var explanation: String
    }

    var schema = "diagbundle.lvm/1"
    var volumeGroups: [VolumeGroup] = []
    var physicalVolumes: [PhysicalVolume] = []
    var logicalVolumes: [LogicalVolume] = []
    /// Physical volumes that no group uses, by their UUID.
    var orphans: [String: String] = [:]
    var conflicts: [Conflict] = []
}
