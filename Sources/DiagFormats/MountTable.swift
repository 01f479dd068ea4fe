internal import DiagModel

/// The mounts of one mount namespace, as the kernel lists them.
///
/// Source: `show_mountinfo`, fs/proc_namespace.c of Linux 6.12; proc_pid_mountinfo(5).
public struct MountTable: Hashable, Sendable {
    /// One mount.
    public struct Entry: Hashable, Sendable {
        /// Names the mount while it exists.
        public var identifier: Int64
        /// The mount that this one is attached to; itself at the top of the tree.
        public var parentIdentifier: Int64
        /// The number of the super block's device; major 0 where no block device is behind it.
        public var device: DeviceNumber
        /// The directory of the file system that is seen at the mount point.
        public var root: [UInt8]
        /// Where it is mounted, from the root of the process whose table this is.
        public var mountPoint: [UInt8]
        /// The options of this mount, between commas.
        public var options: String
        /// The type, for example `ext4` or `fuse.sshfs`.
        public var fileSystemType: String
        /// What is mounted, in the words of the file system: a device, a server, or any text.
        public var source: [UInt8]
        /// The options of the super block, between commas.
        public var superOptions: String
        /// The line in the table, from 1.
        public var line: Int

        /// Whether the super block cannot be written, whoever mounted it.
        public var isReadOnlySuperBlock: Bool { Self.has("ro", in: superOptions) }
        /// Whether this mount cannot be written.
        public var isReadOnlyMount: Bool { Self.has("ro", in: options) }

        /// The value of the last option called `name` among those of the super block.
        public func superOption(_ name: String) -> Substring? {
            for option in superOptions.split(separator: ",").reversed() {
                guard let equals = option.firstIndex(of: "=") else { continue }
                if option[..<equals] == name { return option[option.index(after: equals)...] }
            }
            return nil
        }

        private static func has(_ name: String, in options: String) -> Bool {
            // Only the last of `ro` and `rw` would count, but the kernel writes just one.
            options.utf8.split(separator: 0x2C).contains { $0.elementsEqual(name.utf8) }
        }
    }

    /// The mounts, in the kernel's order.
    public let entries: [Entry]
    /// The numbers, from 1, of the lines that are not what the format says.
    public let unreadableLines: [Int]

    /// Reads the text of a mountinfo file; lines that make no sense are counted and passed over.
    public init(parsing bytes: [UInt8]) {
        var entries = [Entry]()
        var unreadable = [Int]()
        TableText.forEachLine(of: bytes) { number, line in
            if let entry = Self.entry(line, number: number) {
                entries.append(entry)
            } else {
                unreadable.append(number)
            }
        }
        self.entries = entries
        unreadableLines = unreadable
    }

    private static func entry(_ line: ArraySlice<UInt8>, number: Int) -> Entry? {
        // Empty fields count: a source may be the empty text.
        let fields = line.split(separator: 0x20, omittingEmptySubsequences: false)
        guard fields.count >= 9,
            let separator = fields[6...].firstIndex(where: { $0.elementsEqual([0x2D]) }),
            fields.count >= separator + 4,
            let identifier: Int64 = TableText.integer(fields[0]),
            let parent: Int64 = TableText.integer(fields[1]),
            let device = DeviceNumber(parsing: fields[2]),
            !fields[4].isEmpty, !fields[separator + 1].isEmpty
        else { return nil }
        return Entry(
            identifier: identifier, parentIdentifier: parent, device: device,
            root: TableText.unescapingOctal(fields[3]),
            mountPoint: TableText.unescapingOctal(fields[4]), options: text(fields[5]),
            fileSystemType: text(fields[separator + 1]),
            source: TableText.unescapingOctal(fields[separator + 2]),
            superOptions: text(line[fields[separator + 3].startIndex...]), line: number)
    }

    private static func text(_ field: ArraySlice<UInt8>) -> String {
        UntrustedText.escapingInvalidUTF8(TableText.unescapingOctal(field))
    }
}
