internal import CLzma

/// How an xz stream is made: the bytes depend on the preset and the block size, never on threads.
public struct XZConfiguration: Hashable, Sendable {
    /// What one preset, 0 to 9, costs and gives is told in xz(1); 1 keeps two threads in 40 MiB.
    public var preset: Int
    /// How many blocks are compressed side by side.
    public var threadCount: Int
    /// The uncompressed bytes of one block; each is compressed for itself.
    public var blockByteCount: Int

    /// A way to make an xz stream; what is out of range is brought into it.
    public init(preset: Int = 1, threadCount: Int = 2, blockByteCount: Int = 4 << 20) {
        self.preset = min(max(preset, 0), 9)
        self.threadCount = min(max(threadCount, 1), 64)
        self.blockByteCount = min(max(blockByteCount, 64 << 10), 1 << 30)
    }

    /// The bytes of memory the encoder needs, as liblzma estimates them; `nil` when it cannot.
    ///
    /// Source: lzma_stream_encoder_mt_memusage(), liblzma 5.2.
    public var memoryByteCount: UInt64? {
        var options = unsafe multithreading
        let byteCount = unsafe lzma_stream_encoder_mt_memusage(&options)
        return byteCount == UInt64.max ? nil : byteCount
    }

    /// The nearest configuration that fits into `memoryByteLimit`: first fewer threads, then a
    /// lower preset, at last smaller blocks. `nil` when not even the smallest does.
    public func fitting(memoryByteLimit: UInt64) -> XZConfiguration? {
        var candidate = self
        while true {
            if let needed = candidate.memoryByteCount, needed <= memoryByteLimit {
                return candidate
            }
            if candidate.threadCount > 1 {
                candidate.threadCount -= 1
            } else if candidate.preset > 0 {
                candidate.preset -= 1
            } else if candidate.blockByteCount > 256 << 10 {
                candidate.blockByteCount = max(candidate.blockByteCount / 2, 256 << 10)
            } else {
                return nil
            }
        }
    }

    /// The same for liblzma, with CRC64.
    var multithreading: lzma_mt {
        var options = unsafe lzma_mt()
        unsafe options.threads = UInt32(threadCount)
        unsafe options.block_size = UInt64(blockByteCount)
        unsafe options.preset = UInt32(preset)
        unsafe options.check = LZMA_CHECK_CRC64
        return unsafe options
    }
}
