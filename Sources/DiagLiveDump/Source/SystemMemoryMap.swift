/// The ranges of `System RAM` in /proc/iomem, in bytes, both ends included.
///
/// Source: Linux 6.1 kernel/resource.c, `r_show`. All addresses are zero for who lacks
/// CAP_SYS_ADMIN.
struct SystemMemoryMap: Hashable, Sendable {
    /// Ranges in the file's order: those at the top, and those that drivers added as memory.
    var ranges: [ClosedRange<UInt64>]
    /// What is set aside for a crash kernel: no dump has it, and some kernels unmap it.
    var crashRanges = [ClosedRange<UInt64>]()

    /// From the first byte of the kernel image to behind its last: its code and its data.
    var image: Range<UInt64>?
    /// The parts of the image that are code and data that is only read, in the file's order.
    var readOnlyImage = [Range<UInt64>]()

    /// Whether the addresses are hidden, or there are none.
    var isHidden: Bool { ranges.allSatisfy { $0.upperBound == 0 } }

    /// Reads the lines; one that is not of the form `start-end : name` says nothing.
    init(parsing text: String) {
        ranges = []
        for line in text.split(separator: "\n") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let name = line[colon...].dropFirst(2)
            let isMemory = name.hasPrefix("System RAM")
            let isImage = Self.imageParts.contains(String(name))
            guard isMemory || isImage || name == "Crash kernel" else { continue }
            let ends = line[..<colon].filter { $0 != " " }.split(separator: "-")
            guard ends.count == 2, let first = UInt64(ends[0], radix: 16),
                let last = UInt64(ends[1], radix: 16), first <= last
            else { continue }
            if isImage {
                guard last > 0, last < .max else { continue }
                let part = first..<(last + 1)
                if Self.readOnlyParts.contains(String(name)) { readOnlyImage.append(part) }
                image =
                    image.map {
                        min($0.lowerBound, part.lowerBound)..<max($0.upperBound, part.upperBound)
                    } ?? part
            } else if isMemory {
                ranges.append(first...last)
            } else {
                crashRanges.append(first...last)
            }
        }
    }

    /// Source: Linux 6.1 arch/x86/kernel/setup.c and arch/arm64/kernel/setup.c.
    private static let imageParts: Set<String> = [
        "Kernel code", "Kernel rodata", "Kernel data", "Kernel bss",
    ]
    /// Of these, what x86-64 maps without the right to write. Older kernels have no line for
    /// rodata. What lies between and behind the two is given back as free memory, and in neither.
    private static let readOnlyParts: Set<String> = ["Kernel code", "Kernel rodata"]

    /// `pages` without those of the crash kernel.
    func withoutCrashKernel(_ pages: [Range<UInt64>], _ pageByteCount: UInt64) -> [Range<UInt64>] {
        var rest = pages
        for crash in crashRanges {
            let start = crash.lowerBound / pageByteCount
            let end = crash.upperBound / pageByteCount + 1
            rest = rest.flatMap { range in
                [
                    range.clamped(to: 0..<min(start, range.upperBound)),
                    range.clamped(to: max(end, range.lowerBound)..<max(end, range.upperBound)),
                ].filter { !$0.isEmpty }
            }
        }
        return rest
    }

    /// The whole pages of `ranges`, sorted, ranges that overlap joined.
    func pages(of pageByteCount: UInt64) -> [Range<UInt64>] {
        var found = [Range<UInt64>]()
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            let start = (range.lowerBound &+ (pageByteCount - 1)) / pageByteCount
            let end = (range.upperBound / pageByteCount) + 1
            // The last page counts only when all of it is memory.
            let whole = (range.upperBound &+ 1) % pageByteCount == 0 ? end : end - 1
            guard start < whole else { continue }
            if let last = found.last, start <= last.upperBound {
                found[found.count - 1] = last.lowerBound..<max(last.upperBound, whole)
            } else {
                found.append(start..<whole)
            }
        }
        return found
    }
}

extension [MemoryRange] {
    /// The parts of these sorted ranges that lie in `pages`, which are sorted too.
    func intersected(with pages: [Range<UInt64>], pageByteCount: UInt64) -> [MemoryRange] {
        var found = [MemoryRange]()
        var first = 0
        for range in self {
            while first < pages.count,
                pages[first].upperBound.multipliedReportingOverflow(by: pageByteCount)
                    .partialValue <= range.physicalAddress
            {
                first += 1
            }
            var index = first
            while index < pages.count {
                let start = Swift.max(
                    range.physicalAddress, pages[index].lowerBound &* pageByteCount)
                let end = Swift.min(range.end, pages[index].upperBound &* pageByteCount)
                if pages[index].lowerBound &* pageByteCount >= range.end { break }
                if start < end {
                    let skipped = start - range.physicalAddress
                    found.append(
                        MemoryRange(
                            physicalAddress: start, byteCount: end - start,
                            fileOffset: range.fileOffset &+ skipped,
                            virtualAddress: range.virtualAddress &+ skipped))
                }
                index += 1
            }
        }
        return found
    }
}
