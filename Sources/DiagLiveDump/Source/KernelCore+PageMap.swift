internal import DiagFormats

/// Where the map of pages lies.
extension KernelCore {
    /// The page frames of the map of pages, by the ranges of /proc/kcore and the page tables.
    ///
    /// For each range of memory the kernel adds one for the part of the map that describes it: as
    /// many structures as there are pages, in whole pages, less what another part has already. It
    /// has no physical address. Source: Linux 6.1 fs/proc/kcore.c, `get_sparsemem_vmemmap_info`.
    public func pageMapFrames() -> [Range<UInt64>]? {
        let bytes = kernel.vmcoreInfo
        let info = VMCoreInfo(parsing: bytes.span)
        guard let size = info.size("page").map(UInt64.init), 32...256 ~= size,
            let space = try? KernelAddressSpace(self)
        else { return nil }
        let page = UInt64(kernel.pageByteCount)
        let maps = virtualRanges.filter { $0.physicalAddress == .max }
        let sizes = virtualRanges.filter { $0.physicalAddress != .max }
            .map { $0.memoryByteCount / page * size }
        var found = [Range<UInt64>]()
        for map in maps where sizes.contains(where: { Self.isMap(map.memoryByteCount, $0, page) }) {
            found += space.frames(from: map.virtualAddress, byteCount: map.memoryByteCount)
        }
        guard !found.isEmpty else { return nil }
        return found.sorted { $0.lowerBound < $1.lowerBound }
    }

    /// Whether a range of `byteCount` bytes can be the map of memory whose structures take `size`
    /// bytes: to whole pages, and less one that the part before has.
    private static func isMap(_ byteCount: UInt64, _ size: UInt64, _ page: UInt64) -> Bool {
        byteCount.isMultiple(of: page) && byteCount <= size + 2 * page && byteCount + page >= size
    }
}
