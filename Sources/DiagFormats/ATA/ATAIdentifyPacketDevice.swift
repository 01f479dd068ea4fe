internal import DiagModel

/// What an ATAPI device, an optical or tape drive, says of itself.
///
/// Source: ACS-3, section 7.13 (IDENTIFY PACKET DEVICE data).
public struct ATAIdentifyPacketDevice: Codable, Hashable, Sendable {
    /// The serial number, words 10 to 19.
    public let serialNumber: String
    /// The firmware's revision, words 23 to 26.
    public let firmwareRevision: String
    /// The model, words 27 to 46.
    public let modelNumber: String
    /// The world wide name, 16 lower-case hexadecimal digits.
    public let worldWideName: String?
    /// The SCSI peripheral device type of its packets: 5 for CD and DVD drives.
    public let peripheralDeviceType: UInt8
    /// Whether the medium can be taken out.
    public let isRemovable: Bool
    /// The newest standard that it claims, for example `ACS-2`.
    public let majorVersion: String?
    /// How it is attached.
    public let transport: ATATransport
    /// Whether the checksum in word 255 is right; none when the device gives none.
    public let isChecksumRight: Bool?

    /// Reads 512 bytes.
    ///
    /// - Throws: when there are fewer, or when word 0 is not that of an ATAPI device.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        try bytes.check(512, at: 0, field: "IDENTIFY PACKET DEVICE data")
        let words = try ATAIdentifyWords(parsing: bytes)
        guard words[0] & 0xC000 == 0x8000 else {
            throw .invalid(field: "general configuration", offset: 0, value: UInt64(words[0]))
        }
        serialNumber = try bytes.ataString(word: 10, count: 10)
        firmwareRevision = try bytes.ataString(word: 23, count: 4)
        modelNumber = try bytes.ataString(word: 27, count: 20)
        guard !serialNumber.isEmpty || !modelNumber.isEmpty else {
            throw .invalid(field: "model number", offset: 54, value: 0)
        }
        worldWideName = words.worldWideName
        peripheralDeviceType = UInt8(words[0] >> 8 & 0x1F)
        isRemovable = words[0] & 1 << 7 != 0
        majorVersion = ATAIdentifyDevice.version(words[80])
        transport = ATATransport(words)
        isChecksumRight = words[255] & 0xFF == 0xA5 ? try bytes.ataChecksumIsRight() : nil
    }
}
