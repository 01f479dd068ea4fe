internal import DiagModel

/// Every block device with its size, as /proc/partitions lists them.
///
/// Source: `show_partition`, block/genhd.c of Linux 6.12; proc_partitions(5).
public struct PartitionTableListing: Hashable, Sendable {
    /// One disk or partition.
    public struct Entry: Hashable, Sendable {
        /// The device's number.
        public var device: DeviceNumber
        /// Its size, rounded down to whole KiB by the kernel.
        public var byteCount: Int64
        /// The kernel's name for it.
        public var name: String
    }

    /// The devices, in the kernel's order.
    public let entries: [Entry]
    /// The numbers, from 1, of the lines that are not what the format says.
    public let unreadableLines: [Int]

    /// Reads the text of /proc/partitions; lines that make no sense are counted and passed over.
    public init(parsing bytes: [UInt8]) {
        var entries = [Entry]()
        var unreadable = [Int]()
        TableText.forEachLine(of: bytes) { number, line in
            let fields = TableText.fields(line)
            if fields.isEmpty || fields[0].elementsEqual("major".utf8) { return }
            guard fields.count == 4,
                let major: UInt32 = TableText.integer(fields[0]),
                let minor: UInt32 = TableText.integer(fields[1]),
                let blocks: Int64 = TableText.integer(fields[2]), blocks >= 0,
                blocks <= .max >> 10
            else {
                unreadable.append(number)
                return
            }
            entries.append(
                Entry(
                    device: DeviceNumber(major: major, minor: minor), byteCount: blocks << 10,
                    name: UntrustedText.escapingInvalidUTF8(fields[3])))
        }
        self.entries = entries
        unreadableLines = unreadable
    }
}
