internal import CLinux
internal import Glibc
public import SystemPackage

/// What a mounted file system answers when it is asked how it is.
///
/// Source: statx(2) with `AT_STATX_DONT_SYNC` and `AT_NO_AUTOMOUNT`, and fstatfs(2).
public struct FileSystemSpace: Hashable, Sendable {
    /// The number of the device that the mount point lies on.
    public let deviceMajor: UInt32
    /// The second half of that number.
    public let deviceMinor: UInt32
    /// The `f_type` that names the kind of file system.
    public let magic: UInt32
    /// The unit that the file system counts its space in.
    public let blockByteCount: UInt64
    /// Its size in those units.
    public let blockCount: UInt64
    /// What is free, what only root may use included.
    public let freeBlockCount: UInt64
    /// What ordinary users may still use.
    public let availableBlockCount: UInt64
    /// How many inodes it can have; 0 where it makes them as needed.
    public let inodeCount: UInt64
    /// How many of them are free.
    public let freeInodeCount: UInt64
    /// Whether this mount of it cannot be written.
    public let isReadOnly: Bool

    /// `blocks` of this file system in bytes; the largest number where that does not fit.
    public func byteCount(ofBlocks blocks: UInt64) -> UInt64 {
        let (product, overflows) = blocks.multipliedReportingOverflow(by: blockByteCount)
        return overflows ? .max : product
    }
}

extension RootedTree {
    /// Asks the file system at `path` how it is. May block for ever where its server or device is
    /// dead, so it is for a process that can be given up. An automount point is not triggered.
    public func fileSystemSpace(at path: FilePath) throws(SystemCallError) -> FileSystemSpace {
        let place = try open(path, flags: O_PATH)
        var values = [UInt64](repeating: 0, count: 5)
        do throws(SystemCallError) {
            try systemCall("statx", on: path.string) {
                unsafe diag_statx(place.rawValue, &values)
            }
        } catch {
            // Sandboxes refuse what they do not know, and kernels before 4.11 have no statx.
            guard error.errno == .noFunction || error.errno == .notPermitted else { throw error }
            let device = try place.status().deviceNumber
            values[1] = UInt64(diag_major(device))
            values[2] = UInt64(diag_minor(device))
        }
        var space = statfs()
        try systemCall("statfs", on: path.string) { unsafe fstatfs(place.rawValue, &space) }
        let fragment = UInt64(clamping: space.f_frsize)
        return FileSystemSpace(
            deviceMajor: UInt32(truncatingIfNeeded: values[1]),
            deviceMinor: UInt32(truncatingIfNeeded: values[2]),
            magic: UInt32(truncatingIfNeeded: space.f_type),
            blockByteCount: fragment > 0 ? fragment : UInt64(clamping: space.f_bsize),
            blockCount: UInt64(space.f_blocks), freeBlockCount: UInt64(space.f_bfree),
            availableBlockCount: UInt64(space.f_bavail), inodeCount: UInt64(space.f_files),
            freeInodeCount: UInt64(space.f_ffree), isReadOnly: space.f_flags & 1 != 0)
    }
}
