/// The swap areas in use.
///
/// Source: `swap_show`, mm/swapfile.c of Linux 6.12; proc_swaps(5).
public struct SwapTable: Hashable, Sendable {
    /// One swap area.
    public struct Entry: Hashable, Sendable {
        /// The device or file, as it was given to swapon(8).
        public var path: [UInt8]
        /// `partition` for a block device, `file` for a file.
        public var type: String
        /// Its size.
        public var byteCount: Int64
        /// How much of it is in use.
        public var usedByteCount: Int64
        /// The higher, the earlier it is used.
        public var priority: Int64
        /// The line in the table, from 1.
        public var line: Int
        /// Whether the file has been removed since.
        public var isDeleted: Bool
    }

    /// The areas, in the kernel's order.
    public let entries: [Entry]
    /// The numbers, from 1, of the lines that are not what the format says.
    public let unreadableLines: [Int]

    /// Reads the text of /proc/swaps; lines that make no sense are counted and passed over.
    public init(parsing bytes: [UInt8]) {
        var entries = [Entry]()
        var unreadable = [Int]()
        TableText.forEachLine(of: bytes) { number, line in
            let fields = TableText.fields(line)
            if number == 1, fields.first?.elementsEqual("Filename".utf8) == true { return }
            guard fields.count == 5,
                let size: Int64 = TableText.integer(fields[2]),
                let used: Int64 = TableText.integer(fields[3]),
                let priority: Int64 = TableText.integer(fields[4]),
                size >= 0, used >= 0, size <= .max >> 10, used <= .max >> 10
            else {
                unreadable.append(number)
                return
            }
            var path = TableText.unescapingOctal(fields[0])
            let mark = Array(" (deleted)".utf8)
            let isDeleted = path.count > mark.count && path.suffix(mark.count).elementsEqual(mark)
            if isDeleted { path.removeLast(mark.count) }
            entries.append(
                Entry(
                    path: path, type: String(decoding: fields[1], as: UTF8.self),
                    byteCount: size << 10, usedByteCount: used << 10, priority: priority,
                    line: number, isDeleted: isDeleted))
        }
        self.entries = entries
        unreadableLines = unreadable
    }
}
