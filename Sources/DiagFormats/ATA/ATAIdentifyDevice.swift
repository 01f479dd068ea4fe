internal import DiagModel

/// What an ATA device says of itself: the 512 bytes of IDENTIFY DEVICE.
///
/// Source: ACS-5, section 7.13.6 (IDENTIFY DEVICE data); SATA 3.5 for words 75 to 79.
public struct ATAIdentifyDevice: Codable, Hashable, Sendable {
    /// A feature set: whether the device has it, and whether it is on where that can change.
    public struct Feature: Codable, Hashable, Sendable {
        /// Whether the device has it.
        public var isSupported: Bool
        /// Whether it is on; none for what cannot be switched.
        public var isEnabled: Bool?
    }

    /// The serial number, words 10 to 19.
    public let serialNumber: String
    /// The firmware's revision, words 23 to 26.
    public let firmwareRevision: String
    /// The model, words 27 to 46.
    public let modelNumber: String
    /// The world wide name, 16 lower-case hexadecimal digits, words 108 to 111.
    public let worldWideName: String?
    /// Logical sectors that 28-bit commands reach, words 60 and 61.
    public let userAddressableSectors28: UInt32
    /// Logical sectors that 48-bit commands reach, words 100 to 103 or 230 to 233.
    public let userAddressableSectors48: UInt64?
    /// Bytes of a logical sector, words 106, 117 and 118.
    public let logicalSectorBytes: UInt64
    /// Bytes of a physical sector, word 106.
    public let physicalSectorBytes: UInt64
    /// Where the first logical sector lies in its physical one, in logical sectors; word 209.
    public let alignmentSectors: UInt16?
    /// Revolutions per minute, word 217; none for a device that does not turn or does not say.
    public let nominalRotationRate: UInt16?
    /// Whether the device says that nothing in it turns; none when it does not say.
    public let isNonRotating: Bool?
    /// `3.5 inch` and the like, word 168.
    public let formFactor: String?
    /// The newest standard that it claims, word 80, for example `ACS-4`.
    public let majorVersion: String?
    /// Word 81, as it is.
    public let minorVersion: UInt16
    /// How it is attached.
    public let transport: ATATransport
    /// Feature sets by name.
    public let features: [String: Feature]
    /// The level of advanced power management, 1 to 254, while that is on; word 91.
    public let advancedPowerManagementLevel: UInt8?
    /// The state of the security feature set.
    public let security: ATASecurity
    /// `hostAware` or `deviceManaged` for shingled zones, word 69.
    public let zoned: String?
    /// Whether the checksum in word 255 is right; none when the device gives none.
    public let isChecksumRight: Bool?

    /// Logical sectors of the device.
    public var userAddressableSectors: UInt64 {
        userAddressableSectors48 ?? UInt64(userAddressableSectors28)
    }

    /// The device's size; `nil` when that is beyond 64 bits or not told.
    public var capacityBytes: UInt64? {
        let (bytes, overflows) = userAddressableSectors.multipliedReportingOverflow(
            by: logicalSectorBytes)
        return overflows || bytes == 0 ? nil : bytes
    }

    /// Reads 512 bytes.
    ///
    /// - Throws: when there are fewer, or when word 0 is not that of an ATA device.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        try bytes.check(512, at: 0, field: "IDENTIFY DEVICE data")
        let general = try bytes.ataWord(0)
        guard general & 0x8000 == 0 else {
            throw .invalid(field: "general configuration", offset: 0, value: UInt64(general))
        }
        let words = try ATAIdentifyWords(parsing: bytes)
        serialNumber = try bytes.ataString(word: 10, count: 10)
        firmwareRevision = try bytes.ataString(word: 23, count: 4)
        modelNumber = try bytes.ataString(word: 27, count: 20)
        guard !serialNumber.isEmpty || !modelNumber.isEmpty else {
            throw .invalid(field: "model number", offset: 54, value: 0)
        }
        worldWideName = words.worldWideName
        userAddressableSectors28 = try bytes.ataWords32(60)
        // Word 69 bit 3: words 230 to 233 hold the number, for more than 48-bit commands reach.
        let isExtended = words[69] & 1 << 3 != 0
        userAddressableSectors48 =
            words.supports83(10) ? try bytes.ataWords64(isExtended ? 230 : 100) : nil

        let size = words[106]
        let isSizeValid = size & 0xC000 == 0x4000
        let wordCount = isSizeValid && size & 1 << 12 != 0 ? try bytes.ataWords32(117) : 256
        let logical = UInt64(wordCount) * 2
        logicalSectorBytes = logical == 0 ? 512 : logical
        let exponent = isSizeValid && size & 1 << 13 != 0 ? UInt64(size & 0xF) : 0
        physicalSectorBytes = logicalSectorBytes << exponent
        alignmentSectors = words[209] & 0xC000 == 0x4000 ? words[209] & 0x3FFF : nil

        switch words[217] {
        case 1: (nominalRotationRate, isNonRotating) = (nil, true)
        case 0x0401...0xFFFE: (nominalRotationRate, isNonRotating) = (words[217], false)
        default: (nominalRotationRate, isNonRotating) = (nil, nil)
        }
        formFactor = Self.formFactors[Int(words[168] & 0xF)]
        majorVersion = Self.version(words[80])
        minorVersion = words[81]
        transport = ATATransport(words)
        features = Self.features(words)
        let hasAPM = words.supports83(3) && words[86] & 1 << 3 != 0
        let level = UInt8(words[91] & 0xFF)
        advancedPowerManagementLevel = hasAPM && level > 0 && level < 255 ? level : nil
        security = ATASecurity(words)
        zoned = [1: "hostAware", 2: "deviceManaged"][words[69] & 3]
        isChecksumRight =
            words[255] & 0xFF == 0xA5 ? try bytes.ataChecksumIsRight() : nil
    }

    /// Word 168, bits 3 to 0. Source: ACS-5, section 7.13.6.
    static let formFactors: [Int: String] = [
        1: "5.25 inch", 2: "3.5 inch", 3: "2.5 inch", 4: "1.8 inch", 5: "less than 1.8 inch",
        6: "mSATA", 7: "M.2", 8: "MicroSSD", 9: "CFast",
    ]

    /// The name of the highest bit that is set in word 80; the word itself may be absent.
    static func version(_ word: UInt16) -> String? {
        guard word != 0, word != 0xFFFF else { return nil }
        let highest = 15 - word.leadingZeroBitCount
        return [
            1: "ATA-1", 2: "ATA-2", 3: "ATA-3", 4: "ATA/ATAPI-4", 5: "ATA/ATAPI-5",
            6: "ATA/ATAPI-6", 7: "ATA/ATAPI-7", 8: "ATA8-ACS", 9: "ACS-2", 10: "ACS-3",
            11: "ACS-4", 12: "ACS-5", 13: "ACS-6",
        ][highest]
    }
}
