/// The block limits page B0h, in logical blocks unless said otherwise; 0 where there is no limit.
///
/// Source: SBC-4, section 6.6.4.
public struct SCSIBlockLimits: Codable, Hashable, Sendable {
    /// Whether WRITE SAME refuses a count of 0.
    public let isWriteSameZeroRefused: Bool
    /// The most blocks of one COMPARE AND WRITE.
    public let maximumCompareAndWriteBlocks: UInt8
    /// Transfers should be a multiple of this.
    public let optimalTransferGranularityBlocks: UInt16
    /// The largest transfer.
    public let maximumTransferBlocks: UInt32
    /// The transfer that is fastest.
    public let optimalTransferBlocks: UInt32
    /// The most blocks of one UNMAP; `nil` for a device of before SBC-3.
    public let maximumUnmapBlocks: UInt64?
    /// The most ranges of one UNMAP.
    public let maximumUnmapDescriptors: UInt64?
    /// UNMAP works best on multiples of this.
    public let optimalUnmapGranularityBlocks: UInt64?
    /// The first block that is so aligned; only where the device says that it is valid.
    public let unmapGranularityAlignmentBlocks: UInt64?
    /// The most blocks of one WRITE SAME.
    public let maximumWriteSameBlocks: UInt64?
    /// The largest write that is done as a whole or not at all.
    public let maximumAtomicBlocks: UInt64?

    /// Reads the whole page.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        let page = try SCSIPage(vital: bytes, code: 0xB0)
        let bytes = bytes.extracting(0..<page.end)
        isWriteSameZeroRefused = try bytes.isSet(0, at: 4, field: "WSNZ")
        maximumCompareAndWriteBlocks = try bytes.byte(at: 5, field: "MAXIMUM COMPARE AND WRITE")
        optimalTransferGranularityBlocks = try bytes.bigEndian(
            at: 6, field: "OPTIMAL TRANSFER LENGTH GRANULARITY")
        maximumTransferBlocks = try bytes.bigEndian(at: 8, field: "MAXIMUM TRANSFER LENGTH")
        optimalTransferBlocks = try bytes.bigEndian(at: 12, field: "OPTIMAL TRANSFER LENGTH")
        maximumUnmapBlocks = bytes.numberIfPresent(4, at: 20)
        maximumUnmapDescriptors = bytes.numberIfPresent(4, at: 24)
        optimalUnmapGranularityBlocks = bytes.numberIfPresent(4, at: 28)
        unmapGranularityAlignmentBlocks =
            bytes.isSetIfPresent(7, at: 32) == true
            ? bytes.numberIfPresent(4, at: 32).map { $0 & 0x7FFF_FFFF } : nil
        maximumWriteSameBlocks = bytes.numberIfPresent(8, at: 36)
        maximumAtomicBlocks = bytes.numberIfPresent(4, at: 44)
    }
}

/// The block device characteristics page B1h. Source: SBC-4, section 6.6.2.
public struct SCSIBlockCharacteristics: Codable, Hashable, Sendable {
    /// As the device says: 0 not told, 1 no rotation, else revolutions per minute.
    public let mediumRotationRate: UInt16
    /// What the device is: 0 not told, 1 CFast, 2 CompactFlash, 4 eMMC, 5 UFS.
    public let productType: UInt8
    /// Its width in inches: `5.25`, `3.5`, `2.5`, `1.8`, `<1.8`; `nil` where it does not say.
    public let nominalFormFactorInches: String?
    /// How it is zoned: 0 not told, 1 host-aware, 2 device-managed.
    public let zoned: UInt8
    /// Seconds that taking a failed element out of use takes; `nil` where it does not say.
    public let depopulationSeconds: UInt64?

