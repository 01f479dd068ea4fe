internal import DiagModel

extension MDSuperblock {
    /// The magic number of either version.
    static let magic: UInt32 = 0xA92B_4EFC
    /// How many entries a table of roles may have. Source: mdadm 4.2, MAX_DEVS of version 1.
    static let roleLimit = 1920

    /// Reads a superblock of version 1 that stands `offset` bytes from the start of the device.
    ///
    /// `bytes` begin with it, and hold its table of roles: 256 bytes and 2 for each, at most 4096.
    public init(parsingVersion1 bytes: Span<UInt8>, at offset: UInt64) throws(FormatError) {
        func u32(_ at: Int, _ field: String) throws(FormatError) -> UInt32 {
            try bytes.littleEndian(at: at, field: field)
        }
        func u64(_ at: Int, _ field: String) throws(FormatError) -> UInt64 {
            try bytes.littleEndian(at: at, field: field)
        }
        let magic = try u32(0, "magic")
        guard magic == Self.magic else {
            throw .invalid(field: "magic", offset: 0, value: UInt64(magic))
        }
        let major = try u32(4, "major_version")
        guard major == 1 else {
            throw .invalid(field: "major_version", offset: 4, value: UInt64(major))
        }
        let featureMap = try u32(8, "feature_map")
        let slotCount = try u32(92, "raid_disks")
        guard slotCount <= UInt32(Self.roleLimit) else {
            throw .invalid(field: "raid_disks", offset: 92, value: UInt64(slotCount))
        }
        let roleCount = try u32(220, "max_dev")
        guard roleCount <= UInt32(Self.roleLimit) else {
            throw .invalid(field: "max_dev", offset: 220, value: UInt64(roleCount))
        }
        var roles = [Role]()
        for index in 0..<Int(roleCount) {
            let value: UInt16 = try bytes.littleEndian(at: 256 + 2 * index, field: "dev_roles")
            roles.append(Self.role(value))
        }
        let levelNumber = try u32(72, "level")
        let layoutNumber = try u32(76, "layout")
        metadataVersion = offset == 0 ? "1.1" : offset == 4096 ? "1.2" : "1.0"
        self.offset = offset
        arrayUUID = Self.uuidText(try bytes.bytes(16, at: 16, field: "set_uuid"))
        deviceUUID = Self.uuidText(try bytes.bytes(16, at: 168, field: "device_uuid"))
        let name = try bytes.text(32, at: 32, field: "set_name")
        arrayName = name.isEmpty ? nil : name
        let created = try u64(64, "ctime")
        creationTime = Self.time(
            seconds: created & 0xFF_FFFF_FFFF, microseconds: created >> 40)
        let updated = try u64(192, "utime")
        updateTime = Self.time(seconds: updated & 0xFF_FFFF_FFFF, microseconds: updated >> 40)
        level = Self.levelName(levelNumber)
        layout = layoutNumber
        layoutName = Self.layoutName(layoutNumber, level: levelNumber)
        chunkByteCount = UInt64(try u32(88, "chunksize")) << 9
        raidDisks = slotCount
        usedSectorCount = try u64(80, "size")
        let number = try u32(160, "dev_number")
        deviceNumber = number
        role = number < roleCount ? roles[Int(number)] : .spare
        arrayState = Self.state(of: roles, slotCount: Int(slotCount))
        // The table is filled up with what stands for a spare.
        while roles.last == .spare || roles.last == .faulty, roles.count > Int(number) + 1,
            roles.count > Int(slotCount)
        {
            roles.removeLast()
        }
        deviceRoles = roles
        events = try u64(200, "events")
        let resync = try u64(208, "resync_offset")
        isClean = resync == .max
        resyncOffset = resync == .max ? nil : resync
        let recovery = try u64(152, "recovery_offset")
        recoveryOffset = featureMap & 2 != 0 ? recovery : nil
        dataOffset = try u64(128, "data_offset")
        dataSize = try u64(136, "data_size")
        superOffset = try u64(144, "super_offset")
        let isBitmap = featureMap & 1 != 0
        bitmapOffset = isBitmap ? Int32(bitPattern: try u32(96, "bitmap_offset")) : nil
        let logSize: UInt16 = try bytes.littleEndian(at: 186, field: "bblog_size")
        let hasLog = featureMap & 8 != 0 || logSize != 0
        badBlockLogSectorCount = hasLog ? logSize : nil
        badBlockLogOffset = hasLog ? Int32(bitPattern: try u32(188, "bblog_offset")) : nil
        correctedReadErrors = try u32(164, "cnt_corrected_read")
        features = Self.featureNames.filter { featureMap & $0.bit != 0 }.map(\.name)
        let flags: UInt8 = try bytes.littleEndian(at: 184, field: "devflags")
        deviceFlags =
            (flags & 1 != 0 ? ["write-mostly"] : []) + (flags & 2 != 0 ? ["failfast"] : [])
        if featureMap & 4 != 0 {
            reshapePosition = try u64(104, "reshape_position")
            newLevel = Self.levelName(try u32(100, "new_level"))
            deltaDisks = Int32(bitPattern: try u32(112, "delta_disks"))
            newLayout = try u32(116, "new_layout")
            newChunkByteCount = UInt64(try u32(120, "new_chunk")) << 9
        }
        let sum = try u32(216, "sb_csum")
        isChecksumValid =
            Self.checksum(version1: bytes, count: 256 + 2 * Int(roleCount)) == sum
    }

