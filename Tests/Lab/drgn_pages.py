"""Run by the laboratory with drgn on the dump that QEMU made of the paused guest: tells by the
kernel's own map of pages which page frames no dump may leave out.

    drgn_pages.py DUMP FOLDER-WITH-SYMBOLS OUT.npz

OUT holds arrays of page frame numbers: `slab`, `pageTable`, `stack`, `kernel` for what has no flag
of its use, which is what the kernel has taken for itself, or keeps for the next who asks, and
`free` for what has no user by its count: nobody has taken it, and /proc/kpageflags has no flag for
such a page while a processor keeps it on its own list. Among them are pages that are in use: of a
block that was allocated without __GFP_COMP only the first page has a user.
"""

import sys

import numpy
from drgn.helpers.linux.mm import for_each_valid_page_range, page_to_pfn
from drgn.helpers.linux.pid import for_each_task

from drgn_walk import opened


def main():
    prog = opened(sys.argv[1], sys.argv[2])
    page = prog.type("struct page")
    size = page.size
    flags_at = page.member("flags").bit_offset // 64
    head_at = page.member("compound_head").bit_offset // 64
    type_at = page.member("page_type").bit_offset // 32
    mapping_at = page.member("mapping").bit_offset // 64
    count_at = page.member("_refcount").bit_offset // 32
    slab_bit = 1 << prog["PG_slab"].value_()
    other_bits = sum(1 << prog[name].value_() for name in ("PG_slab", "PG_lru", "PG_reserved"))
    slab, tables, kernel, free = [], [], [], []
    for first, end, pages in for_each_valid_page_range(prog):
        start = pages.value_() + first * size
        raw = prog.read(start, (end - first) * size)
        words = numpy.frombuffer(raw, "<u8").reshape(-1, size // 8)
        heads = words[:, head_at]
        # A tail holds the address of its head, plus one; the head's flags are the tail's.
        index = numpy.arange(len(words))
        tail = (heads & 1) != 0
        index[tail] = ((heads[tail] - 1 - start) // size).astype(int)
        index = numpy.where((index >= 0) & (index < len(words)), index, numpy.arange(len(words)))
        slab.append(first + numpy.flatnonzero(words[index, flags_at] & slab_bit))
        halves = numpy.frombuffer(raw, "<u4").reshape(-1, size // 4)
        types = halves[:, type_at]
        free.append(first + numpy.flatnonzero(~tail & (halves[:, count_at] == 0)))
        # PAGE_TYPE_BASE 0xf0000000, PG_table 0x200; a page has a type by the bit's absence.
        # Source: Linux 6.1 include/linux/page-flags.h.
        tables.append(first + numpy.flatnonzero((types & 0xf0000200) == 0xf0000000))
        # A page without a type has all bits set, or counts where it is mapped.
        own = types[index]
        kernel.append(first + numpy.flatnonzero(
            ((words[index, flags_at] & other_bits) == 0) & (words[index, mapping_at] == 0) &
            ((own == 0xffffffff) | (own < 0xf0000000))))
    stacks = set()
    for task in for_each_task(prog, idle=True):
        area = task.stack_vm_area
        if area:
            stacks.update(page_to_pfn(area.pages[number]).value_()
                          for number in range(area.nr_pages))
    numpy.savez(sys.argv[3], slab=numpy.concatenate(slab), pageTable=numpy.concatenate(tables),
                kernel=numpy.concatenate(kernel), free=numpy.concatenate(free),
                stack=numpy.array(sorted(stacks)))


if __name__ == "__main__":
    main()
