internal import DiagFormats
internal import DiagSystem

/// /proc/kcore, opened for one thread.
public final class KernelCoreReader: MemoryReader {
    private let file: OwnedDescriptor
    private let ranges: [MemoryRange]
    private let virtualRanges: [ELFProgramHeader]
    private var last = 0

    init(
        _ file: consuming OwnedDescriptor, ranges: [MemoryRange],
        virtualRanges: [ELFProgramHeader]
    ) {
        self.file = file
        self.ranges = ranges
        self.virtualRanges = virtualRanges
    }

    /// Reads from the physical `address` on, within one range.
    ///
    /// - Returns: how many bytes were read; 0 outside of all ranges.
    public func read(at address: UInt64, into destination: UnsafeMutableRawBufferPointer) -> Int {
        guard last < ranges.count, let range = range(of: address) else { return 0 }
        let skipped = address - range.physicalAddress
        let count = Int(min(UInt64(destination.count), range.byteCount - skipped))
        return unsafe file.readMemory(
            into: UnsafeMutableRawBufferPointer(rebasing: destination[..<count]),
            at: range.fileOffset &+ skipped)
    }

    /// Reads `count` bytes at a kernel address: of memory, the image, vmalloc or a module.
    ///
    /// What vmalloc has not mapped reads as zero bytes. Source: Linux 6.1 mm/vmalloc.c, `vread`.
    ///
    /// - Returns: `nil` where the file has no such address, or it cannot be read.
    public func read(virtual address: UInt64, count: Int) -> [UInt8]? {
        guard count >= 0, count <= 1 << 24 else { return nil }
        var low = 0
        var high = virtualRanges.count
        while low < high {
            let middle = (low + high) / 2
            if virtualRanges[middle].virtualAddress <= address {
                low = middle + 1
            } else {
                high = middle
            }
        }
        // Ranges may lie in one another; a few before the nearest may hold the address too.
        for range in virtualRanges[max(0, low - 4)..<low].reversed() {
            let skipped = address - range.virtualAddress
            guard skipped < range.fileByteCount,
                UInt64(count) <= range.fileByteCount - skipped
            else { continue }
            return file.readExactly(count, at: range.fileOffset &+ skipped)
        }
        return nil
    }

    private func range(of address: UInt64) -> MemoryRange? {
        if ranges[last].physicalAddress <= address, address < ranges[last].end {
            return ranges[last]
        }
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].end <= address { low = middle + 1 } else { high = middle }
        }
        guard low < ranges.count, ranges[low].physicalAddress <= address else { return nil }
        last = low
        return ranges[low]
    }
}
