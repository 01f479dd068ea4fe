internal import DiagModel

/// The command that ended the last run of queued commands with an error: GPL log 10h.
///
/// Source: ACS-5, section 9.14 (NCQ Command Error log). Without an error its content means nothing.
public struct NCQErrorLog: Codable, Hashable, Sendable {
    /// Whether the failed command was not a queued one, so that `tag` means nothing.
    public let isNotQueued: Bool
    /// Whether the heads were unloaded by IDLE IMMEDIATE.
    public let isUnloaded: Bool
    /// The tag of the command, 0 to 31.
    public let tag: UInt8
    /// The STATUS field.
    public let status: UInt8
    /// The ERROR field.
    public let error: UInt8
    /// The LBA field.
    public let lba: UInt64
    /// The DEVICE field.
    public let device: UInt8
    /// The COUNT field.
    public let count: UInt16
    /// The SCSI sense key, where the device reports it; 0 without.
    public let senseKey: UInt8
    /// The SCSI additional sense code and its qualifier.
    public let additionalSense: UInt16
    /// Whether the checksum is right.
    public let isChecksumRight: Bool

    /// Reads 512 bytes.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        isChecksumRight = try bytes.ataChecksumIsRight()
        isNotQueued = bytes[0] & 0x80 != 0
        isUnloaded = bytes[0] & 0x40 != 0
        tag = bytes[0] & 0x1F
        status = bytes[2]
        error = bytes[3]
        lba = [10, 9, 8, 6, 5, 4].reduce(0) { $0 << 8 | UInt64(bytes[$1]) }
        device = bytes[7]
        count = UInt16(bytes[12]) | UInt16(bytes[13]) << 8
        senseKey = bytes[14]
        additionalSense = UInt16(bytes[15]) << 8 | UInt16(bytes[16])
    }
}
