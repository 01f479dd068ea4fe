public import DiagModel

/// Bytes of a device, read where a format needs them.
public struct FileSystemSource {
    /// Gives up to `count` bytes at `offset`; `nil` when they cannot be read.
    public let read: (_ offset: UInt64, _ count: Int) -> [UInt8]?

    /// A device that `read` reads.
    public init(read: @escaping (_ offset: UInt64, _ count: Int) -> [UInt8]?) { self.read = read }
}

/// What a device's superblock says of the file system or swap area on it: a part of a document.
///
/// The values are those of `blkid -p`, sizes in bytes.
public struct FileSystemMetadata: Codable, Hashable, Sendable {
    /// `ext4`, `xfs`, `btrfs`, `vfat`, `swap` and so on: `TYPE` of blkid(8).
    public var type: String
    /// The version of the format: `VERSION`.
    public var version: String?
    /// `UUID`.
    public var uuid: String?
    /// The UUID of this device where several make a file system: `UUID_SUB`.
    public var deviceUUID: String?
    /// `LABEL`.
    public var label: String?
    /// Bytes of a block: `BLOCK_SIZE`.
    public var blockByteCount: UInt64?
    /// Bytes of the file system as its superblock says: `FSSIZE`.
    public var byteCount: UInt64?
    /// `clean`, `not clean`, `dirty`, and what else the format knows.
    public var state: String?
    /// When it was made.
    public var created: Timestamp?
    /// Whether the superblock's checksum is right.
    public var isChecksumValid: Bool?
    /// The superblock of ext2, ext3 and ext4.
    public var ext: ExtSuperblock?
    /// The superblock of XFS.
    public var xfs: XFSSuperblock?
    /// The superblock of btrfs.
    public var btrfs: BtrfsSuperblock?
    /// The copies of that superblock that could be read.
    public var btrfsMirrors: [BtrfsSuperblock]?
    /// The head of a swap area.
    public var swap: SwapHeader?

    /// A file system of which no more than its type is known.
    public init(type: String) { self.type = type }

    /// Finds out what is on a device, with a few small reads; `nil` when nothing is known.
    ///
    /// Of two formats that left their marks the one that is checked better comes first.
    public static func identify(_ source: FileSystemSource) -> FileSystemMetadata? {
        let small = ["f2fs", "erofs", "squashfs", "nilfs2", "jfs", "reiserfs", "bcachefs"]
        if let file = xfs(source) ?? ext(source) ?? btrfs(source) ?? swap(source) { return file }
        for type in small {
            if let file = simple(type, source) { return file }
        }
        return exfat(source) ?? ntfs(source) ?? UDFVolume.identify(source)
            ?? simple("iso9660", source) ?? fat(source)
    }

    private static func simple(_ type: String, _ source: FileSystemSource) -> FileSystemMetadata? {
        guard let region = SmallSuperblocks.regions[type],
            let bytes = source.read(region.offset, region.count)
        else { return nil }
        return SmallSuperblocks.parse(type, bytes.span)
    }

    private static func ext(_ source: FileSystemSource) -> FileSystemMetadata? {
        guard
            let bytes = source.read(ExtSuperblock.region.offset, ExtSuperblock.region.count),
            let block = try? ExtSuperblock(parsing: bytes.span)
        else { return nil }
        var file = FileSystemMetadata(type: block.type)
        file.version = block.version
        file.uuid = block.uuid
        file.label = block.label
        file.blockByteCount = UInt64(block.blockByteCount)
        file.byteCount = block.byteCount
        file.state = block.state
        file.created = block.created
        file.isChecksumValid = block.isChecksumValid
        file.ext = block
        return file
    }

    private static func xfs(_ source: FileSystemSource) -> FileSystemMetadata? {
        guard
            let bytes = source.read(XFSSuperblock.region.offset, XFSSuperblock.region.count),
            let block = try? XFSSuperblock(parsing: bytes.span)
        else { return nil }
        var file = FileSystemMetadata(type: "xfs")
        file.uuid = block.uuid
        file.label = block.label
        file.blockByteCount = UInt64(block.sectorByteCount)
        file.byteCount = block.byteCount
        if block.isInProgress {
            file.state = "mkfs or growfs interrupted"
        } else if block.needsRepair {
            file.state = "needs repair"
        }
        file.isChecksumValid = block.isChecksumValid
        file.xfs = block
        return file
    }