    /// Reads the whole page.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        let page = try SCSIPage(vital: bytes, code: 0xB1)
        let bytes = bytes.extracting(0..<page.end)
        mediumRotationRate = try bytes.bigEndian(at: 4, field: "MEDIUM ROTATION RATE")
        productType = try bytes.byte(at: 6, field: "PRODUCT TYPE")
        nominalFormFactorInches =
            switch try bytes.byte(at: 7, field: "NOMINAL FORM FACTOR") & 0xF {
            case 1: "5.25"
            case 2: "3.5"
            case 3: "2.5"
            case 4: "1.8"
            case 5: "<1.8"
            default: nil
            }
        zoned = UInt8(clamping: (bytes.numberIfPresent(1, at: 8) ?? 0) >> 4 & 3)
        let seconds = bytes.numberIfPresent(4, at: 12) ?? 0
        depopulationSeconds = seconds == 0 ? nil : seconds
    }

    /// Revolutions per minute; `nil` for a device that does not turn or does not say.
    public var rotationsPerMinute: UInt16? {
        (0x0401...0xFFFE).contains(mediumRotationRate) ? mediumRotationRate : nil
    }
}

/// The logical block provisioning page B2h. Source: SBC-4, section 6.6.6.
public struct SCSIProvisioning: Codable, Hashable, Sendable {
    /// Thresholds count blocks in units of two to this power; 0 where there are none.
    public let thresholdExponent: UInt8
    /// Whether UNMAP works.
    public let supportsUnmap: Bool
    /// Whether WRITE SAME (16) unmaps.
    public let supportsWriteSame16: Bool
    /// Whether WRITE SAME (10) unmaps.
    public let supportsWriteSame10: Bool
    /// What reads of unmapped blocks give: 0 anything, 1 zeros, 2 a fixed pattern.
    public let unmappedReadContent: UInt8
    /// Whether blocks can be anchored.
    public let supportsAnchor: Bool
    /// 0 not told or full, 1 resource provisioned, 2 thin.
    public let provisioningType: UInt8

    /// Reads the whole page.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        let page = try SCSIPage(vital: bytes, code: 0xB2)
        let bytes = bytes.extracting(0..<page.end)
        thresholdExponent = try bytes.byte(at: 4, field: "THRESHOLD EXPONENT")
        let flags = try bytes.byte(at: 5, field: "LBPU")
        supportsUnmap = flags & 0x80 != 0
        supportsWriteSame16 = flags & 0x40 != 0
        supportsWriteSame10 = flags & 0x20 != 0
        unmappedReadContent = flags >> 2 & 7
        supportsAnchor = flags & 2 != 0
        provisioningType = try bytes.byte(at: 6, field: "PROVISIONING TYPE") & 7
    }
}

/// The zoned block device characteristics page B6h. Source: ZBC-2, section 6.5.2.
public struct SCSIZonedCharacteristics: Codable, Hashable, Sendable {
    /// Whether reads of a sequential zone are free of its write pointer.
    public let areReadsUnrestricted: Bool
    /// Open sequential-write-preferred zones that are best; `nil` where it does not say.
    public let optimalOpenPreferredZones: UInt32?
    /// Zones written at random that are best; `nil` where it does not say.
    public let optimalRandomlyWrittenZones: UInt32?
    /// The most open sequential-write-required zones; `nil` where there is no limit.
    public let maximumOpenRequiredZones: UInt32?

    /// Reads the whole page.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        let page = try SCSIPage(vital: bytes, code: 0xB6)
        let bytes = bytes.extracting(0..<page.end)
        areReadsUnrestricted = try bytes.isSet(0, at: 4, field: "URSWRZ")
        let open: UInt32 = try bytes.bigEndian(at: 8, field: "OPTIMAL OPEN ZONES")
        let random: UInt32 = try bytes.bigEndian(at: 12, field: "OPTIMAL NON-SEQUENTIAL ZONES")
        let most: UInt32 = try bytes.bigEndian(at: 16, field: "MAXIMUM OPEN ZONES")
        optimalOpenPreferredZones = open == .max ? nil : open
        optimalRandomlyWrittenZones = random == .max ? nil : random
        maximumOpenRequiredZones = most == .max ? nil : most
    }
}
