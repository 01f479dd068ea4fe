internal import DiagModel

/// The last errors that the device reported, with the commands before each.
///
/// Read from the summary error log (01h), the comprehensive one (02h) or the extended
/// comprehensive one (GPL log 03h).
public struct ATAErrorLog: Codable, Hashable, Sendable {
    /// A command, or the registers after one.
    public struct Registers: Codable, Hashable, Sendable {
        /// The COMMAND field of a command, the STATUS field after one.
        public var commandOrStatus: UInt8
        /// The FEATURE field of a command, the ERROR field after one.
        public var featureOrError: UInt16
        /// The COUNT field.
        public var count: UInt16
        /// The LBA field.
        public var lba: UInt64
        /// The DEVICE field.
        public var device: UInt8
        /// Milliseconds since power-on, of a command; it wraps around.
        public var timestampMilliseconds: UInt32?
    }

    /// One error.
    public struct Entry: Codable, Hashable, Sendable {
        /// What the device answered.
        public var error: Registers
        /// What the device was doing, lower four bits: 1 sleeping, 2 standby, 3 active or idle, 4
        /// offline collection or self-test.
        public var state: UInt8
        /// The power-on hours when it happened, modulo 65,536.
        public var lifetimeHours: UInt16
        /// The commands before it, the oldest first, the last of which failed.
        public var commands: [Registers]
    }

    /// The version of the structure, 1.
    public let version: UInt8
    /// How many errors there were in the life of the device, at most 65,535.
    public let deviceErrorCount: UInt16
    /// The errors that are kept, the newest first.
    public let entries: [Entry]
    /// Whether the checksum of each page is right.
    public let isChecksumRight: Bool

    /// Where things are in a page of a log.
    private struct Layout {
        var firstEntry: Int
        var entryBytes: Int
        var entryCount: Int
        var commandBytes: Int
        var errorCountOffset: Int
        var isExtended: Bool
    }

    /// Reads log 01h, or log 02h: one or more pages of 512 bytes.
    ///
    /// Source: ACS-3, section A.21 (summary error log), ATA8-ACS, section A.7: five entries of 90
    /// bytes in a page.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        let layout = Layout(
            firstEntry: 2, entryBytes: 90, entryCount: 5, commandBytes: 12, errorCountOffset: 452,
            isExtended: false)
        try bytes.check(512, at: 0, field: "error log")
        try self.init(bytes, layout, index: Int(bytes[1]))
    }

    /// Reads GPL log 03h: one or more pages of 512 bytes.
    ///
    /// Source: ACS-5, section 9.6 (Extended Comprehensive SMART Error log): four entries of 124
    /// bytes in a page.
    public init(parsingExtended bytes: Span<UInt8>) throws(FormatError) {
        let layout = Layout(
            firstEntry: 4, entryBytes: 124, entryCount: 4, commandBytes: 18, errorCountOffset: 500,
            isExtended: true)
        try bytes.check(512, at: 0, field: "extended error log")
        let index: UInt16 = try bytes.littleEndian(at: 2, field: "error log index")
        try self.init(bytes, layout, index: Int(index))
    }

    private init(_ bytes: Span<UInt8>, _ layout: Layout, index: Int) throws(FormatError) {
        version = bytes[0]
        deviceErrorCount = try bytes.littleEndian(
            at: layout.errorCountOffset, field: "device error count")
        let pages = bytes.count / 512
        var isRight = true
        for page in 0..<pages where !(try bytes.ataChecksumIsRight(at: page * 512)) {
            isRight = false
        }
        isChecksumRight = isRight
        let slots = pages * layout.entryCount
        guard deviceErrorCount > 0, index > 0 else {
            entries = []
            return
        }
        guard index <= slots else {
            throw .invalid(field: "error log index", offset: 1, value: UInt64(index))
        }
        var entries = [Entry]()
        for step in 0..<Swift.min(slots, Int(deviceErrorCount)) {
            let slot = (index - 1 - step + slots) % slots
            let at =
                slot / layout.entryCount * 512 + layout.firstEntry
                + slot % layout.entryCount * layout.entryBytes
            guard let entry = try Self.entry(bytes, layout, at: at) else { continue }
            entries.append(entry)
        }
        self.entries = entries
    }

    private static func entry(
        _ bytes: Span<UInt8>, _ layout: Layout, at offset: Int
    ) throws(FormatError) -> Entry? {
        let content = try bytes.bytes(layout.entryBytes, at: offset, field: "error log entry")
        guard content.contains(where: { $0 != 0 }) else { return nil }
        var commands = [Registers]()
        for number in 0..<5 {
            let at = offset + number * layout.commandBytes
            let part = try bytes.bytes(layout.commandBytes, at: at, field: "command")
            guard part.contains(where: { $0 != 0 }) else { continue }
            commands.append(
                layout.isExtended ? extendedCommand(part.span) : command(part.span))
        }
        let error = offset + 5 * layout.commandBytes
        let tail = offset + layout.entryBytes - 3
        return Entry(
            error: layout.isExtended ? extendedError(bytes, error) : shortError(bytes, error),
            state: bytes[tail],
            lifetimeHours: try bytes.littleEndian(at: tail + 1, field: "life timestamp"),
            commands: commands)
    }

    private static func command(_ part: Span<UInt8>) -> Registers {
        Registers(
            commandOrStatus: part[7], featureOrError: UInt16(part[1]), count: UInt16(part[2]),
            lba: lba(part, [5, 4, 3]) | UInt64(part[6] & 0xF) << 24, device: part[6],
            timestampMilliseconds: UInt32(truncatingIfNeeded: lba(part, [11, 10, 9, 8])))
    }

    private static func shortError(_ bytes: Span<UInt8>, _ at: Int) -> Registers {
        Registers(
            commandOrStatus: bytes[at + 7], featureOrError: UInt16(bytes[at + 1]),
            count: UInt16(bytes[at + 2]),
            lba: lba(bytes, [at + 5, at + 4, at + 3]) | UInt64(bytes[at + 6] & 0xF) << 24,
            device: bytes[at + 6])
    }

    private static func extendedCommand(_ part: Span<UInt8>) -> Registers {
        Registers(
            commandOrStatus: part[12], featureOrError: UInt16(part[1]) | UInt16(part[2]) << 8,
            count: UInt16(part[3]) | UInt16(part[4]) << 8, lba: lba(part, [10, 8, 6, 9, 7, 5]),
            device: part[11],
            timestampMilliseconds: UInt32(truncatingIfNeeded: lba(part, [17, 16, 15, 14])))
    }

    private static func extendedError(_ bytes: Span<UInt8>, _ at: Int) -> Registers {
        Registers(
            commandOrStatus: bytes[at + 11], featureOrError: UInt16(bytes[at + 1]),
            count: UInt16(bytes[at + 2]) | UInt16(bytes[at + 3]) << 8,
            lba: lba(bytes, [9, 7, 5, 8, 6, 4].map { at + $0 }), device: bytes[at + 10])
    }

    /// The number whose bytes stand at `places`, the highest first; all lie in a checked entry.
    private static func lba(_ bytes: Span<UInt8>, _ places: [Int]) -> UInt64 {
        places.reduce(0) { $0 << 8 | UInt64(bytes[$1]) }
    }
}
