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
        return Layout(
            byteCount: byteCount, flags: flags, mapcount: mapcount, mapping: mapping,
            privateData: data, compoundHead: inside(info.offset("page.compound_head")),
            compoundDestructor: inside(info.offset("page.compound_dtor")),
            pagesPerSection: 1 << (sectionBits - 12), lru: lru, privateBit: privateBit,
            swapCache: bit(info, "PG_swapcache"), swapBacked: bit(info, "PG_swapbacked"),
            slab: bit(info, "PG_slab"), slabMapcount: low("PAGE_SLAB_MAPCOUNT_VALUE"),
            poison: bit(info, "PG_hwpoison"), headMask: info.number("PG_head_mask") ?? 0,
            buddyMapcount: UInt32(truncatingIfNeeded: buddy),
            offlineMapcount: low("PAGE_OFFLINE_MAPCOUNT_VALUE"),
            hugeDestructor: info.number("HUGETLB_PAGE_DTOR"),
            hugeMapcount: low("PAGE_HUGETLB_MAPCOUNT_VALUE"))
    }

    private static func bit(_ info: VMCoreInfo, _ name: String) -> UInt64? {
        info.number(name).flatMap { $0 < 64 ? 1 << $0 : nil }
    }

    /// The word of a compound page's head, and where its `struct page` lies.
    private var head: (address: UInt64, word: UInt64) = (0, 0)
    /// Page frames up to here are free, as the first of their block says.
    private var freeEnd: UInt64 = 0
    private var section: (number: UInt64, map: UInt64?) = (.max, nil)

    /// Gives the words of `count` page frames, 64 at most, that begin at a multiple of 64. They
    /// must be asked for in rising order.
    func words(
        from frame: UInt64, count: Int, into words: UnsafeMutableBufferPointer<UInt64>
    ) {
        for index in 0..<count { unsafe words[index] = 0 }
        guard let map = sectionMap(frame) else { return }
        let start = map &+ frame &* UInt64(layout.byteCount)
        let wanted = count * layout.byteCount
        let read = unsafe tables.read(
            at: start, into: UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[..<wanted]))
        for index in 0..<min(count, read / layout.byteCount) {
            unsafe words[index] = word(
                frame &+ UInt64(index), address: start &+ UInt64(index * layout.byteCount),
                at: index * layout.byteCount)
        }
    }

    private func word(_ frame: UInt64, address: UInt64, at offset: Int) -> UInt64 {
        let flags: UInt64 = load(offset + layout.flags)
        let mapcount = UInt32(truncatingIfNeeded: load(offset + layout.mapcount))
        if let place = layout.compoundHead {
            let value = load(offset + place)
            if value & 1 != 0 {
                // A tail is what its head is; it is told by no flag of its own.
                return value & ~1 == head.address ? head.word & ~(1 << 15) | 1 << 16 : 1 << 16
            }
        }
        if frame < freeEnd { return 1 << 10 }
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
            // The destructor that tells huge pages of hugetlbfs stands in the first tail.
            if let place = layout.compoundDestructor, let number = layout.hugeDestructor {
                let next = offset + layout.byteCount + place
                if next + 8 <= buffer.byteCount, load(next) & 0xFF == number { word |= 1 << 17 }
            }
            head = (address, word)
        }
        return word
    }

    /// Whether `_mapcount` says the type `value`: since Linux 6.12 in its highest byte alone.
    private static func isType(_ mapcount: UInt32, _ value: UInt32) -> Bool {
        value & 0xFF_FFFF == 0 ? (mapcount ^ value) >> 24 == 0 : mapcount == value
    }

    @inline(__always) private func load(_ offset: Int) -> UInt64 {
        unsafe buffer.bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    }

    /// Where the `struct page` of page frame 0 would lie if all sections were like this one's.
    private func sectionMap(_ frame: UInt64) -> UInt64? {
        let number = frame / layout.pagesPerSection
        if section.number == number { return section.map }
        section = (number, nil)
        let root = number / sectionsPerRoot
        guard root < UInt64(rootCount), let table = word(at: roots &+ root * 8), table != 0,
            let map = word(at: table &+ number % sectionsPerRoot * sectionByteCount),
            map & 2 != 0  // SECTION_HAS_MEM_MAP
        else { return nil }
        // The low bits are flags; the map begins at a page.
        section.map = map & ~0xFFF
        return section.map
    }

    private func word(at address: UInt64) -> UInt64? {
        var value: UInt64 = 0
        let count = unsafe withUnsafeMutableBytes(of: &value) {
            unsafe tables.read(at: address, into: $0)
        }
        return count == 8 ? UInt64(littleEndian: value) : nil
    }
}
