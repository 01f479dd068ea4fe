internal import DiagModel

/// What SMART READ THRESHOLDS gives: for each attribute the value at which it counts as failed.
///
/// Source: SFF-8035i revision 2; ATA-3, section 8.41.5. Obsolete in later standards and yet there.
public struct SMARTThresholds: Codable, Hashable, Sendable {
    /// One threshold.
    public struct Entry: Codable, Hashable, Sendable {
        /// The attribute's number.
        public var id: UInt8
        /// The attribute has failed when its value is not above this; 0 never fails.
        public var threshold: UInt8
    }

    /// The version of the structure.
    public let revision: UInt16
    /// The thresholds that are there, in the device's order.
    public let entries: [Entry]
    /// Whether the checksum is right.
    public let isChecksumRight: Bool

    /// Reads 512 bytes.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        revision = try bytes.littleEndian(at: 0, field: "revision")
        isChecksumRight = try bytes.ataChecksumIsRight()
        entries = stride(from: 2, to: 362, by: 12).compactMap { at in
            bytes[at] == 0 ? nil : Entry(id: bytes[at], threshold: bytes[at + 1])
        }
    }
}

/// An attribute with its name and its threshold.
public struct SMARTAttribute: Codable, Hashable, Sendable {
    /// Its number.
    public var id: UInt8
    /// The name that is usual for it; vendors use a number as they like.
    public var name: String
    /// As the device keeps them.
    public var flags: UInt16
    /// Whether a value at the threshold foretells a failure, rather than the end of a long life.
    public var isPrefailure: Bool
    /// The normalised value: the higher the better.
    public var value: UInt8
    /// The lowest value so far.
    public var worst: UInt8
    /// The value at which it counts as failed; none when the device gives none.
    public var threshold: UInt8?
    /// The six raw bytes, the lowest first.
    public var raw: [UInt8]
    /// The same as one number.
    public var rawNumber: UInt64
    /// `now` when its value is at the threshold, `before` when it once was.
    public var failed: String?

    /// Joins the attributes of `data` with the thresholds of the same number, in their order.
    public static func join(_ data: SMARTData, _ thresholds: SMARTThresholds?) -> [SMARTAttribute] {
        data.attributes.map { attribute in
            let threshold = thresholds?.entries.first { $0.id == attribute.id }?.threshold
            var failed: String?
            // A threshold of 0 never fails; 254 and 255 are invalid, or for tests of the host.
            if let threshold, (1...253).contains(threshold) {
                if attribute.value <= threshold {
                    failed = "now"
                } else if attribute.worst <= threshold {
                    failed = "before"
                }
            }
            return SMARTAttribute(
                id: attribute.id, name: SMARTAttributeName.name(of: attribute.id),
                flags: attribute.flags, isPrefailure: attribute.flags & 1 != 0,
                value: attribute.value, worst: attribute.worst, threshold: threshold,
                raw: attribute.raw, rawNumber: attribute.rawNumber, failed: failed)
        }
    }
}
