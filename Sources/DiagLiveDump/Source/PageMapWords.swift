internal import DiagFormats
internal import DiagSystem

/// Tells from the kernel's map of pages, `struct page`, what each page frame of a dump holds, in
/// the bits of /proc/kpageflags, without debug symbols: VMCOREINFO has the offsets.
///
/// Sources: Linux 6.1 include/linux/mmzone.h (`mem_section`), mm_types.h, page-flags.h,
/// fs/proc/page.c; which of them make a page dispensable: makedumpfile 1.7.2.
@safe final class PageMapWords {
    private let tables: KernelPageTables
    private let layout: Layout
    private let buffer: MappedMemory
    private let roots: UInt64
    private let rootCount: Int
    private let sectionByteCount: UInt64
    private let sectionsPerRoot: UInt64

    /// Where the members of `struct page` lie, and the numbers of its flags.
    struct Layout {
        var byteCount: Int
        var flags: Int
        var mapcount: Int
        var mapping: Int
        var privateData: Int
        var compoundHead: Int?
        var compoundDestructor: Int?
        var pagesPerSection: UInt64
        var lru: UInt64
        var privateBit: UInt64
        var swapCache: UInt64?
        var swapBacked: UInt64?
        var slab: UInt64?
        var slabMapcount: UInt32?
        var poison: UInt64?
        var headMask: UInt64
        var buddyMapcount: UInt32
        var offlineMapcount: UInt32?
        var hugeDestructor: UInt64?
        var hugeMapcount: UInt32?
        /// The flag that the first tail of a huge page has, in Linux 6.6 to 6.8.
        var hugeTail: UInt64?
        /// Whether the kernel has huge pages of hugetlbfs that these members do not tell, as Linux
        /// 6.3 to 6.5.
        var hidesHugePages: Bool
    }

    /// Whether huge pages of processes, those of hugetlbfs, are taken for pages of the kernel.
    var hidesHugePages: Bool { layout.hidesHugePages }

    /// Why there is no map of pages for `kernel`, of which ``init(_:reader:)`` makes none.
    static func obstacle(to kernel: DumpedKernel) -> String {
        guard !kernel.vmcoreInfo.isEmpty else { return "the dump has no VMCOREINFO" }
        guard kernel.machine == 62 else {
            return "VMCOREINFO alone tells what pages hold on x86-64 only"
        }
        guard kernel.pageByteCount == 4096 else {
            return "VMCOREINFO alone tells what pages of 4096 bytes hold, and these have"
                + " \(kernel.pageByteCount)"
        }
        guard Self.layout(VMCoreInfo(parsing: kernel.vmcoreInfo.span)) != nil else {
            return "VMCOREINFO does not tell how struct page is laid out"
        }
        return "VMCOREINFO does not tell where the map of pages lies"
    }

    /// `nil` when the machine, the memory model or VMCOREINFO do not give what is needed.
    init?(_ kernel: DumpedKernel, reader: any MemoryReader) {
        let info = VMCoreInfo(parsing: kernel.vmcoreInfo.span)
        guard kernel.pageByteCount == 4096,
            let tables = KernelPageTables(kernel, info, reader),
            let layout = Self.layout(info),
            let symbol = info.symbol("mem_section"),
            let sectionByteCount = info.size("mem_section"), (16...64).contains(sectionByteCount),
            info.offset("mem_section.section_mem_map") == 0,
            let memory = try? MappedMemory(byteCount: 64 * layout.byteCount)
        else { return nil }
        self.tables = tables
        self.layout = layout
        self.sectionByteCount = UInt64(sectionByteCount)
        sectionsPerRoot = UInt64(4096 / sectionByteCount)
        roots = symbol
        let bits = info.number("MAX_PHYSMEM_BITS") ?? 46
        guard (36...52).contains(bits) else { return nil }
        let sections = (UInt64(1) << bits) / (layout.pagesPerSection * 4096)
        rootCount = Int((sections + sectionsPerRoot - 1) / sectionsPerRoot)
        // Otherwise the sections stand in one array, as on kernels without SPARSEMEM_EXTREME.
        if let length = info.values["LENGTH(mem_section)"].flatMap({ Int($0) }),
            length != rootCount
        {
            return nil
        }
        buffer = memory
    }

