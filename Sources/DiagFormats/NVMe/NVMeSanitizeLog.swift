/// How the last sanitize operation went.
///
/// Source: NVM Express Base Specification 2.0c, section 5.16.1.25, figure 257: log 81h, 512 bytes.
public struct NVMeSanitizeLog: Codable, Hashable, Sendable {
    /// How the last sanitize operation ended.
    public enum Outcome: String, Codable, Hashable, Sendable, CaseIterable {
        /// 0h: there was none.
        case never
        /// 1h: it succeeded.
        case succeeded
        /// 2h: it runs.
        case running
        /// 3h: it failed.
        case failed
        /// 4h: it succeeded, and blocks were deallocated though that was not wanted.
        case succeededDeallocated
        /// Any other value.
        case unknown
    }

    /// What is done of the running one, in 65536ths (SPROG); FFFFh when none runs.
    public let progress: UInt16
    /// The status as it is (SSTAT).
    public let status: UInt16
    /// How the last one ended (SSTAT bits 2:0).
    public let outcome: Outcome
    /// Passes of an overwrite that are done (SSTAT bits 7:3).
    public let completedPasses: UInt16
    /// Whether nothing was written since it was made or sanitized (SSTAT bit 8).
    public let isErased: Bool
    /// What was asked for (SCDW10).
    public let request: UInt32
    /// Seconds that an overwrite takes (ETO); FFFFFFFFh when not reported, as with the others.
    public let overwriteSeconds: UInt32
    /// Seconds that a block erase takes (ETBE).
    public let blockEraseSeconds: UInt32
    /// Seconds that a crypto erase takes (ETCE).
    public let cryptoEraseSeconds: UInt32
    /// Seconds of an overwrite without deallocation (ETOND).
    public let overwriteKeepingSeconds: UInt32
    /// Seconds of a block erase without deallocation (ETBEND).
    public let blockEraseKeepingSeconds: UInt32
    /// Seconds of a crypto erase without deallocation (ETCEND).
    public let cryptoEraseKeepingSeconds: UInt32

    /// Reads the 512 bytes.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        try bytes.check(512, at: 0, field: "Sanitize Status")
        progress = try bytes.littleEndian(at: 0, field: "SPROG")
        status = try bytes.littleEndian(at: 2, field: "SSTAT")
        let outcomes = Outcome.allCases
        let code = Int(status & 7)
        outcome = code < outcomes.count - 1 ? outcomes[code] : .unknown
        completedPasses = status >> 3 & 0x1F
        isErased = status >> 8 & 1 != 0
        request = try bytes.littleEndian(at: 4, field: "SCDW10")
        overwriteSeconds = try bytes.littleEndian(at: 8, field: "ETO")
        blockEraseSeconds = try bytes.littleEndian(at: 12, field: "ETBE")
        cryptoEraseSeconds = try bytes.littleEndian(at: 16, field: "ETCE")
        overwriteKeepingSeconds = try bytes.littleEndian(at: 20, field: "ETOND")
        blockEraseKeepingSeconds = try bytes.littleEndian(at: 24, field: "ETBEND")
        cryptoEraseKeepingSeconds = try bytes.littleEndian(at: 28, field: "ETCEND")
    }
}
