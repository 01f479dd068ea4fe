internal import CLinux
internal import Glibc
public import SystemPackage

/// A file that is read at any place by many threads: a dump, /proc/kcore's likes excepted, which
/// need an open file for each thread.
public final class DumpInput: Sendable {
    private let descriptor: OwnedDescriptor
    /// Bytes of the file when it was opened.
    public let byteCount: UInt64
    /// What errors call the file.
    public let name: String

    /// Opens the file at `path`.
    public init(path: FilePath) throws(SystemCallError) {
        descriptor = try OwnedDescriptor.open(path, .readOnly)
        name = path.string
        let end = try systemCall("lseek", on: path.string) {
            [number = descriptor.rawValue] in lseek(number, 0, SEEK_END)
        }
        byteCount = UInt64(max(0, end))
    }

    /// Reads from `offset` on.
    ///
    /// - Returns: how many bytes were read; fewer than there is room for at the end of the file, or
    ///   where it cannot be read.
    public func read(into bytes: UnsafeMutableRawBufferPointer, at offset: UInt64) -> Int {
        var done = 0
        while done < bytes.count {
            let place = offset.addingReportingOverflow(UInt64(done))
            guard !place.overflow, let start = off_t(exactly: place.partialValue) else { break }
            let count = unsafe pread(
                descriptor.rawValue, bytes.baseAddress.map { unsafe $0 + done },
                bytes.count - done, start)
            if count > 0 {
                done += count
            } else if count == 0 || Errno.last != .interrupted {
                break
            }
        }
        return done
    }
}
