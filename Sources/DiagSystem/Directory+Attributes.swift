internal import CLinux
internal import Glibc
internal import SystemPackage

extension Directory {
    /// Reads a small file that the kernel makes up into `buffer`, for those who read very many.
    ///
    /// One page is enough for every attribute of sysfs; what is longer than `buffer` is left out.
    /// A symbolic link is not followed. Waits for nothing: a FIFO gives no bytes.
    ///
    /// - Returns: how many bytes stand at the start of `buffer`; `nil` when it cannot be read.
    public func attribute(_ name: String, into buffer: inout [UInt8]) -> Int? {
        if let scope, !scope.isReadable(path.appending(name)) { return nil }
        do throws(SystemCallError) { try leaveAutomount(name) } catch { return nil }
        let descriptor = unsafe diag_openat(
            rawValue, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC, 0)
        guard descriptor >= 0 else { return nil }
        let file = OwnedDescriptor(owning: descriptor)
        return try? file.read(into: &buffer)
    }
}
