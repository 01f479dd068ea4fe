internal import CLinux
internal import Glibc
internal import SystemPackage

/// Where a root ends that is not the running host's: at what the running kernel has mounted in it.
///
/// A rescued disk is often given the /proc, /sys, /dev and /run of the system that rescues it, for a
/// chroot. They tell of this machine and not of that one, so that nothing is there.
struct RootBorder: Sendable {
    private let device: dev_t

    /// The border of the root that `descriptor` is.
    init(_ descriptor: borrowing OwnedDescriptor) throws(SystemCallError) {
        device = try Self.device(of: descriptor.rawValue)
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
    private static let memoryFolders: [FilePath] = [
        "/run", "/dev", "/sys", "/proc", "/tmp", "/var/run", "/var/lock",
    ]

    /// Throws `ENOENT` when what `descriptor` is lies in a file system of the running kernel.
    func check(
        _ descriptor: borrowing OwnedDescriptor, at path: FilePath
    ) throws(SystemCallError) {
        guard try Self.device(of: descriptor.rawValue) != device else { return }
        var space = statfs()
        let number = descriptor.rawValue
        try systemCall("statfs", on: path.string) { unsafe fstatfs(number, &space) }
        let type = UInt32(truncatingIfNeeded: space.f_type)
        let isHosts =
            Self.kernelTypes.contains(type)
            || Self.memoryTypes.contains(type)
                && Self.memoryFolders.contains { path.starts(with: $0) }
        guard !isHosts else {
            throw SystemCallError(
                operation: "open", object: "\(path) (of the running kernel, not of this root)",
                errno: .noSuchFileOrDirectory)
        }
    }

    private static func device(of descriptor: CInt) throws(SystemCallError) -> dev_t {
        var status = stat()
        try systemCall("stat", on: "the root") { unsafe fstat(descriptor, &status) }
        return status.st_dev
    }
}