    /// How many bytes the superblock that begins `bytes` takes; `nil` when it is none.
    public static func byteCount(version1 bytes: Span<UInt8>) -> Int? {
        guard let magic: UInt32 = try? bytes.littleEndian(at: 0, field: "magic"),
            magic == Self.magic,
            let count: UInt32 = try? bytes.littleEndian(at: 220, field: "max_dev"),
            count <= UInt32(roleLimit)
        else { return nil }
        return 256 + 2 * Int(count)
    }

    private static func role(_ value: UInt16) -> Role {
        switch value {
        case 0xFFFF: .spare
        case 0xFFFE: .faulty
        case 0xFFFD: .journal
        default: .active(Int(value))
        }
    }

    private static let featureNames: [(bit: UInt32, name: String)] = [
        (0x1, "bitmap-offset"), (0x2, "recovery-offset"), (0x4, "reshape-active"),
        (0x8, "bad-blocks"), (0x10, "replacement"), (0x20, "reshape-backwards"),
        (0x40, "new-offset"), (0x80, "recovery-bitmap"), (0x100, "clustered"), (0x200, "journal"),
        (0x400, "ppl"), (0x800, "multiple-ppls"), (0x1000, "raid0-layout"),
    ]

    /// The sum of all words of four bytes, that of the checksum left out, with its carries added.
    /// Source: Linux 6.12, drivers/md/md.c, `calc_sb_1_csum`.
    private static func checksum(version1 bytes: Span<UInt8>, count: Int) -> UInt32 {
        var sum: UInt64 = 0
        var at = 0
        while at + 4 <= min(count, bytes.count) {
            if at != 216 { sum += wordLittleEndian(bytes, at) }
            at += 4
        }
        if at + 2 <= min(count, bytes.count) {
            sum += UInt64(bytes[at]) | UInt64(bytes[at + 1]) << 8
        }
        return UInt32(truncatingIfNeeded: (sum & 0xFFFF_FFFF) + (sum >> 32))
    }

    static func wordLittleEndian(_ bytes: Span<UInt8>, _ at: Int) -> UInt64 {
        UInt64(bytes[at]) | UInt64(bytes[at + 1]) << 8 | UInt64(bytes[at + 2]) << 16
            | UInt64(bytes[at + 3]) << 24
    }
}
