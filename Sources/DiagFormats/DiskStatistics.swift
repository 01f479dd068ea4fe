internal import DiagModel

/// What each block device has done since it appeared.
///
/// Source: Documentation/admin-guide/iostats.rst and `diskstats_show`, block/genhd.c of Linux 6.12.
public struct DiskStatistics: Hashable, Sendable {
    /// The counters of one device. Sectors are of 512 bytes.
    public struct Entry: Hashable, Sendable {
        /// The device's number.
        public var device: DeviceNumber
        /// The kernel's name for it.
        public var name: String
        /// The counters in the kernel's order: reads completed, reads merged, sectors read,
        /// milliseconds reading, the same four for writes, requests in flight, milliseconds busy,
        /// weighted milliseconds; from Linux 4.18 on four for discards, from 5.5 two for flushes.
        public var counters: [UInt64]

        /// Requests that the device has not answered yet.
        public var inFlightCount: UInt64? { counters.count > 8 ? counters[8] : nil }
        /// Milliseconds during which at least one request was in flight.
        public var busyMilliseconds: UInt64? { counters.count > 9 ? counters[9] : nil }
    }

    /// The devices, in the kernel's order.
    public let entries: [Entry]
    /// The numbers, from 1, of the lines that are not what the format says.
    public let unreadableLines: [Int]

    /// Reads the text of /proc/diskstats; lines that make no sense are counted and passed over.
    public init(parsing bytes: [UInt8]) {
        var entries = [Entry]()
        var unreadable = [Int]()
        TableText.forEachLine(of: bytes) { number, line in
            if let entry = Self.entry(TableText.fields(line)) {
                entries.append(entry)
            } else {
                unreadable.append(number)
            }
        }
        self.entries = entries
        unreadableLines = unreadable
    }

    private static func entry(_ fields: [ArraySlice<UInt8>]) -> Entry? {
        guard fields.count >= 14, fields.count <= 64,
            let major: UInt32 = TableText.integer(fields[0]),
            let minor: UInt32 = TableText.integer(fields[1])
        else { return nil }
        var counters = [UInt64]()
        counters.reserveCapacity(fields.count - 3)
        for field in fields[3...] {
            guard let counter: UInt64 = TableText.integer(field) else { return nil }
            counters.append(counter)
        }
        return Entry(
            device: DeviceNumber(major: major, minor: minor),
            name: UntrustedText.escapingInvalidUTF8(fields[2]), counters: counters)
    }
}
