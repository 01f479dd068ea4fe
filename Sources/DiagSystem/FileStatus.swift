public import DiagModel
internal import CLinux
internal import Glibc

/// What `stat` tells of a file.
public struct FileStatus: Hashable, Sendable {
    /// What kind of file it is.
    public enum Kind: String, Hashable, Sendable {
        /// A regular file.
        case regular
        /// A directory.
        case directory
        /// A symbolic link.
        case symbolicLink
        /// A FIFO.
        case fifo
        /// A socket.
        case socket
        /// A block device node.
        case blockDevice
        /// A character device node.
        case characterDevice
        /// Something this program does not know.
        case unknown
    }

    /// What kind of file it is.
    public let kind: Kind
    /// Its size in bytes, as the file system says; procfs and sysfs say 0 or 4096.
    public let byteCount: Int64
    /// The bytes that it takes on its file system: fewer than its size where it has holes.
    public let allocatedByteCount: Int64
    /// Its permission bits.
    public let permissions: UInt16
    /// The user id of its owner.
    public let ownerIdentifier: UInt32
    /// The group id of its owner.
    public let groupIdentifier: UInt32
    /// When its content last changed.
    public let modified: Timestamp
    /// The number of the device it lies on.
    public let deviceNumber: UInt64
    /// The device that a device node stands for, as major and minor.
    public let representedDevice: (major: UInt32, minor: UInt32)
    /// The number of its inode.
    public let inode: UInt64

    init(_ status: stat) {
        kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .regular
            case S_IFDIR: .directory
            case S_IFLNK: .symbolicLink
            case S_IFIFO: .fifo
            case S_IFSOCK: .socket
            case S_IFBLK: .blockDevice
            case S_IFCHR: .characterDevice
            default: .unknown
            }
        byteCount = Int64(status.st_size)
        // Blocks of 512 bytes, whatever those of the file system are; a damaged one tells anything.
        let (allocated, overflows) = Int64(status.st_blocks).multipliedReportingOverflow(by: 512)
        allocatedByteCount = overflows ? .max : max(0, allocated)
        permissions = UInt16(status.st_mode & 0o7777)
        ownerIdentifier = status.st_uid
        groupIdentifier = status.st_gid
        // Some file systems store 64 bits of seconds, and a damaged one anything.
        let seconds = min(max(Int64(status.st_mtim.tv_sec), -62_135_596_800), 253_402_300_799)
        modified = Timestamp(
            microsecondsSince1970: seconds * 1_000_000
                + min(max(Int64(status.st_mtim.tv_nsec), 0), 999_999_999) / 1000)
        deviceNumber = UInt64(status.st_dev)
        representedDevice = (diag_major(UInt64(status.st_rdev)), diag_minor(UInt64(status.st_rdev)))
        inode = UInt64(status.st_ino)
    }

    /// Compares by all fields.
    public static func == (left: FileStatus, right: FileStatus) -> Bool {
        left.kind == right.kind && left.byteCount == right.byteCount
            && left.allocatedByteCount == right.allocatedByteCount
            && left.permissions == right.permissions && left.modified == right.modified
            && left.deviceNumber == right.deviceNumber && left.inode == right.inode
            && left.representedDevice == right.representedDevice
            && left.ownerIdentifier == right.ownerIdentifier
            && left.groupIdentifier == right.groupIdentifier
    }

    /// Hashes what names the file.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(deviceNumber)
        hasher.combine(inode)
    }
}

extension FileStatus.Kind {
    /// In words: `block device`.
    public var words: String {
        switch self {
        case .regular: "regular file"
        case .directory: "directory"
        case .symbolicLink: "symbolic link"
        case .fifo: "FIFO"
        case .socket: "socket"
        case .blockDevice: "block device"
        case .characterDevice: "character device"
        case .unknown: "file of an unknown kind"
        }
    }
}
