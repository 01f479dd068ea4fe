internal import CLinux
internal import Glibc
public import SystemPackage

/// A block or character device, opened without waiting and never for writing.
///
/// Whatever is asked of it may block for ever where the device is dead, so it is for a process
/// that can be given up.
@safe public struct DeviceFile: ~Copyable, Sendable {
    /// Whether bytes are taken from the kernel's page cache.
    public enum Caching: Sendable {
        /// As they are on the device: for metadata that the kernel writes past the cache.
        case direct
        /// As a mounted file system sees them.
        case cached
    }

    /// Where it was opened, below the root.
    public let path: FilePath
    let descriptor: OwnedDescriptor
    private let isDirect: Bool

    private init(_ descriptor: consuming OwnedDescriptor, path: FilePath, isDirect: Bool) {
        self.descriptor = descriptor
        self.path = path
        self.isDirect = isDirect
    }

    /// Opens the device at `path` below `root`.
    ///
    /// `number` is its device number where that is known; another device is refused with `ENXIO`,
    /// since a name below /dev may meanwhile mean another. Below a root that is not the running
    /// host's a regular file, an image, is taken and no device. Anything else is `EINVAL`.
    public static func open(
        _ path: FilePath, in root: RootedTree, number: (major: UInt32, minor: UInt32)? = nil,
        caching: Caching = .cached
    ) throws(SystemCallError) -> DeviceFile {
        let status = try root.status(of: path)
        let isDevice = status.kind == .blockDevice || status.kind == .characterDevice
        // The number of a node below another root is that of a device of this machine.
        guard root.isLiveHost ? isDevice : status.kind == .regular else {
            throw SystemCallError(
                operation: "open", object: "\(path) (a \(status.kind.rawValue))",
                errno: .invalidArgument)
        }
        let flags = O_RDONLY | O_NONBLOCK | O_NOCTTY
        var isDirect = caching == .direct && status.kind == .blockDevice
        let descriptor: OwnedDescriptor
        do throws(SystemCallError) {
            descriptor = try root.open(path, flags: isDirect ? flags | DIAG_O_DIRECT : flags)
        } catch {
            guard isDirect, error.errno == .invalidArgument else { throw error }
            isDirect = false
            descriptor = try root.open(path, flags: flags)
        }
        let found = try descriptor.status()
        guard found.kind == status.kind else {
            throw SystemCallError(
                operation: "open",
                object: "\(path) (now a \(found.kind.rawValue) and not a "
                    + "\(status.kind.rawValue))", errno: .noSuchAddressOrDevice)
        }
        if isDevice, let number {
            let opened = found.representedDevice
            guard opened == number else {
                throw SystemCallError(
                    operation: "open",
                    object: "\(path) (device \(opened.major):\(opened.minor) and not "
                        + "\(number.major):\(number.minor))", errno: .noSuchAddressOrDevice)
            }
        }
        if !isDirect { _ = diag_advise_random(descriptor.rawValue) }
        return DeviceFile(descriptor, path: path, isDirect: isDirect)
    }

    /// Its size; 0 for a character device.
    public var byteCount: UInt64 {
        get throws(SystemCallError) {
            let status = try descriptor.status()
            switch status.kind {
            case .regular: return UInt64(clamping: status.byteCount)
            case .blockDevice:
                var byteCount: CUnsignedLongLong = 0
                try systemCall("ioctl BLKGETSIZE64", on: path.string) {
                    unsafe diag_block_size(descriptor.rawValue, &byteCount)
                }
                return byteCount
            default: return 0
            }
        }
    }

    /// Reads `count` bytes at `offset`, fewer where the device ends; at most 16 MiB.
    public func read(at offset: UInt64, count: Int) throws(SystemCallError) -> [UInt8] {
        guard count > 0, count <= 16 << 20, offset <= UInt64(Int64.max) - UInt64(count) else {
            return []
        }
        // Direct reads want addresses, offsets and counts in whole blocks; 4096 serves every disk.
        let unit: UInt64 = isDirect ? 4096 : 1
        let start = offset / unit * unit
        let end = (offset + UInt64(count) + unit - 1) / unit * unit
        let length = Int(end - start)
        var memory: UnsafeMutableRawPointer?
        guard unsafe posix_memalign(&memory, 4096, length) == 0, let memory = unsafe memory else {
            throw SystemCallError(
                operation: "allocate for reading", object: path.string, errno: .noMemory)
        }
        defer { unsafe free(memory) }
        var filled = 0
        while filled < length {
            let count = try systemCall("read", on: "\(path) at byte \(start + UInt64(filled))") {
                unsafe pread(
                    descriptor.rawValue, memory + filled, length - filled,
                    off_t(start) + off_t(filled))
            }
            if count == 0 { break }
            filled += count
            // The end of a device that is no multiple of the unit.
            if isDirect, filled % 512 != 0 { break }
        }
        let skipped = Int(offset - start)
        guard filled > skipped else { return [] }
        let wanted = min(count, filled - skipped)
        return unsafe Array(UnsafeRawBufferPointer(start: memory + skipped, count: wanted))
    }
}
