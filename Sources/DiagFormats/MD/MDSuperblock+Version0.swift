internal import DiagModel

extension MDSuperblock {
    /// Where on a device of `byteCount` bytes a superblock of version 0.90 stands: the last 64 KiB
    /// that begin at a multiple of 64 KiB; `nil` on one that is too small.
    public static func version0Offset(byteCount: UInt64) -> UInt64? {
        byteCount >= 128 << 10 ? (byteCount & ~0xFFFF) - 65536 : nil
    }

    /// Where on a device of `byteCount` bytes a superblock of version 1.0 stands: at least 8 KiB
    /// before the end, at a multiple of 4 KiB; `nil` on one that is too small.
    public static func version10Offset(byteCount: UInt64) -> UInt64? {
        byteCount >= 24 << 10 ? ((byteCount >> 9) - 16 & ~7) << 9 : nil
    }

    /// Reads the 4096 bytes of a superblock of version 0.90 at `offset` bytes of the device.
    ///
    /// It is written in the byte order of its machine; the magic number tells which.
    public init(parsingVersion0 bytes: Span<UInt8>, at offset: UInt64) throws(FormatError) {
        try bytes.check(4096, at: 0, field: "superblock")
        let magic: UInt32 = try bytes.littleEndian(at: 0, field: "md_magic")
        let isBigEndian = magic == Self.magic.byteSwapped
        guard isBigEndian || magic == Self.magic else {
            throw .invalid(field: "md_magic", offset: 0, value: UInt64(magic))
        }
        func word(_ index: Int) -> UInt32 {
            let value = UInt32(truncatingIfNeeded: Self.wordLittleEndian(bytes, index * 4))
            return isBigEndian ? value.byteSwapped : value
        }
        func double(_ index: Int) -> UInt64 {
            let first = UInt64(word(index))
            let second = UInt64(word(index + 1))
            return isBigEndian ? first << 32 | second : second << 32 | first
        }
        guard word(1) == 0 else {
            throw .invalid(field: "major_version", offset: 4, value: UInt64(word(1)))
        }
        guard word(2) == 90 || word(2) == 91 else {
            throw .invalid(field: "minor_version", offset: 8, value: UInt64(word(2)))
        }
        guard word(10) <= 27 else {
            throw .invalid(field: "raid_disks", offset: 40, value: UInt64(word(10)))
        }
        metadataVersion = "0.90"
        self.offset = offset
        arrayUUID = [5, 13, 14, 15].map { Hexadecimal.padded(word($0), 8).lowercased() }
            .joined(separator: ":")
        preferredMinor = word(11)
        creationTime = Self.time(seconds: UInt64(word(6)))
        updateTime = Self.time(seconds: UInt64(word(32)))
        level = Self.levelName(word(7))
        layout = word(64)
        layoutName = Self.layoutName(word(64), level: word(7))
        chunkByteCount = UInt64(word(65))
        raidDisks = word(10)
        usedSectorCount = UInt64(word(8)) * 2
        var roles = [Role]()
        let diskCount = Int(min(27, max(word(9), word(10))))
        for index in 0..<diskCount {
            let at = 128 + index * 32
            roles.append(
                Self.role(state: word(at + 4), slot: word(at + 3), slotCount: word(10)))
        }
        deviceRoles = roles
        arrayState = Self.state(of: roles, slotCount: Int(word(10)))
        deviceNumber = word(992)
        role = Self.role(state: word(996), slot: word(995), slotCount: word(10))
        events = double(39)
        let stateBits = word(33)
        isClean = stateBits & 1 != 0
        // The kernel counts in sectors of the array, and writes all ones when it is done.
        let resync = word(43)
        resyncOffset = isClean || resync == .max ? nil : UInt64(resync)
        if word(2) >= 91 {
            reshapePosition = double(44)
            newLevel = Self.levelName(word(46))
            deltaDisks = Int32(bitPattern: word(47))
            newLayout = word(48)
            newChunkByteCount = UInt64(word(49))
        }
        superOffset = nil
        // It has one place: directly behind the superblock.
        bitmapOffset = stateBits & 1 << 8 != 0 ? 8 : nil
        features = bitmapOffset == nil ? [] : ["bitmap-offset"]
        deviceFlags =
            (word(996) & 1 << 9 != 0 ? ["write-mostly"] : [])
            + (word(996) & 1 << 10 != 0 ? ["failfast"] : [])
        workingDisks = word(35)
        failedDisks = word(36)
        spareDisks = word(37)
        var sum: UInt64 = 0
        for index in 0..<1024 where index != 38 { sum += UInt64(word(index)) }
        isChecksumValid =
            UInt32(truncatingIfNeeded: (sum & 0xFFFF_FFFF) + (sum >> 32)) == word(38)
    }

    /// Bits of a disk's state: 0 faulty, 1 active, 2 in step, 3 removed, 18 journal.
    private static func role(state: UInt32, slot: UInt32, slotCount: UInt32) -> Role {
        if state & 1 << 18 != 0 { return .journal }
        if state & 0b1001 != 0 { return .faulty }
        if state & 0b110 != 0, slot < slotCount { return .active(Int(slot)) }
        return .spare
    }
}
