/// One power state that a controller can be in.
///
/// Source: NVM Express Base Specification 2.0c, section 5.17.2.1, figure 276: 32 bytes.
public struct NVMePowerState: Codable, Hashable, Sendable {
    /// How many bytes a descriptor has.
    static let byteCount = 32

    /// The most power it draws (MP, with its scale MXPS), in microwatts.
    public let maximumMicrowatts: UInt32
    /// Whether no command is processed in it (NOPS).
    public let isNonOperational: Bool
    /// Microseconds to enter it (ENLAT), 0 when not reported.
    public let entryLatencyMicroseconds: UInt32
    /// Microseconds to leave it (EXLAT), 0 when not reported.
    public let exitLatencyMicroseconds: UInt32
    /// Rank of its read throughput (RRT), 0 the best.
    public let relativeReadThroughput: UInt8
    /// Rank of its read latency (RRL), 0 the best.
    public let relativeReadLatency: UInt8
    /// Rank of its write throughput (RWT), 0 the best.
    public let relativeWriteThroughput: UInt8
    /// Rank of its write latency (RWL), 0 the best.
    public let relativeWriteLatency: UInt8
    /// Typical power over 30 s of idling (IDLP, with its scale IPS), in microwatts; `nil` when not
    /// reported.
    public let idleMicrowatts: UInt32?
    /// The largest average power over 10 s (ACTP, with its scale APS), in microwatts; `nil` when
    /// not reported.
    public let activeMicrowatts: UInt32?
    /// The workload that the active power was measured with (APW).
    public let activePowerWorkload: UInt8

    /// Reads the descriptor at `offset` of an Identify Controller structure.
    init(_ bytes: Span<UInt8>, at offset: Int) throws(FormatError) {
        try bytes.check(Self.byteCount, at: offset, field: "PSD")
        let power: UInt16 = try bytes.littleEndian(at: offset, field: "MP")
        let flags = bytes[offset + 3]
        maximumMicrowatts = UInt32(power) * (flags & 1 != 0 ? 100 : 10_000)
        isNonOperational = flags & 2 != 0
        entryLatencyMicroseconds = try bytes.littleEndian(at: offset + 4, field: "ENLAT")
        exitLatencyMicroseconds = try bytes.littleEndian(at: offset + 8, field: "EXLAT")
        relativeReadThroughput = bytes[offset + 12] & 0x1F
        relativeReadLatency = bytes[offset + 13] & 0x1F
        relativeWriteThroughput = bytes[offset + 14] & 0x1F
        relativeWriteLatency = bytes[offset + 15] & 0x1F
        idleMicrowatts = Self.microwatts(
            try bytes.littleEndian(at: offset + 16, field: "IDLP"), scale: bytes[offset + 18] >> 6)
        activeMicrowatts = Self.microwatts(
            try bytes.littleEndian(at: offset + 20, field: "ACTP"), scale: bytes[offset + 22] >> 6)
        activePowerWorkload = bytes[offset + 22] & 7
    }

    private static func microwatts(_ value: UInt16, scale: UInt8) -> UInt32? {
        switch scale {
        case 1: UInt32(value) * 100
        case 2: UInt32(value) * 10_000
        default: nil
        }
    }
}
