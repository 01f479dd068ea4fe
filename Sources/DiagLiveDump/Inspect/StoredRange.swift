/// A range of physical memory, and where its bytes are stored in a file.
struct StoredRange: Hashable, Sendable {
    /// The first physical address.
    var start: UInt64
    /// Bytes of memory.
    var byteCount: UInt64
    /// Where the stored bytes begin in the file.
    var fileOffset: UInt64
    /// How many bytes are stored: fewer than the memory where the file is cut, or where they are
    /// compressed.
    var storedByteCount: UInt64

    /// Where `count` bytes at a physical address lie in the range, from its start on; `nil` where
    /// they are not all in it.
    func place(of address: UInt64, count: Int) -> UInt64? {
        guard address >= start, address - start < byteCount,
            byteCount - (address - start) >= UInt64(count)
        else { return nil }
        return address - start
    }
}
