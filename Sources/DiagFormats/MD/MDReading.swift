/// The md superblocks of a device, with their bitmaps and the bytes of both.
public struct MDReading: Hashable, Sendable {
    /// One superblock.
    public struct Member: Hashable, Sendable {
        /// The superblock.
        public var superblock: MDSuperblock
        /// Its bitmap, where it has one that is readable.
        public var bitmap: MDBitmap?
        /// Its bytes.
        public var bytes: [UInt8]
        /// The bytes of the head of the bitmap.
        public var bitmapBytes: [UInt8]?
    }

    /// The superblocks, in the order 1.1, 1.2, 1.0, 0.90; more than one when an old one was left.
    public var members: [Member] = []
    /// `ddf` or `imsm`: the metadata of a firmware RAID, which is not read further.
    public var firmwareFormats: [String] = []
    /// What is wrong, in words.
    public var problems: [String] = []

    /// Looks at the places where superblocks stand; `nil` when there is none.
    ///
    /// One of version 0.90 of the last partition stands where that of the whole disk would; the
    /// same is true of 1.0. A superblock of version 1 tells its place, and is refused elsewhere.
    public init?(reading source: some MetadataSource) {
        var offsets: [UInt64] = [0, 4096]
        if let end = MDSuperblock.version10Offset(byteCount: source.byteCount), end > 4096 {
            offsets.append(end)
        }
        for offset in offsets {
            guard let head = source.bytes(256, at: offset),
                let count = MDSuperblock.byteCount(version1: head.span),
                let bytes = source.bytes(count, at: offset),
                let superblock = try? MDSuperblock(parsingVersion1: bytes.span, at: offset)
            else { continue }
            guard superblock.superOffset == offset >> 9 else {
                problems.append(
                    "the md superblock at byte \(offset) belongs at sector "
                        + "\(superblock.superOffset ?? 0): it is not this device's")
                continue
            }
            members.append(Self.member(superblock, bytes, source))
        }
        if let offset = MDSuperblock.version0Offset(byteCount: source.byteCount),
            let head = source.bytes(4, at: offset),
            head == [0xFC, 0x4E, 0x2B, 0xA9] || head == [0xA9, 0x2B, 0x4E, 0xFC],
            let bytes = source.bytes(4096, at: offset),
            let superblock = try? MDSuperblock(parsingVersion0: bytes.span, at: offset)
        {
            members.append(Self.member(superblock, bytes, source))
        }
        for member in members where !member.superblock.isChecksumValid {
            problems.append(
                "the md superblock \(member.superblock.metadataVersion) at byte "
                    + "\(member.superblock.offset) has a wrong checksum")
        }
        if members.count > 1 { problems.append("there is more than one md superblock") }
        let sector = UInt64(source.logicalBlockSize)
        if source.bytes(4, beforeEnd: sector) == [0xDE, 0x11, 0xDE, 0x11] {
            firmwareFormats.append("ddf")
        }
        if let bytes = source.bytes(24, beforeEnd: 2 * sector),
            bytes.elementsEqual("Intel Raid ISM Cfg Sig. ".utf8)
        {
            firmwareFormats.append("imsm")
        }
        if members.isEmpty, firmwareFormats.isEmpty, problems.isEmpty { return nil }
    }

    private static func member(
        _ superblock: MDSuperblock, _ bytes: [UInt8], _ source: some MetadataSource
    ) -> Member {
        var member = Member(superblock: superblock, bytes: bytes)
        guard let sectors = superblock.bitmapOffset else { return member }
        let distance = Int64(sectors) * 512
        guard let start = Int64(exactly: superblock.offset), start <= .max - (1 << 41),
            let offset = UInt64(exactly: start + distance),
            let head = source.bytes(256, at: offset),
            let bitmap = try? MDBitmap(parsing: head.span)
        else { return member }
        member.bitmap = bitmap
        member.bitmapBytes = head
        return member
    }
}
