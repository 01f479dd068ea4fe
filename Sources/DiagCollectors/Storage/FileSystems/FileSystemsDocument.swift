internal import DiagModel

/// `file-systems.json`: what the kernel tells of the file systems it has mounted.
struct FileSystemsDocument: Encodable {
    /// One file system of any type, with the kernel's own attributes.
    struct Instance: Encodable {
        /// The kernel's name of its device, where one device is behind it.
        var device: String?
        /// Its UUID, where the kernel names it so.
        var uuid: String?
        /// Its pool or connection, where the kernel names it so.
        var name: String?
        /// What the kernel says, by the attribute's path; numbers where they are such.
        var attributes: [String: JSONValue]
    }

    /// An ext4 file system.
    struct Ext4: Encodable {
        /// An error that the kernel recorded since the last check.
        struct RecordedError: Encodable, Equatable {
            var time: Timestamp?
            var function: String?
            var line: Int64?
            var inode: Int64?
            var block: Int64?
            var code: Int64?
        }

        var device: String
        var errorCount: Int64?
        var warningCount: Int64?
        var messageCount: Int64?
        var firstError: RecordedError?
        var lastError: RecordedError?
        var lifetimeWriteKibibytes: Int64?
        var sessionWriteKibibytes: Int64?
        var delayedAllocationBlockCount: Int64?
        var options: [String]
        /// What its journal has done, line by line as the kernel writes it.
        var journal: [String]?
    }

    /// A btrfs file system.
    struct Btrfs: Encodable {
        /// What is given to one kind of block group.
        struct Space: Encodable {
            /// `data`, `metadata`, `system` or `mixed`.
            var kind: String
            /// The profiles in use: `single`, `raid1` and others.
            var profiles: [String]
            var totalByteCount: Int64
            var usedByteCount: Int64
            var reservedByteCount: Int64
            var pinnedByteCount: Int64
            var readOnlyByteCount: Int64
            var diskTotalByteCount: Int64
            var diskUsedByteCount: Int64
        }

        /// One of its devices.
        struct Device: Encodable {
            var deviceID: Int64
            var isMissing: Bool?
            var isInMetadata: Bool?
            var isWriteable: Bool?
            var isReplaceTarget: Bool?
            /// `write_errs`, `read_errs`, `flush_errs`, `corruption_errs`, `generation_errs`.
            var errors: [String: Int64]
        }

        var uuid: String
        var label: String?
        var deviceNames: [String]
        var devicesByteCount: Int64?
        var unallocatedByteCount: Int64?
        var globalReserveByteCount: Int64?
        var spaces: [Space]
        var devices: [Device]
        var features: [String]
        var attributes: [String: JSONValue]
    }

    var schema = "diagbundle.file-systems/1"
    /// How many mounts there are of each type.
    var mountCounts: [String: Int]
    var ext4: [Ext4] = []
    var xfs: [Instance] = []
    var btrfs: [Btrfs] = []
    var f2fs: [Instance] = []
    var bcachefs: [Instance] = []
    var zfsPools: [Instance] = []
    /// The counters of the ZFS cache, by their names; none without ZFS.
    var zfsCache: [String: JSONValue] = [:]
    var fuse: [Instance] = []
    /// The lines of /etc/fstab and what is true of them.
    var fileSystemTable: [FileSystemTableCheck.Entry] = []
}