    private static func btrfs(_ source: FileSystemSource) -> FileSystemMetadata? {
        func block(_ region: (offset: UInt64, count: Int)) -> BtrfsSuperblock? {
            guard let bytes = source.read(region.offset, region.count) else { return nil }
            return try? BtrfsSuperblock(parsing: bytes.span)
        }
        guard let first = block(BtrfsSuperblock.region) else { return nil }
        var file = FileSystemMetadata(type: "btrfs")
        file.uuid = first.uuid
        file.deviceUUID = first.deviceUUID
        file.label = first.label
        file.blockByteCount = UInt64(first.sectorByteCount)
        file.byteCount = first.totalByteCount
        file.isChecksumValid = first.isChecksumValid
        file.btrfs = first
        // Beyond the device's end there is no copy.
        let mirrors = BtrfsSuperblock.mirrorRegions
            .filter {
                $0.offset <= first.deviceByteCount && first.deviceByteCount - $0.offset >= 4096
            }
            .compactMap(block)
        file.btrfsMirrors = mirrors.isEmpty ? nil : mirrors
        return file
    }

    private static func swap(_ source: FileSystemSource) -> FileSystemMetadata? {
        guard let bytes = source.read(SwapHeader.region.offset, SwapHeader.region.count),
            let head = try? SwapHeader(parsing: bytes.span)
        else { return nil }
        var file = FileSystemMetadata(type: head.holdsHibernationImage ? "swsuspend" : "swap")
        file.version = String(head.version)
        file.uuid = head.uuid
        file.label = head.label
        file.byteCount = head.byteCount
        file.swap = head
        return file
    }

    private static func fat(_ source: FileSystemSource) -> FileSystemMetadata? {
        guard let bytes = source.read(FATBootSector.region.offset, FATBootSector.region.count),
            let sector = try? FATBootSector(parsing: bytes.span)
        else { return nil }
        var file = FileSystemMetadata(type: "vfat")
        file.version = sector.version
        file.uuid = sector.uuid
        let root = source.read(sector.rootDirectoryOffset, sector.rootDirectoryByteCount) ?? []
        file.label = FATBootSector.label(inRootDirectory: root.span) ?? sector.bootLabel
        file.blockByteCount = UInt64(sector.sectorByteCount)
        file.byteCount = sector.byteCount
        file.state = sector.isDirty ? "dirty" : "clean"
        return file
    }

    private static func exfat(_ source: FileSystemSource) -> FileSystemMetadata? {
        guard
            let bytes = source.read(ExFATBootSector.region.offset, ExFATBootSector.region.count),
            let sector = try? ExFATBootSector(parsing: bytes.span)
        else { return nil }
        var file = FileSystemMetadata(type: "exfat")
        file.version = sector.version
        file.uuid = sector.uuid
        let count = min(sector.clusterByteCount, 64 << 10)
        let root = source.read(sector.rootDirectoryOffset, count) ?? []
        file.label = ExFATBootSector.label(inRootDirectory: root.span)
        file.blockByteCount = UInt64(sector.sectorByteCount)
        file.byteCount = sector.byteCount
        file.state =
            sector.hasMediaFailure ? "media failure" : sector.isDirty ? "dirty" : "clean"
        return file
    }

    private static func ntfs(_ source: FileSystemSource) -> FileSystemMetadata? {
        guard
            let bytes = source.read(NTFSBootSector.region.offset, NTFSBootSector.region.count),
            let sector = try? NTFSBootSector(parsing: bytes.span)
        else { return nil }
        var file = FileSystemMetadata(type: "ntfs")
        file.uuid = sector.uuid
        file.blockByteCount = UInt64(sector.sectorByteCount)
        file.byteCount = sector.byteCount
        if let record = source.read(sector.volumeRecordOffset, sector.recordByteCount),
            let volume = try? NTFSBootSector.Volume(parsing: record.span)
        {
            file.label = volume.label
            file.version = volume.version
            file.state = volume.isDirty ? "dirty" : "clean"
        }
        return file
    }
}
