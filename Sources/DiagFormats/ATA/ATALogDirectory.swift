internal import DiagModel

/// Which logs a device has, and how many pages of 512 bytes each: log 00h.
///
/// Source: ACS-5, section 9.2 (general purpose log directory); ATA8-ACS, section A.2 (the SMART log
/// directory, whose entries are one byte).
public struct ATALogDirectory: Codable, Hashable, Sendable {
    /// One log.
    public struct Entry: Codable, Hashable, Sendable {
        /// Its address, 1 to 255.
        public var address: UInt8
        /// Its name in the standards; none for one that they do not name.
        public var name: String?
        /// How many pages of 512 bytes it has.
        public var pages: UInt16
    }

    /// The version, 1.
    public let version: UInt16
    /// The logs with at least one page, by address.
    public let entries: [Entry]

    /// How many pages log `address` has, 0 when it is not there.
    public func pageCount(of address: UInt8) -> Int {
        Int(entries.first { $0.address == address }?.pages ?? 0)
    }

    /// Reads the 512 bytes of the general purpose log directory.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        try self.init(bytes, mask: 0xFFFF)
    }

    /// Reads the 512 bytes of the SMART log directory, whose upper bytes are reserved.
    public init(parsingSMART bytes: Span<UInt8>) throws(FormatError) {
        try self.init(bytes, mask: 0x00FF)
    }

    private init(_ bytes: Span<UInt8>, mask: UInt16) throws(FormatError) {
        try bytes.check(512, at: 0, field: "log directory")
        version = try bytes.ataWord(0)
        guard version == 1 else {
            throw .invalid(field: "log directory version", offset: 0, value: UInt64(version))
        }
        var entries = [Entry]()
        for address in 1...255 {
            let pages = try bytes.ataWord(address) & mask
            guard pages > 0 else { continue }
            entries.append(
                Entry(
                    address: UInt8(address), name: Self.name(of: UInt8(address)), pages: pages))
        }
        self.entries = entries
    }

    /// The name of log `address`. Source: ACS-5, table 205 (log address definition); SATA 3.5.
    static func name(of address: UInt8) -> String? {
        switch address {
        case 0x80...0x9F: "Host vendor specific"
        case 0xA0...0xDF: "Device vendor specific"
        default: names[address]
        }
    }

    private static let names: [UInt8: String] = [
        0x01: "Summary SMART error log", 0x02: "Comprehensive SMART error log",
        0x03: "Extended comprehensive SMART error log", 0x04: "Device Statistics",
        0x06: "SMART self-test log", 0x07: "Extended self-test log",
        0x08: "Power Conditions log", 0x09: "Selective self-test log",
        0x0A: "Device Statistics Notification", 0x0C: "Pending Defects log",
        0x0D: "LPS Mis-alignment log", 0x0F: "Sense Data for Successful NCQ Commands log",
        0x10: "NCQ Command Error log", 0x11: "SATA Phy Event Counters log",
        0x12: "SATA NCQ Queue Management log", 0x13: "SATA NCQ Send and Receive log",
        0x14: "Hybrid Information log", 0x15: "Rebuild Assist log",
        0x16: "Out Of Band Management Control log", 0x18: "Command Duration Limits log",
        0x19: "LBA Status log", 0x20: "Streaming performance log", 0x21: "Write stream error log",
        0x22: "Read stream error log", 0x24: "Current Device Internal Status log",
        0x25: "Saved Device Internal Status log", 0x2F: "Sector Configuration log",
        0x30: "IDENTIFY DEVICE data log", 0x42: "Mutate Configurations log",
        0x47: "Concurrent Positioning Ranges log", 0x53: "Sense Data log",
        0x59: "Power Consumption Control log", 0xE0: "SCT Command/Status",
        0xE1: "SCT Data Transfer",
    ]
}
