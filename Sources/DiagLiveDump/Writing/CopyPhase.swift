/// In which order pages are copied: what points and what it points to close in time, and first.
public enum CopyPhase: Int, Hashable, Sendable, CaseIterable {
    /// The kernel image: code and static data.
    case kernelImage
    /// What has no flag: stacks, modules, page tables of the kernel. Readers open no dump without
    /// these and the anchors, and the copy may be stopped at any moment.
    case kernel
    /// Page tables and small reserved areas, among them those of the processors: lists of free
    /// objects begin there.
    case anchors
    /// Slabs, right behind: the lists go on in them, and end in the map of pages.
    case slab
    /// Large reserved areas, which are the map of pages.
    case pageMap
    /// Pages of files and of processes.
    case other

    /// The name of its window in reports.
    public var name: String { String(describing: self) }

    /// What a page frame's word of /proc/kpageflags says of its place in the order.
    enum Kind: UInt8 {
        case image, table, slab, kernel, reserved, other
    }

    /// Source of the bits: Linux 6.1 include/uapi/linux/kernel-page-flags.h; 32 is `RESERVED` of
    /// include/linux/kernel-page-flags.h, which here only decides what is copied first.
    @inline(__always) static func kind(of word: UInt64) -> Kind {
        if word & 1 << 26 != 0 { return .table }  // PGTABLE
        if word & 1 << 7 != 0 { return .slab }  // SLAB
        if word & (1 << 5 | 1 << 10 | 1 << 12 | 1 << 13 | 1 << 17) != 0 {
            return .other  // LRU, BUDDY, ANON, SWAPCACHE, HUGE
        }
        return word & 1 << 32 != 0 ? .reserved : .kernel
    }

    /// The phase of a run of `pageCount` page frames of one kind, in a host of `presentCount`.
    ///
    /// The map of pages takes 1.6 % of each node in one piece; per-CPU areas, the only other
    /// reserved pages that change, are much smaller.
    @inline(__always) static func phase(
        of kind: Kind, pageCount: Int, presentCount: Int
    ) -> CopyPhase {
        switch kind {
        case .image: .kernelImage
        case .table: .anchors
        case .slab: .slab
        case .kernel: .kernel
        case .reserved: pageCount >= max(2048, presentCount >> 10) ? .pageMap : .anchors
        case .other: .other
        }
    }
}
