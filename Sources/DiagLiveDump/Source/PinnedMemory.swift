internal import DiagModel
internal import Synchronization

/// A memory of which some pages are given as they were at one moment, whenever they are read.
///
/// The kernel stacks of running processors are pinned right after their registers were taken, so
/// that the two belong together in the dump although its pages are copied later.
final class PinnedMemory: MemorySource {
    let kernel: DumpedKernel
    let ranges: [MemoryRange]
    private let base: any MemorySource
    private let pins: Pins
    private let isCurrent: @Sendable (Pin) -> Bool

    /// Pages that belong together: the stack of one processor.
    struct Pin: Sendable {
        /// The processor.
        var processor: Int
        /// The thread that ran on it; 0 for the idle one.
        var thread: Int32
        /// The bytes of whole pages, by physical address.
        var pages: [UInt64: [UInt8]]
        /// Whether they were seen to belong to the registers.
        var isOwn: Bool
    }

    /// What the readers of all threads share.
    private final class Pins: Sendable {
        let list: Mutex<[Pin]>
        init(_ list: [Pin]) { self.list = Mutex(list) }
    }

    /// `base`, with `pins` in the place of their pages.
    ///
    /// - Parameters:
    ///   - base: The memory.
    ///   - pins: What is put in.
    ///   - isCurrent: Whether a pin is still worth it when the memory is read again: of a thread
    ///     that has left its processor the kernel's own data tell another place on its stack.
    init(
        _ base: any MemorySource, pins: [Pin],
        isCurrent: @escaping @Sendable (Pin) -> Bool = { _ in true }
    ) {
        self.base = base
        self.pins = Pins(pins)
        self.isCurrent = isCurrent
        kernel = base.kernel
        ranges = base.ranges
    }

    func makeReader() throws(LiveDumpError) -> any MemoryReader {
        Reader(try base.makeReader(), pins, pageByteCount: UInt64(kernel.pageByteCount))
    }

    func displacement() -> LiveDumpReport.Obstacle? { base.displacement() }

    func willBeReadAgain() {
        let isCurrent = isCurrent
        pins.list.withLock { $0.removeAll { !isCurrent($0) } }
        base.willBeReadAgain()
    }

    func pageMapFrames() -> [Range<UInt64>]? { base.pageMapFrames() }

    /// Reads from the memory, and puts the pinned pages in.
    private final class Reader: MemoryReader {
        private let base: any MemoryReader
        private let pins: Pins
        private let pageByteCount: UInt64

        init(_ base: any MemoryReader, _ pins: Pins, pageByteCount: UInt64) {
            self.base = base
            self.pins = pins
            self.pageByteCount = pageByteCount
        }

        func read(at address: UInt64, into destination: UnsafeMutableRawBufferPointer) -> Int {
            let count = unsafe base.read(at: address, into: destination)
            let end = address &+ UInt64(count)
            // There are a handful of them, and a read is of up to 256 pages.
            pins.list.withLock { pins in
                for pin in pins {
                    for (start, bytes) in pin.pages
                    where start >= address && start &+ pageByteCount <= end {
                        let place = Int(start - address)
                        for index in bytes.indices {
                            unsafe destination[place + index] = bytes[index]
                        }
                    }
                }
            }
            return count
        }
    }
}
