internal import DiagModel

/// Which parts of the device a selective self-test covers: log 09h.
///
/// Source: ACS-3, section A.19 (selective self-test log).
public struct ATASelectiveSelfTestLog: Codable, Hashable, Sendable {
    /// A part of the device; both bounds are in it. 0 to 0 is an empty one.
    public struct TestSpan: Codable, Hashable, Sendable {
        /// Its first logical sector.
        public var startingLBA: UInt64
        /// Its last logical sector.
        public var endingLBA: UInt64
    }

    /// The version of the structure, 1.
    public let revision: UInt16
    /// The five parts.
    public let spans: [TestSpan]
    /// Where a test stands now.
    public let currentLBA: UInt64
    /// The part that is tested now, from 1; 0 when none is.
    public let currentSpan: UInt16
    /// Bit 1: an offline scan follows; bit 3: it is pending; bit 4: it is active.
    public let featureFlags: UInt16
    /// Minutes after power-on until a pending scan goes on.
    public let pendingTimeMinutes: UInt16
    /// Whether the checksum is right.
    public let isChecksumRight: Bool

    /// Reads 512 bytes.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        revision = try bytes.littleEndian(at: 0, field: "revision")
        isChecksumRight = try bytes.ataChecksumIsRight()
        var spans = [TestSpan]()
        for at in stride(from: 2, to: 82, by: 16) {
            spans.append(
                TestSpan(
                    startingLBA: try bytes.littleEndian(at: at, field: "starting LBA"),
                    endingLBA: try bytes.littleEndian(at: at + 8, field: "ending LBA")))
        }
        self.spans = spans
        currentLBA = try bytes.littleEndian(at: 492, field: "current LBA")
        currentSpan = try bytes.littleEndian(at: 500, field: "current span")
        featureFlags = try bytes.littleEndian(at: 502, field: "feature flags")
        pendingTimeMinutes = try bytes.littleEndian(at: 508, field: "pending time")
    }
}
