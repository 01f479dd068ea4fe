internal import CLinux

extension OwnedDescriptor {
    /// Drops bytes that were read or written from the page cache, where the kernel can: a file of
    /// gigabytes that is read once is to push nothing else out.
    public func dropFromCache(byteCount: Int64, at offset: Int64) {
        diag_drop_written(rawValue, offset, byteCount)
    }
}
