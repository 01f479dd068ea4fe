/// The self-test that runs and the results of the last twenty, the newest first.
///
/// Source: NVM Express Base Specification 2.0c, section 5.16.1.7, figures 211 and 212: log 06h, 564
/// bytes.
public struct NVMeSelfTestLog: Codable, Hashable, Sendable {
    /// How a test ended.
    public enum Outcome: String, Codable, Hashable, Sendable, CaseIterable {
        /// 0h: without error.
        case passed
        /// 1h: a Device Self-test command ended it.
        case abortedByCommand
        /// 2h: a reset ended it.
        case abortedByReset
        /// 3h: a namespace was removed.
        case abortedByNamespaceRemoval
        /// 4h: a Format NVM command ended it.
        case abortedByFormat
        /// 5h: a fatal or unknown error, and it did not complete.
        case fatalError
        /// 6h: a segment failed, and it is not known which.
        case failedUnknownSegment
        /// 7h: a segment failed, which ``Result/segment`` names.
        case failedSegment
        /// 8h: it was ended for an unknown reason.
        case abortedUnknown
        /// 9h: a sanitize operation ended it.
        case abortedBySanitize
        /// Any other value.
        case unknown

        /// Whether the device itself failed.
        public var isFailure: Bool {
            self == .fatalError || self == .failedUnknownSegment || self == .failedSegment
        }
    }

    /// One test that has ended.
    public struct Result: Codable, Hashable, Sendable {
        /// What was tested: 1 short, 2 extended, 14 of the vendor.
        public let test: UInt8
        /// How it ended.
        public let outcome: Outcome
        /// The first segment that failed; `nil` unless the outcome says that it is known.
        public let segment: UInt8?
        /// Power on hours when it ended.
        public let powerOnHours: UInt64
        /// The namespace of the failed block, where that is known.
        public let namespaceIdentifier: UInt32?
        /// A block that failed, where one is known.
        public let failingBlock: UInt64?
        /// The status code type, where it is known.
        public let statusCodeType: UInt8?
        /// The status code, where it is known.
        public let statusCode: UInt8?
    }

    /// The test that runs: 0 none, 1 short, 2 extended, 14 of the vendor.
    public let currentOperation: UInt8
    /// How many percent of it are done; `nil` when none runs.
    public let currentPercent: UInt8?
    /// The results that there are.
    public let results: [Result]

    /// Reads the 564 bytes.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        try bytes.check(564, at: 0, field: "Device Self-test")
        currentOperation = bytes[0] & 0xF
        currentPercent = bytes[0] & 0xF == 0 ? nil : bytes[1] & 0x7F
        var results = [Result]()
        for index in 0..<20 {
            let at = 4 + index * 28
            let status = bytes[at]
            // Fh: the entry is not used. A log of nothing but zeros says the same of code 0.
            if status & 0xF == 0xF || status >> 4 == 0 { continue }
            let outcomes = Outcome.allCases
            let outcome =
                Int(status & 0xF) < outcomes.count - 1 ? outcomes[Int(status & 0xF)] : .unknown
            let valid = bytes[at + 2]
            let namespaceIdentifier: UInt32 = try bytes.littleEndian(at: at + 12, field: "NSID")
            let block: UInt64 = try bytes.littleEndian(at: at + 16, field: "FLBA")
            results.append(
                Result(
                    test: status >> 4, outcome: outcome,
                    segment: outcome == .failedSegment ? bytes[at + 1] : nil,
                    powerOnHours: try bytes.littleEndian(at: at + 4, field: "POH"),
                    namespaceIdentifier: valid & 1 != 0 ? namespaceIdentifier : nil,
                    failingBlock: valid & 2 != 0 ? block : nil,
                    statusCodeType: valid & 4 != 0 ? bytes[at + 24] & 7 : nil,
                    statusCode: valid & 8 != 0 ? bytes[at + 25] : nil))
        }
        self.results = results
    }
}
