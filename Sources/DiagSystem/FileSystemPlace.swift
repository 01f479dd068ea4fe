internal import CLinux
internal import Glibc
public import SystemPackage

/// The file system that a path lies on, or would lie on when it is made.
public struct FileSystemPlace: Hashable, Sendable {
    /// The path that was asked for, absolute.
    public var path: FilePath
    /// The number of the mount in /proc/self/mountinfo; none where the kernel does not tell.
    public var mountIdentifier: Int64?
    /// The size of the file system in bytes.
    public var byteCount: UInt64
    /// What ordinary users may still use, in bytes.
    public var availableByteCount: UInt64
    /// Whether it cannot be written.
    public var isReadOnly: Bool

    /// A place with what is known of it.
    public init(
        path: FilePath, mountIdentifier: Int64?, byteCount: UInt64, availableByteCount: UInt64,
        isReadOnly: Bool = false
    ) {
        self.path = path
        self.mountIdentifier = mountIdentifier
        self.byteCount = byteCount
        self.availableByteCount = availableByteCount
        self.isReadOnly = isReadOnly
    }

    /// Asks the file system of `path`, or of the nearest directory above it that exists.
    ///
    /// Source: fstatfs(2); proc(5), /proc/PID/fdinfo, `mnt_id` (Linux 3.15). May wait for ever
    /// where a server or device is dead.
    public static func of(_ path: FilePath) throws(SystemCallError) -> FileSystemPlace {
        let wanted = try HostFacts.absolute(path)
        var existing = wanted
        while true {
            do throws(SystemCallError) { return try of(wanted, existing: existing) } catch {
                guard error.errno == .noSuchFileOrDirectory, existing.lastComponent != nil else {
                    throw error
                }
                existing.removeLastComponent()
            }
        }
    }

    private static func of(
        _ path: FilePath, existing: FilePath
    ) throws(SystemCallError) -> FileSystemPlace {
        let place = OwnedDescriptor(
            owning: try systemCall("open", on: existing.string) {
                unsafe existing.withPlatformString {
                    unsafe diag_openat(AT_FDCWD, $0, O_PATH | O_CLOEXEC, 0)
                }
            })
        var space = statfs()
        try systemCall("statfs", on: existing.string) { unsafe fstatfs(place.rawValue, &space) }
        let unit = UInt64(clamping: space.f_frsize > 0 ? space.f_frsize : space.f_bsize)
        func bytes(_ blocks: UInt64) -> UInt64 {
            let (product, overflows) = blocks.multipliedReportingOverflow(by: unit)
            return overflows ? .max : product
        }
        return FileSystemPlace(
            path: path, mountIdentifier: mountIdentifier(of: place),
            byteCount: bytes(UInt64(space.f_blocks)),
            availableByteCount: bytes(UInt64(space.f_bavail)),
            isReadOnly: space.f_flags & 1 != 0)
    }

    private static func mountIdentifier(of file: borrowing OwnedDescriptor) -> Int64? {
        let path = FilePath("/proc/self/fdinfo/\(file.rawValue)")
        guard let facts = try? OwnedDescriptor.open(path, .readOnly),
            let bytes = try? facts.readAll(limit: 4096)
        else { return nil }
        let name = "mnt_id:"
        let line = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first {
            $0.hasPrefix(name)
        }
        return line.flatMap { Int64($0.dropFirst(name.count).drop { $0 == "\t" || $0 == " " }) }
    }
}
