internal import DiagModel

/// What SMART READ DATA gives: the attributes, and how self-tests and the offline collection stand.
///
/// Source: ATA8-ACS, section 7.53.6 (SMART READ DATA); the attributes, which the standards leave to
/// the vendors, SFF-8035i revision 2.
public struct SMARTData: Codable, Hashable, Sendable {
    /// One attribute as the device keeps it.
    public struct Attribute: Codable, Hashable, Sendable {
        /// Its number, 1 to 255.
        public var id: UInt8
        /// Bit 0: below the threshold it foretells a failure; bit 1: updated while in use; others
        /// by vendor.
        public var flags: UInt16
        /// The normalised value: the higher the better, 1 to 253.
        public var value: UInt8
        /// The lowest value so far.
        public var worst: UInt8
        /// The six raw bytes, the lowest first; their meaning is the vendor's.
        public var raw: [UInt8]

        /// The raw bytes as one number.
        public var rawNumber: UInt64 { raw.reversed().reduce(0) { $0 << 8 | UInt64($1) } }
    }

    /// The version of the structure.
    public let revision: UInt16
    /// The attributes that are there, in the device's order.
    public let attributes: [Attribute]
    /// How the offline collection stands, byte 362; bit 7: it runs by itself.
    public let offlineDataCollectionStatus: UInt8
    /// How the last self-test ended.
    public let selfTestExecutionStatus: ATASelfTestResult
    /// How much of a running self-test is left, in percent.
    public let selfTestRemainingPercent: UInt8
    /// How long an offline collection takes, in seconds.
    public let offlineDataCollectionSeconds: UInt16
    /// Byte 367: bit 4 self-tests, bit 5 conveyance, bit 6 selective.
    public let offlineDataCollectionCapability: UInt8
    /// Bytes 368 and 369.
    public let smartCapability: UInt16
    /// Byte 370, bit 0: it keeps an error log.
    public let isErrorLoggingSupported: Bool
    /// How long a short self-test takes, in minutes.
    public let shortSelfTestMinutes: UInt8
    /// How long an extended self-test takes, in minutes.
    public let extendedSelfTestMinutes: UInt16
    /// How long a conveyance self-test takes, in minutes.
    public let conveyanceSelfTestMinutes: UInt8
    /// Whether the checksum is right; if not, nothing above can be relied on.
    public let isChecksumRight: Bool

    /// Reads 512 bytes.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        revision = try bytes.littleEndian(at: 0, field: "revision")
        isChecksumRight = try bytes.ataChecksumIsRight()
        var attributes = [Attribute]()
        for at in stride(from: 2, to: 362, by: 12) where bytes[at] != 0 {
            attributes.append(
                Attribute(
                    id: bytes[at], flags: try bytes.littleEndian(at: at + 1, field: "flags"),
                    value: bytes[at + 3], worst: bytes[at + 4],
                    raw: try bytes.bytes(6, at: at + 5, field: "raw value")))
        }
        self.attributes = attributes
        offlineDataCollectionStatus = bytes[362]
        selfTestExecutionStatus = ATASelfTestResult(status: bytes[363])
        selfTestRemainingPercent = Swift.min(bytes[363] & 0xF, 10) * 10
        offlineDataCollectionSeconds = try bytes.littleEndian(at: 364, field: "collection time")
        offlineDataCollectionCapability = bytes[367]
        smartCapability = try bytes.littleEndian(at: 368, field: "SMART capability")
        isErrorLoggingSupported = bytes[370] & 1 != 0
        shortSelfTestMinutes = bytes[372]
        // FFh says that bytes 375 and 376 hold the time.
        extendedSelfTestMinutes =
            bytes[373] == 0xFF
            ? try bytes.littleEndian(at: 375, field: "extended self-test time")
            : UInt16(bytes[373])
        conveyanceSelfTestMinutes = bytes[374]
    }
}