    /// Where the members of `struct page` lie; `nil` when VMCOREINFO tells that not, or wrongly.
    static func layout(_ info: VMCoreInfo) -> Layout? {
        guard let byteCount = info.size("page"), (32...256).contains(byteCount),
            let flags = info.offset("page.flags"), let mapcount = info.offset("page._mapcount"),
            let mapping = info.offset("page.mapping"), let data = info.offset("page.private"),
            // Of the count its four bytes are used, and eight are read.
            [flags, mapcount, mapping, data].allSatisfy({ (0...(byteCount - 8)).contains($0) }),
            let sectionBits = info.number("SECTION_SIZE_BITS"), (20...34).contains(sectionBits),
            let lru = bit(info, "PG_lru"), let privateBit = bit(info, "PG_private"),
            let buddy = info.number("PAGE_BUDDY_MAPCOUNT_VALUE")
        else { return nil }
        func inside(_ offset: Int?) -> Int? {
            offset.flatMap { (0...(byteCount - 8)).contains($0) ? $0 : nil }
        }
        func low(_ name: String) -> UInt32? {
            info.number(name).map { UInt32(truncatingIfNeeded: $0) }
        }
        let headMask = info.number("PG_head_mask") ?? 0
        let destructor = inside(info.offset("page.compound_dtor"))
        let hugeDestructor = info.number("HUGETLB_PAGE_DTOR")
        let hugeMapcount = low("PAGE_HUGETLB_MAPCOUNT_VALUE")
        let hasHugePages = hugeDestructor != nil || info.number("PG_hugetlb") != nil
        let hugeTail = headMask == 0 ? nil : bit(info, "PG_hugetlb")
        let tellsByDestructor = hugeDestructor != nil && destructor != nil && headMask != 0
        return Layout(
            byteCount: byteCount, flags: flags, mapcount: mapcount, mapping: mapping,
            privateData: data, compoundHead: inside(info.offset("page.compound_head")),
            compoundDestructor: destructor,
            pagesPerSection: 1 << (sectionBits - 12), lru: lru, privateBit: privateBit,
            swapCache: bit(info, "PG_swapcache"), swapBacked: bit(info, "PG_swapbacked"),
            slab: bit(info, "PG_slab"), slabMapcount: low("PAGE_SLAB_MAPCOUNT_VALUE"),
            poison: bit(info, "PG_hwpoison"), headMask: headMask,
            buddyMapcount: UInt32(truncatingIfNeeded: buddy),
            offlineMapcount: low("PAGE_OFFLINE_MAPCOUNT_VALUE"),
            hugeDestructor: hugeDestructor, hugeMapcount: hugeMapcount, hugeTail: hugeTail,
            hidesHugePages: hasHugePages && hugeMapcount == nil && hugeTail == nil
                && !tellsByDestructor)
    }

    private static func bit(_ info: VMCoreInfo, _ name: String) -> UInt64? {
        info.number(name).flatMap { $0 < 64 ? 1 << $0 : nil }
    }

    /// The word of a compound page's head, and where its `struct page` lies.
    private var head: (address: UInt64, word: UInt64) = (0, 0)
    /// Page frames up to here are free, as the first of their block says.
    private var freeEnd: UInt64 = 0
    private var section: (number: UInt64, map: SectionMap) = (.max, .absent)

    /// The part of the map for one section of memory.
    private enum SectionMap {
        /// Where the `struct page` of page frame 0 would lie if all sections were like this one.
        case at(UInt64)
        /// The kernel has none: it does not use this memory.
        case absent
        /// What tells it is not in the dump.
        case unreadable
    }

