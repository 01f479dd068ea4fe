internal import Glibc

extension OwnedDescriptor {
    /// Moves the place of the next read behind all that is there now.
    ///
    /// On /dev/kmsg the next record that is read is the first one written afterwards. Source: Linux
    /// `Documentation/ABI/testing/dev-kmsg`, `SEEK_END`.
    ///
    /// - Throws: `ESPIPE` for what cannot be sought in, such as a FIFO.
    public func seekToEnd() throws(SystemCallError) {
        _ = try systemCall("lseek", on: "descriptor \(rawValue)") { lseek(rawValue, 0, SEEK_END) }
    }
}
