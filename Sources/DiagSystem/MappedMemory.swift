internal import CLinux
internal import Glibc
internal import SystemPackage

/// Anonymous memory of a fixed size, aligned to pages and zero at first, given back at its end.
///
/// It is shared by threads as it is: whoever writes sees to it that no two write one byte at once,
/// and that none reads what another writes.
@safe public final class MappedMemory: Sendable {
    /// The whole of it. Not to be used beyond the life of this object.
    public nonisolated(unsafe) let bytes: UnsafeMutableRawBufferPointer

    /// Maps `byteCount` bytes, rounded up to whole pages; at least one page.
    public init(byteCount: Int) throws(SystemCallError) {
        let page = Int(getpagesize())
        let rounded = max(1, (byteCount + page - 1) / page) * page
        let address = unsafe mmap(
            nil, rounded, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let address = unsafe address, unsafe address != MAP_FAILED else {
            throw SystemCallError(
                operation: "mmap", object: "\(rounded) bytes of memory", errno: .last)
        }
        unsafe bytes = UnsafeMutableRawBufferPointer(start: address, count: rounded)
    }

    deinit { _ = unsafe munmap(bytes.baseAddress, bytes.count) }

    /// How many bytes it has: whole pages.
    public var byteCount: Int { unsafe bytes.count }

    /// Keeps it in memory; whether that was granted.
    public func lock() -> Bool { unsafe mlock(bytes.baseAddress, bytes.count) == 0 }
}
