internal import DiagModel

/// A memory of which some pages are given as they were at one moment, whenever they are read.
///
/// The kernel stacks of running processors are pinned right after their registers were taken, so
/// that the two belong together in the dump although its pages are copied later.
final class PinnedMemory: MemorySource {
    let kernel: DumpedKernel
    let ranges: [MemoryRange]
    private let base: any MemorySource
    /// The bytes of whole pages, by physical address.
    private let pages: [UInt64: [UInt8]]

    /// `base`, with `pages` by the physical address of each.
    init(_ base: any MemorySource, pages: [UInt64: [UInt8]]) {
        self.base = base
        self.pages = pages
        kernel = base.kernel
        ranges = base.ranges
    }

    func makeReader() throws(LiveDumpError) -> any MemoryReader {
        Reader(try base.makeReader(), pages: pages, pageByteCount: UInt64(kernel.pageByteCount))
    }

    func displacement() -> LiveDumpReport.Obstacle? { base.displacement() }

    func pageMapFrames() -> [Range<UInt64>]? { base.pageMapFrames() }

    /// Reads from the memory, and puts the pinned pages in.
    private final class Reader: MemoryReader {
        private let base: any MemoryReader
        private let pages: [UInt64: [UInt8]]
        private let pageByteCount: UInt64

        init(_ base: any MemoryReader, pages: [UInt64: [UInt8]], pageByteCount: UInt64) {
            self.base = base
            self.pages = pages
            self.pageByteCount = pageByteCount
        }

        func read(at address: UInt64, into destination: UnsafeMutableRawBufferPointer) -> Int {
            let count = unsafe base.read(at: address, into: destination)
            let end = address &+ UInt64(count)
            // There are a handful of them, and a read is of up to 256 pages.
            for (start, bytes) in pages where start >= address && start &+ pageByteCount <= end {
                let place = Int(start - address)
                for index in bytes.indices { unsafe destination[place + index] = bytes[index] }
            }
            return count
        }
    }
}
