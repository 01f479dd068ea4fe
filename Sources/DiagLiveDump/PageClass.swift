/// What a page frame holds, told by its word in /proc/kpageflags.
///
/// Source of the bits: Linux 6.1 include/uapi/linux/kernel-page-flags.h (0 to 26, stable) and
/// include/linux/kernel-page-flags.h (32 and more; of these `PRIVATE` and `RESERVED` are used,
/// only to keep pages).
public enum PageClass: UInt8, Hashable, Sendable, CaseIterable {
    /// The kernel's own: stacks, vmalloc, per-CPU areas, drivers; whatever has no flag.
    case kernel
    /// Slab.
    case slab
    /// A page table.
    case pageTable
    /// Reserved: the kernel image, firmware tables, the map of pages.
    case reserved
    /// A file's page.
    case cache
    /// A file's page to which the file system has attached data.
    case cachePrivate
    /// A process's page.
    case user
    /// Memory of a virtual machine that this host runs.
    case guest
    /// Free.
    case free
    /// Damaged: never read.
    case poison
    /// Given back to a hypervisor, or taken out of use: never read.
    case offline
    /// No memory.
    case absent

    /// Its name in reports.
    public var name: String { String(describing: self) }

    /// makedumpfile's bit that leaves it out; 0 for what is always kept.
    public var levelBit: Int {
        switch self {
        case .kernel, .slab, .pageTable, .reserved: 0
        case .cache: 2
        case .cachePrivate: 4
        case .user, .guest: 8
        case .free: 16
        case .poison, .offline, .absent: 0
        }
    }

    /// Whether a dump of `level` has it. A level that leaves out cache pages with private data
    /// leaves out those without too. Source: makedumpfile 1.7.2, `__exclude_unnecessary_pages`.
    @inline(__always) public func isKept(at level: Int) -> Bool {
        isReadable && levelBit & (level & 4 != 0 ? level | 2 : level) == 0
    }

    /// Whether it may be read at all.
    public var isReadable: Bool {
        switch self {
        case .poison, .offline, .absent: false
        default: true
        }
    }
}
