internal import DiagFormats

/// Kernel addresses, resolved to physical memory: by the image, the direct map, or page tables.
///
/// For one thread. What is read is live: every address is checked, and nothing loops.
final class KernelAddressSpace {
    let info: VMCoreInfo
    let geometry: PageTableGeometry?
    /// Physical addresses of the page tables that were met.
    private(set) var tables = Set<UInt64>()
    private let kernel: DumpedKernel
    private let reader: any MemoryReader
    private let mapped: [MemoryRange]
    private let ranges: [MemoryRange]
    private var cache = [UInt64: [UInt64]]()

    init(_ source: any MemorySource) throws(LiveDumpError) {
        kernel = source.kernel
        info = VMCoreInfo(parsing: source.kernel.vmcoreInfo.span)
        geometry = PageTableGeometry(source.kernel, info)
        ranges = source.ranges
        // Files made elsewhere do not say where memory is mapped.
        mapped = source.ranges.filter { $0.virtualAddress >> 63 == 1 }
            .sorted { $0.virtualAddress < $1.virtualAddress }
        reader = try source.makeReader()
    }

    var pageByteCount: UInt64 { UInt64(kernel.pageByteCount) }

    /// Where `address` lies in physical memory; `nil` when nothing is mapped there.
    func physical(_ address: UInt64) -> UInt64? {
        guard address >> 63 == 1 else { return nil }
        if let image = kernel.image, address &- image.virtualAddress < image.byteCount {
            return image.physicalAddress &+ (address &- image.virtualAddress)
        }
        if let range = Self.range(of: address, in: mapped, by: \.virtualAddress) {
            return range.physicalAddress &+ (address &- range.virtualAddress)
        }
        guard let geometry else { return nil }
        var table = geometry.root
        for level in geometry.shifts.indices {
            guard let words = words(of: table, count: count(at: level)) else { return nil }
            let index = geometry.index(of: address, level: level)
            guard index < words.count else { return nil }
            switch geometry.entry(words[index], level: level) {
            case .none: return nil
            case .table(let next): table = next
            case .memory(let base):
                return base | address & ((1 << UInt64(geometry.shifts[level])) - 1)
            }
        }
        return nil
    }

