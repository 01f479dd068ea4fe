/// What pages are to the order in which they are copied.
public enum CopyPhase: Int, Hashable, Sendable, CaseIterable {
    /// Of the kernel image what is only read: code, and data that the kernel protects.
    case kernelText
    /// The rest of the kernel image: static data. All of it where nothing tells the two apart.
    case kernelImage
    /// What has no flag: stacks, modules, page tables of the kernel.
    case kernel
    /// Page tables and small reserved areas, among them those of the processors: lists of free
    /// objects begin there.
    case anchors
    /// Slabs: the lists go on in them, and end in the map of pages.
    case slab
    /// Large reserved areas, which are the map of pages.
    case pageMap
    /// Pages of files and of processes.
    case other
    /// Pages that became the kernel's own while the others were copied.
    case late

    /// The order of the copy, which may be stopped at any moment: readers open no dump without the
    /// image and the anchors, and find little without the kernel's other pages.
    static let copied: [CopyPhase] = [
        .kernelText, .kernelImage, .anchors, .kernel, .slab, .pageMap, .other,
    ]
    /// The order in which is read again what holds the kernel together: what points right before
    /// what it points to. Code and what is only read stay as they are, but for patches of code: a
    /// patch is another instruction in the dump, and no broken pointer; the sample counts it.
    static let readAgain: [CopyPhase] = [.kernelImage, .kernel, .anchors, .slab, .pageMap]
    /// What a plan of pages that came late has.
    static let added: [CopyPhase] = [.late]

    /// The name of its window in reports.
    public var name: String { String(describing: self) }

    /// What a page frame's word of /proc/kpageflags says of its place in the order.
    enum Kind: UInt8 {
        case text, image, table, slab, kernel, reserved, map, other
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

    /// Gives the phases of a run of page frames of one kind, in a host of `presentCount`.
    ///
    /// Where it is not known which page frames are the map of pages, `reserved` stands for it. The
    /// map takes 1.6 % of each node, in one piece of whole blocks of 512 pages, which
    /// huge pages map (`vmemmap_populate_hugepages`, Linux 6.1 arch/x86/mm/init_64.c). What of a
    /// long reserved run is no whole block is something else that happens to lie beside it: the
    /// areas of the processors, where they do not fill whole blocks themselves.
    @inline(__always) static func forEachPart(
        of kind: Kind, frames: Range<UInt64>, presentCount: Int,
        _ body: (CopyPhase, Range<UInt64>) -> Void
    ) {
        switch kind {
        case .text: body(.kernelText, frames)
        case .image: body(.kernelImage, frames)
        case .table: body(.anchors, frames)
        case .slab: body(.slab, frames)
        case .kernel: body(.kernel, frames)
        case .map: body(.pageMap, frames)
        case .other: body(.other, frames)
        case .reserved:
            guard frames.count >= max(2048, presentCount >> 10) else {
                return body(.anchors, frames)
            }
            let block: UInt64 = 512
            let start = (frames.lowerBound + block - 1) / block * block
            let end = frames.upperBound / block * block
            if frames.lowerBound < start { body(.anchors, frames.lowerBound..<start) }
            body(.pageMap, start..<end)
            if end < frames.upperBound { body(.anchors, end..<frames.upperBound) }
        }
    }
}
