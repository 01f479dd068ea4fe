/// Bits of a word of /proc/kpageflags.
///
/// Source: Linux 6.1 include/uapi/linux/kernel-page-flags.h; 32 and more
/// include/linux/kernel-page-flags.h, which may change: they are used only to keep pages.
enum PageFlags {
    static let lru: UInt64 = 1 << 5
    static let slab: UInt64 = 1 << 7
    static let buddy: UInt64 = 1 << 10
    static let anonymous: UInt64 = 1 << 12
    static let swapCache: UInt64 = 1 << 13
    static let head: UInt64 = 1 << 15
    static let tail: UInt64 = 1 << 16
    static let huge: UInt64 = 1 << 17
    static let poison: UInt64 = 1 << 19
    static let noPage: UInt64 = 1 << 20
    static let offline: UInt64 = 1 << 23
    static let pageTable: UInt64 = 1 << 26
    static let reserved: UInt64 = 1 << 32
    static let `private`: UInt64 = 1 << 35
    /// Ours, in the words of a dump that was written anew: nothing told what the page holds.
    static let untold: UInt64 = 1 << 62
    /// Ours, in the words that a dump keeps: memory of a virtual machine of this host.
    static let guest: UInt64 = 1 << 63

    /// What a tail of a compound page takes from its head: before Linux 6.10 the tail's own bits
    /// are unset. Source: Linux 6.1 fs/proc/page.c, `stable_page_flags`.
    static let inherited = lru | slab | anonymous | swapCache | huge | pageTable | `private`

    /// What tails take of a page that is no tail; damage only of hugetlb pages, where the kernel
    /// marks the head for all.
    @inline(__always) static func inherited(from word: UInt64) -> UInt64 {
        guard word & head != 0 else { return 0 }
        return word & (word & huge != 0 ? inherited | poison : inherited)
    }
}

extension PageClass {
    /// The class of a page by its word of /proc/kpageflags, to which a tail of a compound page has
    /// added the bits of its head.
    ///
    /// What is slab, a page table, reserved, or has no flag that says otherwise is the kernel's.
    /// Source: makedumpfile 1.7.2, `__exclude_unnecessary_pages`, for what a level leaves out.
    @inline(__always) public static func of(word: UInt64) -> PageClass {
        if word & (PageFlags.noPage | PageFlags.poison | PageFlags.offline) != 0 {
            if word & PageFlags.noPage != 0 { return .absent }
            return word & PageFlags.poison != 0 ? .poison : .offline
        }
        if word & (PageFlags.slab | PageFlags.pageTable | PageFlags.reserved) != 0 {
            if word & PageFlags.slab != 0 { return .slab }
            return word & PageFlags.pageTable != 0 ? .pageTable : .reserved
        }
        if word & PageFlags.buddy != 0 { return .free }
        if word & PageFlags.guest != 0 { return .guest }
        if word & (PageFlags.anonymous | PageFlags.huge) != 0 { return .user }
        if word & (PageFlags.lru | PageFlags.swapCache) != 0 {
            return word & PageFlags.private != 0 ? .cachePrivate : .cache
        }
        return .kernel
    }
}
