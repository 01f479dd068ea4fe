internal import CLinux
internal import Glibc
internal import Synchronization
public import SystemPackage

/// The file that a dump is written to, at any place in any order, by many threads.
///
/// Where the file system takes it, the bytes go past the page cache (`O_DIRECT`); elsewhere they
/// are sent to the disk at once and dropped from the cache, since a cache that grows is memory
/// taken from the host and pages added to what is being dumped. For direct writes memory, place
/// and count must be multiples of ``alignment``.
///
/// `SIGXFSZ` must be ignored by the process, as the program does, so that the limit on the size of
/// a file is an error and not the end.
public final class DumpOutput: Sendable {
    /// What memory, place and count of a write must be multiples of.
    public static let alignment = 4096

    private let descriptor: OwnedDescriptor
    private let directness: Atomic<Bool>
    /// Why bytes did not reach the disk. The kernel says so once, to whoever asks first.
    private let loss = Mutex<DumpOutputError?>(nil)
    /// What errors call the file.
    private let name: String

    /// Writes to `descriptor`, which stays open until this object goes away; `name` is for errors.
    public init(
        _ descriptor: consuming OwnedDescriptor, name: String, wantsDirect: Bool = true
    ) {
        let number = descriptor.rawValue
        self.descriptor = descriptor
        self.name = name
        let flags = diag_status_flags(number)
        let isDirect =
            wantsDirect && flags >= 0
            && diag_set_status_flags(number, flags | diag_direct_flag()) == 0
        directness = Atomic(isDirect)
    }

    /// Whether writes go past the page cache.
    public var isDirect: Bool { directness.load(ordering: .relaxed) }

    /// Writes all of `bytes` from `offset` on.
    public func write(
        _ bytes: UnsafeRawBufferPointer, at offset: UInt64
    ) throws(DumpOutputError) {
        var done = 0
        while done < bytes.count {
            // Another thread may end the direct writing while this write is refused.
            let wasDirect = isDirect
            let count = unsafe pwrite(
                descriptor.rawValue, bytes.baseAddress.map { unsafe $0 + done },
                bytes.count - done, off_t(truncatingIfNeeded: offset &+ UInt64(done)))
            if count > 0 {
                done += count
                continue
            }
            let errno = count == 0 ? Errno.noSpace : Errno.last
            if errno == .interrupted { continue }
            // Some file systems take the flag and refuse the write; a short write may also have
            // left the place off its alignment.
            if errno == .invalidArgument, wasDirect {
                stopDirect()
                continue
            }
            throw DumpOutputError(operation: "write", name: name, errno: errno)
        }
        if !isDirect {
            _ = diag_start_writing(
                descriptor.rawValue, Int64(truncatingIfNeeded: offset), Int64(bytes.count))
        }
    }

    /// Drops bytes that were written before from the page cache, once they are on the disk.
    public func drop(byteCount: UInt64, at offset: UInt64) {
        guard !isDirect else { return }
        descriptor.dropFromCache(
            byteCount: Int64(truncatingIfNeeded: byteCount),
            at: Int64(truncatingIfNeeded: offset))
    }

    /// Reads at most `bytes.count` bytes from `offset` on; 0 at the end of the file.
    public func read(
        into bytes: UnsafeMutableRawBufferPointer, at offset: UInt64
    ) throws(DumpOutputError) -> Int {
        while true {
            let wasDirect = isDirect
            let count = unsafe pread(
                descriptor.rawValue, bytes.baseAddress, bytes.count,
                off_t(truncatingIfNeeded: offset))
            if count >= 0 { return count }
            let errno = Errno.last
            if errno == .interrupted { continue }
            if errno == .invalidArgument, wasDirect {
                stopDirect()
                continue
            }
            throw DumpOutputError(operation: "read", name: name, errno: errno)
        }
    }

    /// Sets room aside for the first `byteCount` bytes, which read as zero.
    ///
    /// - Returns: whether the file system could; else the file is as long, and has no room yet.
    @discardableResult
    public func reserve(byteCount: UInt64) throws(DumpOutputError) -> Bool {
        while true {
            if diag_allocate(descriptor.rawValue, Int64(truncatingIfNeeded: byteCount)) == 0 {
                return true
            }
            let errno = Errno.last
            if errno == .interrupted { continue }
            if errno == .notSupported || errno == .noFunction {
                try setByteCount(byteCount)
                return false
            }
            throw DumpOutputError(operation: "allocate", name: name, errno: errno)
        }
    }

    /// Cuts or lengthens the file.
    public func setByteCount(_ byteCount: UInt64) throws(DumpOutputError) {
        while ftruncate(descriptor.rawValue, off_t(truncatingIfNeeded: byteCount)) != 0 {
            let errno = Errno.last
            if errno == .interrupted { continue }
            throw DumpOutputError(operation: "ftruncate", name: name, errno: errno)
        }
    }

    /// Waits until what was written has reached the disk.
    ///
    /// Once that has failed it fails for good: what was lost then stays lost.
    public func synchronize() throws(DumpOutputError) {
        if let failed = loss.withLock({ $0 }) { throw failed }
        while fdatasync(descriptor.rawValue) != 0 {
            let errno = Errno.last
            if errno == .interrupted { continue }
            // A pipe or a special file has nothing to wait for.
            if errno == .invalidArgument { return }
            let failed = DumpOutputError(operation: "fdatasync", name: name, errno: errno)
            loss.withLock { $0 = failed }
            throw failed
        }
    }

    private func stopDirect() {
        let flags = diag_status_flags(descriptor.rawValue)
        _ = diag_set_status_flags(descriptor.rawValue, flags & ~diag_direct_flag())
        directness.store(false, ordering: .relaxed)
    }
}

/// A write to the file of a dump that failed.
public struct DumpOutputError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Why, as far as it decides what happens next.
    public enum Cause: Hashable, Sendable {
        /// The disk is full, a quota is used up, or the file may not be larger.
        case noSpace
        /// Anything else.
        case inputOutput
    }

    /// What was tried: `write`.
    public let operation: String
    /// The file.
    public let name: String
    /// What the kernel said.
    public let errno: Errno

    /// A refusal of `operation` on the file `name`.
    public init(operation: String, name: String, errno: Errno) {
        self.operation = operation
        self.name = name
        self.errno = errno
    }

    /// Why, as far as it decides what happens next.
    public var cause: Cause {
        switch errno {
        case .noSpace, .diskQuotaExceeded, .fileTooLarge: .noSpace
        default: .inputOutput
        }
    }

    /// For example `write LiveDump.kdump: No space left on device`.
    public var description: String { "\(operation) \(name): \(errno)" }
}
