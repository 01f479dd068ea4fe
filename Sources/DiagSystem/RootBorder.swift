internal import CLinux
internal import Glibc
internal import SystemPackage

/// Where a root ends that is not the running host's: at what the running kernel has mounted in it.
///
/// A rescued disk is often given the /proc, /sys, /dev and /run of the system that rescues it, for
/// a chroot. They tell of this machine and not of that one, so that nothing is there.
///
/// It goes by where something lies, and not by the path that leads there: /etc/resolv.conf is often
/// a link into /run. Devices alone would not do, for below /run are mounts of their own, such as
/// /run/user/1000; nor would the names of /proc/self/fd, which after chroot(2) are those of another
/// root, and which need /proc. So ``RootedTree`` goes each step itself, and asks at each mount that
/// it comes to. What is mounted beyond the border is not reached either: a disk below /run/media.
struct RootBorder: Sendable {
    /// What is told by its kind; a test has others.
    struct Marks: Sendable {
        /// File systems that are mounted over when somebody looks into them: autofs.
        var automountTypes: Set<UInt32> = [0x0187]
        /// Where a file system in memory is the running host's.
        var memoryFolders: [FilePath] = [
            "/run", "/dev", "/sys", "/proc", "/tmp", "/var/run", "/var/lock",
        ]
    }

    private let device: UInt64
    private let marks: Marks

    /// The border of a root that lies on `device`.
    init(device: UInt64, marks: Marks) {
        self.device = device
        self.marks = marks
    }

    /// File systems that the kernel makes up.
    ///
    /// Source: include/uapi/linux/magic.h, Linux 6.12; the last three are those of
    /// fs/fuse/control.c, net/sunrpc/rpc_pipe.c and fs/nfsd/nfsctl.c.
    private static let kernelTypes: Set<UInt32> = [
        0x9FA0, 0x6265_6572, 0x6462_6720, 0x7472_6163, 0x7363_6673, 0xF97C_FF8C, 0x4341_5D53,
        0x0027_E0EB, 0x6367_7270, 0xCAFE_4A11, 0x6165_676C, 0xDE5E_81E4, 0x6265_6570, 0x1CD1,
        0x1980_0202, 0x9584_58F6, 0x6E73_6673, 0x5049_4446, 0x4249_4E4D, 0x6573_5543, 0x6759_6969,
        0x6E66_7364,
    ]

    /// tmpfs, which devtmpfs calls itself too, and ramfs: of the running host where it has its own,
    /// elsewhere the root may have been put together of such.
    private static let memoryTypes: Set<UInt32> = [0x0102_1994, 0x8584_58F6]

    /// Throws `ENOENT` when what `found` is, at `place` below the root with no link on the way,
    /// lies in a file system of the running kernel.
    func check(
        _ found: borrowing OwnedDescriptor, at place: FilePath
    ) throws(SystemCallError) {
        guard try found.status().deviceNumber != device else { return }
        let type = try found.fileSystemType(at: place)
        let isInMemory = Self.memoryTypes.contains(type)
        let isHosts =
            Self.kernelTypes.contains(type) || marks.automountTypes.contains(type)
            || isInMemory && marks.memoryFolders.contains { place.starts(with: $0) }
        guard !isHosts else {
            throw SystemCallError(
                operation: "open", object: "\(place) (of the running kernel, not of this root)",
                errno: .noSuchFileOrDirectory)
        }
    }
}

extension OwnedDescriptor {
    /// The `f_type` that names the kind of file system that it lies on, at `place`.
    func fileSystemType(at place: FilePath) throws(SystemCallError) -> UInt32 {
        var space = statfs()
        try systemCall("statfs", on: place.string) { unsafe fstatfs(rawValue, &space) }
        return UInt32(truncatingIfNeeded: space.f_type)
    }
}
