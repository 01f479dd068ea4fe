"""Compares a live dump with the memory of the guest that was paused when the dump had ended."""

import numpy

from kdump import PAGE

# Bits of /proc/kpageflags, which the program keeps beside each page. Source: Linux 6.1,
# include/uapi/linux/kernel-page-flags.h; 32 is from include/linux/kernel-page-flags.h.
LRU, SLAB, BUDDY, ANON, SWAPCACHE, HUGE, PGTABLE, RESERVED = 5, 7, 10, 12, 13, 17, 26, 32


def page_class(word):
    """What a page holds, by its word of flags."""
    has = lambda bit: word >> bit & 1
    if has(SLAB):
        return "slab"
    if has(PGTABLE):
        return "page table"
    if has(BUDDY):
        return "free"
    if has(ANON) or has(HUGE):
        return "user"
    if has(LRU) or has(SWAPCACHE):
        return "cache"
    if has(RESERVED):
        return "reserved"
    return "kernel"


class Comparison:
    """What was found of each kept page in the paused guest's memory."""

    def __init__(self, dump, memory, constant=()):
        """Compares two opened dumps; `constant` are ranges of addresses that never change."""
        self.kept = len(dump.frames)
        self.missing, self.unread, self.equal, self.zero = [], 0, 0, 0
        self.changed, self.total = {}, {}
        self.constant = []
        for index, frame in enumerate(dump.frames.tolist()):
            theirs = memory.page(frame)
            if theirs is None:
                self.missing.append(frame)
                continue
            ours = dump.page(index)
            if ours is None:
                self.unread += 1
                continue
            name = page_class(int(dump.words[index]))
            self.total[name] = self.total.get(name, 0) + 1
            if ours == theirs:
                self.equal += 1
                continue
            self.changed.setdefault(name, []).append(frame)
            if any(start <= frame * PAGE < end for start, end in constant):
                differing = sum(a != b for a, b in zip(ours, theirs))
                self.constant.append((frame, differing))

    @property
    def share(self):
        """The share of kept pages that are equal, in percent."""
        return 100 * self.equal / max(1, self.kept)

    def tally(self):
        """One line: how many differ, by class."""
        return "%d kept, %d missing, %d unread, %.2f %% equal; differing: %s" % (
            self.kept, len(self.missing), self.unread, self.share,
            ", ".join("%s %d of %d" % (name, len(frames), self.total[name])
                      for name, frames in sorted(self.changed.items())) or "none")


def words_of(before, used):
    """A word of flags for each page frame: that of /proc/kpageflags from `before` the dump began,
    or what the page became for the kernel since then, by `used` (by drgn, in the paused guest)."""
    words = numpy.frombuffer(before, "<u8").copy()
    for kind, word in (("kernel", 0), ("stack", 0), ("pageTable", 1 << PGTABLE),
                       ("slab", 1 << SLAB)):
        frames = used[kind]
        words[frames[frames < len(words)]] = word
    return words


def excluded(dump, protected, before, memories):
    """By kind, how many page frames the dump leaves out that it must not: those of `protected`
    (by drgn, in the paused guest) that had the same use before the dump began.

    A page may become slab after its flags were read; such a one is no fault. `before` is
    /proc/kpageflags from before; for stacks and code, whose pages have no flag, what was not free.
    Where a dump leaves out pages of zeros, one that has only zeros in one of the `memories`, those
    of the paused guest, is no fault either."""
    words = numpy.frombuffer(before, "<u8")
    bits = {"slab": SLAB, "pageTable": PGTABLE}
    faults = {}
    for kind, frames in protected.items():
        frames = frames[frames < min(len(words), len(dump.dumped))]
        if kind in bits:
            steady = (words[frames] >> numpy.uint64(bits[kind]) & numpy.uint64(1)) != 0
        else:
            unwanted = sum(1 << bit for bit in (BUDDY, LRU, ANON, HUGE))
            steady = (words[frames] & numpy.uint64(unwanted)) == 0
        frames = frames[steady]
        absent = frames[~dump.dumped[frames]].tolist()
        if dump.omits_zeros:
            absent = [frame for frame in absent
                      if all(memory.page(frame) != bytes(PAGE) for memory in memories)]
        faults[kind] = (len(frames), absent)
    return faults