    /// Reads `count` bytes at a kernel address; `nil` when not all of them can be read.
    func read(_ address: UInt64, count: Int) -> [UInt8]? {
        guard count > 0, count <= 1 << 20, !address.addingReportingOverflow(UInt64(count)).overflow
        else { return nil }
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let place = address &+ UInt64(done)
            guard let physical = physical(place) else { return nil }
            let rest = Int(pageByteCount - place % pageByteCount)
            let part = min(count - done, rest)
            let read = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe reader.read(
                    at: physical,
                    into: UnsafeMutableRawBufferPointer(rebasing: buffer[done..<(done + part)]))
            }
            guard read == part else { return nil }
            done += part
        }
        return bytes
    }

    /// The 64-bit word at a kernel address.
    func word(_ address: UInt64) -> UInt64? {
        guard address & 7 == 0 else { return nil }
        return read(address, count: 8).map { bytes in
            bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
    }

    /// Goes through what is mapped in `addresses`, in their order.
    ///
    /// Unless it `readsLast`, tables of the last level are met, not read; `tableLimit` tables are
    /// read at most, and none once `isStopped` says so, which is asked before each. `body` gets the
    /// address, the physical address and the bytes of each mapping.
    ///
    /// - Returns: whether all was gone through.
    @discardableResult
    func walk(
        _ addresses: ClosedRange<UInt64>, readsLast: Bool = true, tableLimit: Int = 1 << 16,
        isStopped: () -> Bool = { false }, _ body: (UInt64, UInt64, UInt64) -> Void
    ) -> Bool {
        guard let geometry else { return false }
        var budget = tableLimit
        var walked = Set<UInt64>()
        tables.insert(geometry.root)
        return walk(
            geometry.root, level: 0, base: 0, addresses, readsLast: readsLast, budget: &budget,
            walked: &walked, isStopped: isStopped, body)
    }

    /// The page frames behind `byteCount` bytes from a kernel address on, as ranges in the order of
    /// the addresses; of a large mapping only what lies within. Once `isStopped` says so, those
    /// that were found by then.
    func frames(
        from first: UInt64, byteCount: UInt64, isStopped: () -> Bool = { false }
    ) -> [Range<UInt64>] {
        guard byteCount > 0, first >> 63 == 1,
            !first.addingReportingOverflow(byteCount - 1).overflow
        else { return [] }
        let page = pageByteCount
        var found = [Range<UInt64>]()
        walk(first...(first + (byteCount - 1)), isStopped: isStopped) { address, physical, size in
            let low = max(address, first)
            let high = min(address &+ (size - 1), first + (byteCount - 1))
            guard low <= high, size <= 1 << 30 else { return }
            let from = (physical &+ (low &- address) &+ (page - 1)) / page
            let to = (physical &+ (high &- address) &+ 1) / page
            guard from < to else { return }
            if let last = found.last, last.upperBound == from {
                found[found.count - 1] = last.lowerBound..<to
            } else {
                found.append(from..<to)
            }
        }
        return found
    }

    private func walk(
        _ table: UInt64, level: Int, base: UInt64, _ addresses: ClosedRange<UInt64>,
        readsLast: Bool, budget: inout Int, walked: inout Set<UInt64>, isStopped: () -> Bool,
        _ body: (UInt64, UInt64, UInt64) -> Void
    ) -> Bool {
        guard let geometry, budget > 0, !isStopped() else { return false }
        budget -= 1
        guard let words = words(of: table, count: count(at: level)) else { return true }
        let shift = UInt64(geometry.shifts[level])
        let size: UInt64 = 1 << shift
        // Addresses of the kernel have all bits set above those that the first table tells apart.
        let width = UInt64(words.count.trailingZeroBitCount) + shift
        let start = level == 0 ? ~((width >= 64 ? 0 : 1 << width) &- 1) : base
        var isWhole = true
        for (index, word) in words.enumerated() where word & 1 != 0 {
            let address = start &+ UInt64(index) << shift
            guard address <= addresses.upperBound,
                address &+ (size &- 1) >= addresses.lowerBound
            else { continue }
            switch geometry.entry(word, level: level) {
            case .none: break
            case .memory(let physical): body(address, physical, size)
            case .table(let next):
                guard Self.range(of: next, in: ranges, by: \.physicalAddress) != nil else {
                    continue
                }
                tables.insert(next)
                guard readsLast || level + 2 < geometry.shifts.count,
                    walked.insert(next).inserted
                else { continue }
                let done = walk(
                    next, level: level + 1, base: address, addresses, readsLast: readsLast,
                    budget: &budget, walked: &walked, isStopped: isStopped, body)
                isWhole = isWhole && done
            }
        }
        return isWhole
    }

    private func count(at level: Int) -> Int {
        guard let geometry else { return 0 }
        return level == 0 ? geometry.entryCounts.first : geometry.entryCounts.other
    }

    private func words(of table: UInt64, count: Int) -> [UInt64]? {
        if let known = cache[table], known.count == count { return known }
        let byteCount = count * 8
        guard byteCount > 0, table % UInt64(min(byteCount, kernel.pageByteCount)) == 0 else {
            return nil
        }
        var words = [UInt64](repeating: 0, count: count)
        let read = unsafe words.withUnsafeMutableBytes { unsafe reader.read(at: table, into: $0) }
        guard read == byteCount else { return nil }
        if cache.count >= 1024 { cache.removeAll(keepingCapacity: true) }
        cache[table] = words
        tables.insert(table)
        return words
    }

    /// The range that holds `address`, of ranges sorted by the start that `key` gives.
    private static func range(
        of address: UInt64, in ranges: [MemoryRange], by key: KeyPath<MemoryRange, UInt64>
    ) -> MemoryRange? {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle][keyPath: key] <= address { low = middle + 1 } else { high = middle }
        }
        guard low > 0 else { return nil }
        let range = ranges[low - 1]
        return address - range[keyPath: key] < range.byteCount ? range : nil
    }
}