    /// Gives the words of `count` page frames, 64 at most, that begin at a multiple of 64. They
    /// must be asked for in rising order.
    ///
    /// - Returns: a bit for each of them that could be told; the word of another is 0.
    func words(
        from frame: UInt64, count: Int, into words: UnsafeMutableBufferPointer<UInt64>
    ) -> UInt64 {
        for index in 0..<count { unsafe words[index] = 0 }
        let map: UInt64
        switch sectionMap(frame) {
        case .at(let place): map = place
        case .absent: return .max
        case .unreadable: return 0
        }
        let start = map &+ frame &* UInt64(layout.byteCount)
        let wanted = count * layout.byteCount
        let read = unsafe tables.read(
            at: start, into: UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[..<wanted]))
        let told = min(count, read / layout.byteCount)
        for index in 0..<told {
            unsafe words[index] = word(
                frame &+ UInt64(index), address: start &+ UInt64(index * layout.byteCount),
                at: index * layout.byteCount)
        }
        return told < 64 ? (1 << UInt64(told)) &- 1 : .max
    }

    private func word(_ frame: UInt64, address: UInt64, at offset: Int) -> UInt64 {
        let flags: UInt64 = load(offset + layout.flags)
        let mapcount = UInt32(truncatingIfNeeded: load(offset + layout.mapcount))
        // What its members say of it is of before.
        if frame < freeEnd { return 1 << 10 }
        if let place = layout.compoundHead {
            let value = load(offset + place)
            if value & 1 != 0 {
                // A tail is what its head is; it is told by no flag of its own.
                return value & ~1 == head.address ? head.word & ~(1 << 15) | 1 << 16 : 1 << 16
            }
        }
        let isSlab: Bool
        if let type = layout.slabMapcount {
            isSlab = Self.isType(mapcount, type)
        } else {
            isSlab = layout.slab.map { flags & $0 != 0 } ?? false
        }
        var word: UInt64 = 0
        if isSlab {
            word |= 1 << 7
        } else if Self.isType(mapcount, layout.buddyMapcount) {
            let order = load(offset + layout.privateData)
            if order < 20, frame & ((1 << order) &- 1) == 0 { freeEnd = frame &+ (1 << order) }
            return 1 << 10
        } else {
            if flags & layout.lru != 0 { word |= 1 << 5 }
            if let bit = layout.swapCache, flags & bit != 0,
                layout.swapBacked.map({ flags & $0 != 0 }) ?? true
            {
                word |= 1 << 13
            }
            if load(offset + layout.mapping) & 1 != 0 { word |= 1 << 12 }
            if flags & layout.privateBit != 0 { word |= 1 << 35 }
            if let type = layout.offlineMapcount, Self.isType(mapcount, type) { word |= 1 << 23 }
            if let type = layout.hugeMapcount, Self.isType(mapcount, type) { word |= 1 << 17 }
        }
        if let bit = layout.poison, flags & bit != 0 { word |= 1 << 19 }
        if layout.headMask != 0, flags & layout.headMask == layout.headMask {
            word |= 1 << 15
            // What tells huge pages of hugetlbfs stands in the first tail.
            let next = offset + layout.byteCount
            if next + layout.byteCount <= buffer.byteCount, isHuge(tail: next) { word |= 1 << 17 }
            head = (address, word)
        }
        return word
    }

    /// Whether the first tail of a compound page, at that offset, is one of a huge page.
    private func isHuge(tail: Int) -> Bool {
        if let bit = layout.hugeTail, load(tail + layout.flags) & bit != 0 { return true }
        guard let place = layout.compoundDestructor, let number = layout.hugeDestructor else {
            return false
        }
        return load(tail + place) & 0xFF == number
    }

    /// Whether `_mapcount` says the type `value`: since Linux 6.12 in its highest byte alone.
    private static func isType(_ mapcount: UInt32, _ value: UInt32) -> Bool {
        value & 0xFF_FFFF == 0 ? (mapcount ^ value) >> 24 == 0 : mapcount == value
    }

    @inline(__always) private func load(_ offset: Int) -> UInt64 {
        unsafe buffer.bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    }

    private func sectionMap(_ frame: UInt64) -> SectionMap {
        let number = frame / layout.pagesPerSection
        if section.number != number { section = (number, findMap(ofSection: number)) }
        return section.map
    }

    private func findMap(ofSection number: UInt64) -> SectionMap {
        let root = number / sectionsPerRoot
        guard root < UInt64(rootCount) else { return absent }
        guard let table = word(at: roots &+ root * 8) else { return .unreadable }
        guard table != 0 else { return absent }
        guard let map = word(at: table &+ number % sectionsPerRoot * sectionByteCount) else {
            return .unreadable
        }
        // SECTION_HAS_MEM_MAP. The low bits are flags; the map begins at a page.
        return map & 2 != 0 ? .at(map & ~0xFFF) : absent
    }

    /// A section without a map. Where no section has one, the map reads as zeros, which it is not:
    /// then it tells nothing.
    private var absent: SectionMap { hasMap ? .absent : .unreadable }

    /// Whether any section has a map.
    private lazy var hasMap = findsAnyMap()

    private func findsAnyMap() -> Bool {
        for root in 0..<UInt64(rootCount) {
            guard let table = word(at: roots &+ root * 8), table != 0 else { continue }
            for number in 0..<sectionsPerRoot {
                guard let map = word(at: table &+ number * sectionByteCount) else { break }
                if map & 2 != 0 { return true }
            }
        }
        return false
    }

    private func word(at address: UInt64) -> UInt64? {
        var value: UInt64 = 0
        let count = unsafe withUnsafeMutableBytes(of: &value) {
            unsafe tables.read(at: address, into: $0)
        }
        return count == 8 ? UInt64(littleEndian: value) : nil
    }
}
