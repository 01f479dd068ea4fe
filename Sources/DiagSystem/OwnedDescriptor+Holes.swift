internal import CLinux
internal import Glibc
internal import SystemPackage

extension OwnedDescriptor {
    /// Where the first byte from `offset` on stands that the file system stores; `nil` when only a
    /// hole follows up to the end.
    ///
    /// What lies before it reads as zeros. Where the file system knows of no holes the answer is
    /// `offset` itself. The place of the next read moves. Source: lseek(2), `SEEK_DATA`.
    public func nextData(from offset: Int64) throws(SystemCallError) -> Int64? {
        do throws(SystemCallError) {
            return Int64(
                try systemCall("lseek", on: "descriptor \(rawValue)") {
                    diag_seek_data(rawValue, off_t(offset))
                })
        } catch {
            switch error.errno {
            case .noSuchAddressOrDevice: return nil
            // A kernel or file system that does not answer has data everywhere.
            case .invalidArgument, .notSupported, .illegalSeek: return offset
            default: throw error
            }
        }
    }

    /// Moves the place of the next read or write to `offset` bytes from the start.
    public func seek(to offset: Int64) throws(SystemCallError) {
        _ = try systemCall("lseek", on: "descriptor \(rawValue)") {
            lseek(rawValue, off_t(offset), SEEK_SET)
        }
    }

    /// Gives the file `byteCount` bytes: what is added is a hole, where the file system has them.
    public func setByteCount(_ byteCount: Int64) throws(SystemCallError) {
        try systemCall("ftruncate", on: "descriptor \(rawValue)") {
            ftruncate(rawValue, off_t(byteCount))
        }
    }
}
