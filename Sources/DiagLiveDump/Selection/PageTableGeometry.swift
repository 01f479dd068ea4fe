internal import DiagFormats

/// How a kernel's page tables are laid out, and where the first lies.
///
/// Source: Intel SDM volume 3, 4.5 (4 and 5 levels); Arm ARM D8.3 (stage 1 descriptors); Linux 6.1
/// Documentation/admin-guide/kdump/vmcoreinfo.rst.
struct PageTableGeometry: Hashable, Sendable {
    /// What an entry says.
    enum Entry: Hashable {
        /// Nothing is mapped.
        case none
        /// The next table lies at this physical address.
        case table(UInt64)
        /// Memory from this physical address on.
        case memory(UInt64)
    }

    /// Physical address of the first table.
    var root: UInt64
    /// For each level from the first: by how many bits an address is shifted to give the index.
    var shifts: [Int]
    /// Entries of the first table, and of each other.
    var entryCounts: (first: Int, other: Int) { (1 << firstBits, 1 << (pageShift - 3)) }
    private var firstBits: Int
    private var pageShift: Int
    private var isArm: Bool
    private var addressMask: UInt64
    private var highBitsInLow: Int

    static func == (left: Self, right: Self) -> Bool {
        left.root == right.root && left.shifts == right.shifts && left.isArm == right.isArm
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(root)
        hasher.combine(shifts)
    }

    /// The geometry of a kernel; `nil` where VMCOREINFO does not tell enough.
    init?(_ kernel: DumpedKernel, _ info: VMCoreInfo) {
        guard let symbol = info.symbol("swapper_pg_dir") else { return nil }
        pageShift = kernel.pageByteCount.trailingZeroBitCount
        isArm = kernel.machine == 183
        let step = pageShift - 3
        let bits: Int
        if isArm {
            guard let offset = info.number("kimage_voffset"), let told = info.number("VA_BITS"),
                36...52 ~= told
            else { return nil }
            root = symbol &- offset
            // With 64 KiB pages the first table has room for 52 bits even when fewer are in use.
            let used = info.number("TCR_EL1_T1SZ").flatMap { $0 < 28 ? 64 - Int($0) : nil }
            bits = pageShift == 16 ? Int(told) : min(used ?? Int(told), Int(told))
            // With smaller pages 52 bits take LPA2, which widens both kinds of addresses. Where a
            // kernel made for it runs on hardware without, bits 9 and 8 say how a page is shared.
            // Source: Linux 6.9 arch/arm64/include/asm/pgtable-prot.h, `PTE_MAYBE_SHARED`.
            let isLarge = pageShift == 16
            let isWide = info.number("MAX_PHYSMEM_BITS") == 52 && (isLarge || used == 52)
            highBitsInLow = isWide ? (isLarge ? 4 : 2) : 0
            let top = isWide && !isLarge ? 50 : 48
            addressMask = (1 << UInt64(top)) - (1 << UInt64(pageShift))
        } else {
            guard pageShift == 12 else { return nil }
            root = symbol &- KernelCoreLayout.imageMap &+ kernel.physicalBase
            bits = info.number("pgtable_l5_enabled") == 1 ? 57 : 48
            highBitsInLow = 0
            // Memory encryption marks entries with a bit of the address.
            addressMask =
                ((1 << 52) - (1 << UInt64(pageShift))) & ~(info.number("sme_mask") ?? 0)
        }
        shifts = []
        var shift = pageShift
        while shift < bits {
            shifts.insert(shift, at: 0)
            shift += step
        }
        guard let top = shifts.first, bits > top else { return nil }
        firstBits = bits - top
    }

    /// The index of `address` in a table of `level`, 0 for the first.
    func index(of address: UInt64, level: Int) -> Int {
        let bits = level == 0 ? firstBits : pageShift - 3
        return Int(address >> UInt64(shifts[level]) & ((1 << UInt64(bits)) - 1))
    }

    /// What the entry `word` of a table of `level` says.
    func entry(_ word: UInt64, level: Int) -> Entry {
        guard word & 1 != 0 else { return .none }
        let isLast = level == shifts.count - 1
        let isTable: Bool
        if isArm {
            if isLast, word & 2 == 0 { return .none }
            isTable = !isLast && word & 2 != 0
        } else {
            isTable = !isLast && word & 0x80 == 0
        }
        var address = word & addressMask
        if highBitsInLow == 4 { address |= (word >> 12 & 15) << 48 }
        if highBitsInLow == 2 { address |= (word >> 8 & 3) << 50 }
        if isTable { return .table(address) }
        // Bits below the size of what is mapped are attributes: PAT of x86-64 among them.
        return .memory(address & ~((1 << UInt64(shifts[level])) - 1))
    }
}
