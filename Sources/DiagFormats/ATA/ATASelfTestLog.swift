internal import DiagModel

/// The last self-tests: the SMART self-test log (06h) or the extended one (GPL log 07h).
///
/// Source: ACS-3, section A.20 (self-test log: 21 descriptors of 24 bytes) and A.10 (extended
/// self-test log: 19 descriptors of 26 bytes in each page).
public struct ATASelfTestLog: Codable, Hashable, Sendable {
    /// One test.
    public struct Entry: Codable, Hashable, Sendable {
        /// What was run: 1 short, 2 extended, 3 conveyance, 4 selective; with bit 7 captive; 0
        /// offline collection.
        public var subcommand: UInt8
        /// How it ended.
        public var result: ATASelfTestResult
        /// How much of it was left, in percent.
        public var remainingPercent: UInt8
        /// The power-on hours when it ended, modulo 65,536.
        public var lifetimeHours: UInt16
        /// Where it stood, by vendor.
        public var checkpoint: UInt8
        /// The first logical sector that failed; none when the device names none.
        public var failingLBA: UInt64?
    }

    /// The version of the structure.
    public let revision: UInt16
    /// The tests, the newest first.
    public let entries: [Entry]
    /// Whether the checksum of each page is right.
    public let isChecksumRight: Bool

    /// Reads the 512 bytes of log 06h.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        try bytes.check(512, at: 0, field: "self-test log")
        revision = try bytes.littleEndian(at: 0, field: "revision")
        isChecksumRight = try bytes.ataChecksumIsRight()
        entries = try Self.newestFirst(index: Int(bytes[508]), slots: 21) {
            slot throws(FormatError) in
            try Self.entry(bytes, at: 2 + slot * 24, lbaBytes: 4)
        }
    }

    /// Reads log 07h, one or more pages of 512 bytes.
    public init(parsingExtended bytes: Span<UInt8>) throws(FormatError) {
        try bytes.check(512, at: 0, field: "extended self-test log")
        revision = UInt16(bytes[0])
        let pages = bytes.count / 512
        var isRight = true
        for page in 0..<pages where !(try bytes.ataChecksumIsRight(at: page * 512)) {
            isRight = false
        }
        isChecksumRight = isRight
        let index: UInt16 = try bytes.littleEndian(at: 2, field: "self-test descriptor index")
        entries = try Self.newestFirst(index: Int(index), slots: pages * 19) {
            slot throws(FormatError) in
            try Self.entry(bytes, at: slot / 19 * 512 + 4 + slot % 19 * 26, lbaBytes: 6)
        }
    }

    /// The entries of a ring of `slots`, whose newest one is number `index`, from 1; 0 is empty.
    private static func newestFirst(
        index: Int, slots: Int, _ read: (Int) throws(FormatError) -> Entry?
    ) throws(FormatError) -> [Entry] {
        guard index > 0, slots > 0 else { return [] }
        guard index <= slots else {
            throw .invalid(field: "self-test index", offset: 508, value: UInt64(index))
        }
        var entries = [Entry]()
        for step in 0..<slots {
            // A slot that was never written ends the ring.
            guard let entry = try read((index - 1 - step + slots) % slots) else { break }
            entries.append(entry)
        }
        return entries
    }

    private static func entry(
        _ bytes: Span<UInt8>, at offset: Int, lbaBytes: Int
    ) throws(FormatError) -> Entry? {
        let content = try bytes.bytes(20 + lbaBytes, at: offset, field: "self-test descriptor")
        guard content.contains(where: { $0 != 0 }) else { return nil }
        let lba = try bytes.ataNumber(lbaBytes, at: offset + 5, field: "failing LBA")
        let unnamed: UInt64 = lbaBytes == 4 ? 0xFFFF_FFFF : 0xFFFF_FFFF_FFFF
        let result = ATASelfTestResult(status: content[1])
        return Entry(
            subcommand: content[0], result: result,
            remainingPercent: Swift.min(content[1] & 0xF, 10) * 10,
            lifetimeHours: UInt16(content[2]) | UInt16(content[3]) << 8, checkpoint: content[4],
            failingLBA: result.isFailure && lba & unnamed != unnamed ? lba : nil)
    }
}
