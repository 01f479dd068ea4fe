internal import DiagModel

/// What the administrator wants mounted: /etc/fstab.
///
/// Source: fstab(5) and getmntent(3).
public struct FileSystemTable: Hashable, Sendable {
    /// One line that asks for a mount or for swap.
    public struct Entry: Hashable, Sendable {
        /// The device, `UUID=…`, `LABEL=…`, server or other source.
        public var source: [UInt8]
        /// Where it is to be mounted; `none` for swap.
        public var mountPoint: [UInt8]
        /// The type; `auto` and lists between commas are allowed.
        public var fileSystemType: String
        /// The options, between commas; `defaults` when the line has none.
        public var options: String
        /// The line in the file, from 1.
        public var line: Int

        /// Whether it is to be mounted for writing; of `ro` and `rw` the last counts.
        public var isWritable: Bool {
            let last = options.split(separator: ",").last { $0 == "ro" || $0 == "rw" }
            return last != "ro"
        }
    }

    /// The entries, in the file's order.
    public let entries: [Entry]
    /// The numbers, from 1, of the lines that are not what the format says.
    public let unreadableLines: [Int]

    /// Reads the text of a file system table; comments and empty lines are passed over.
    public init(parsing bytes: [UInt8]) {
        var entries = [Entry]()
        var unreadable = [Int]()
        TableText.forEachLine(of: bytes) { number, line in
            let fields = TableText.fields(line)
            guard let first = fields.first, first.first != 0x23 else { return }
            guard fields.count >= 3 else {
                unreadable.append(number)
                return
            }
            entries.append(
                Entry(
                    source: TableText.unescapingOctal(first),
                    mountPoint: TableText.unescapingOctal(fields[1]),
                    fileSystemType: Self.text(fields[2]),
                    options: fields.count > 3 ? Self.text(fields[3]) : "defaults", line: number))
        }
        self.entries = entries
        unreadableLines = unreadable
    }

    private static func text(_ field: ArraySlice<UInt8>) -> String {
        UntrustedText.escapingInvalidUTF8(TableText.unescapingOctal(field))
    }
}
