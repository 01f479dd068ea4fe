"""Compares a live dump with the memory of the guest that was paused when the dump had ended."""

import numpy

from kdump import ElfMemory, Kdump

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
        words = dump.descriptors["words"]
        for index, frame in enumerate(dump.frames.tolist()):
            theirs = memory.page(frame)
            if theirs is None:
                self.missing.append(frame)
                continue
            ours = dump.page(index)
            if ours is None:
                self.unread += 1
                continue
            name = page_class(int(words[index]))
            self.total[name] = self.total.get(name, 0) + 1
            if ours == theirs:
                self.equal += 1
                continue
            self.changed.setdefault(name, []).append(frame)
            if any(start <= frame * 4096 < end for start, end in constant):
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


def compared(dump_path, oracle_path, constant=()):
    """The comparison of two files."""
    return Comparison(Kdump(dump_path), ElfMemory(oracle_path), constant)


def excluded(dump, protected, before):
    """By kind, how many page frames the dump leaves out that it must not: those of `protected`
    (by drgn, in the paused guest) that had the same use before the dump began.

    A page may become slab after its flags were read; such a one is no fault. `before` is
    /proc/kpageflags from before; for stacks, whose pages have no flag, what was not free."""
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
        faults[kind] = (len(frames), frames[~dump.dumped[frames]].tolist())
    return faults
