"""Why pages of a live dump differ from the guest's memory that was taken when the dump had ended.

The guest is taken before the dump begins, too. What stood in its memory for all that time is the
same in both, and must be the same in the dump: a page may differ only if the guest wrote to it
meanwhile, if nobody had taken it before or after, or if it is of a class in which a word is another
for a moment and then the former. How many may have the last two reasons is bounded.
"""

import numpy

from kdump import ElfMemory
from oracle import page_class

# What the kernel writes to without rest: its stacks and data, what it allocates from slabs, page
# tables, and what it set aside at its start, such as the descriptions of all pages and the data
# of each processor. A lock or a count there is taken and given back. Pages of files and of
# processes are not among them.
BUSY = {"kernel", "slab", "page table", "reserved"}
# Pages that were written to and have words, too, which were other for a moment: 0.8 % at most were
# seen, in a guest with more processors than its host.
PASSING_SHARE = 0.015
MOMENTARY_SHARE = 0.001  # Of all pages: those that were other for a moment only.
# Of all pages: those that nobody had taken before or after. 11 to 165 of some 33,000 were seen.
BORROWED_SHARE = 0.01
# As what such a page may stand in a dump: as free, or without a flag. The count of users, by which
# they are told, is 0 also of what follows the first page of a block that was not allocated as a
# compound: it is in use. One with the flag of some use is none that was borrowed.
BORROWABLE = {"kernel", "free"}


class Differences:
    """The pages of a dump that differ from what the guest had afterwards, by their reason.

    `free` are the page frames that nobody had taken before the dump began or after it had ended. A
    process that runs meanwhile takes such a page and writes to it; the next one is often the same
    program and leaves the same words there, so that both dumps of the guest have what ours has not.
    It may be of the class `kernel`, for it has no flag while it is on the list of a processor; only
    what is `BORROWABLE` counts as such."""

    def __init__(self, dump, before_path, after_path, free):
        before, after = ElfMemory(before_path), ElfMemory(after_path)
        self.kept = len(dump.frames)
        # By class: pages in which just those words differ that the guest wrote to, pages in which
        # other words differ too, and pages that the guest had the same before and after.
        self.written, self.passing, self.momentary = {}, {}, {}
        # (frame, class, words that differ without a reason)
        self.unexplained = []
        self.borrowed = 0  # Those of `free`, where their class allows it.
        free = set(free.tolist())
        self.other = 0  # Pages of files and of processes with a word that was other for a moment.
        for index, frame in enumerate(dump.frames.tolist()):
            ours, last = dump.page(index), after.page(frame)
            if ours is None or last is None or ours == last:
                continue
            name = page_class(int(dump.words[index]))
            first = before.page(frame)
            ours, first, last = (numpy.frombuffer(page, "<u8") for page in (ours, first, last))
            kept_by_guest = first == last
            other = int((kept_by_guest & (ours != last)).sum())
            if not other:
                kind = self.written
            elif frame in free and name in BORROWABLE:
                self.borrowed += 1
                continue
            elif kept_by_guest.all():
                kind = self.momentary
            else:
                kind = self.passing
            kind[name] = kind.get(name, 0) + 1
            if kind is not self.written and name not in BUSY:
                self.other += 1
            if kind is self.momentary and name not in BUSY:
                self.unexplained.append((frame, name, other))

    def check(self, run, results, title):
        """Claims that every difference has a reason."""
        run.say("%s: of the pages that differ the guest wrote to %s; to others, and some of their"
                " words were other for a moment: %s; only for a moment: %s; free before or after: %d"
                % (title, _counts(self.written), _counts(self.passing), _counts(self.momentary),
                   self.borrowed))
        results.check("%s: every page that differs was written to meanwhile, or is of a class that"
                      " the kernel writes to without rest" % title,
                      not self.unexplained, self.unexplained[:8])
        results.check("%s: at most one page in a thousand was other only for a moment" % title,
                      max(sum(self.momentary.values()), self.other) <=
                      MOMENTARY_SHARE * self.kept, (self.momentary, self.other, self.kept))
        results.check("%s: few of those written to have other words than the guest wrote" % title,
                      sum(self.passing.values()) <= PASSING_SHARE * self.kept,
                      (self.passing, self.kept))
        results.check("%s: at most one page in a hundred was taken only meanwhile" % title,
                      self.borrowed <= BORROWED_SHARE * self.kept, (self.borrowed, self.kept))


def _counts(kind):
    return ", ".join("%d %s" % (count, name) for name, count in sorted(kind.items())) or "none"
