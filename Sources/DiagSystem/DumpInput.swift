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

    /// Opens the file at `path`; of a FIFO nothing is waited for, and it is an error.
    public init(path: FilePath) throws(SystemCallError) {
        descriptor = try OwnedDescriptor.open(path, .readOnly, options: [.nonBlocking])
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

    /// The next bytes of the file from `offset` on that are no hole; the whole rest where the file
    /// system does not tell, `nil` when there are none.
    public func nextData(from offset: UInt64) -> Range<UInt64>? {
        guard offset < byteCount, let start = off_t(exactly: offset) else { return nil }
        // Source: Linux 6.1 include/uapi/linux/fs.h, `SEEK_DATA` and `SEEK_HOLE`.
        let data = lseek(descriptor.rawValue, start, 3)
        guard data >= 0 else {
            return Errno.last == .noSuchAddressOrDevice ? nil : offset..<byteCount
        }
        let hole = lseek(descriptor.rawValue, data, 4)
        let end = hole > data ? min(byteCount, UInt64(hole)) : byteCount
        return UInt64(data) < end ? UInt64(data)..<end : nil
    }
}
