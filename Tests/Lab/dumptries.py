"""How often a dump is made again because of what the guest did meanwhile, and which of the tries
count."""

import statistics

REPEATS = 2  # Because of what the guest did meanwhile.
# Of an ELF core: its pages are written again to their own places, which ext4 in the guest converts
# meanwhile, and so allocates and frees what is being read.
ELF_REPEATS = 6
SHARES = 3  # How many tries that count there are when one of them has too few equal pages.


class Tries:
    """The tries of one dump.

    The guest goes on while it is dumped. It may tear what is copied just then, or be at work and
    change what was copied: then the dump is made again, twice at most, an ELF core six times. But
    the share of pages that are equal to the guest's counts of every try in which the guest was not
    seen at work: where one is below `percent`, there are three that count, and their median must
    do."""

    def __init__(self, percent=0, repeats=REPEATS):
        self.percent = percent
        self._most = repeats
        self.made, self.shares = 0, []
        self._repeats = 0

    def another(self, is_torn, share=None, is_at_work=False):
        """Takes the end of a try; whether another one is made."""
        self.made += 1
        is_repeated = (is_torn or is_at_work) and self._repeats < self._most
        if share is not None and not (is_at_work and is_repeated):
            self.shares.append(share)
        if is_repeated:
            self._repeats += 1
            return True
        # After the last it is a fault of the program, whatever the others are.
        return (not is_torn and not is_at_work and len(self.shares) < SHARES
                and any(one < self.percent for one in self.shares))

    @property
    def share(self):
        """The median of those that count, the lower of two in the middle."""
        return statistics.median_low(self.shares)

    def told(self):
        """How many there were, in words."""
        counted = len(self.shares)
        return "%s%s%s" % (
            "in one try" if counted == 1 else "in the median of %d tries" % counted,
            ", %d more while the guest was at work" % (self.made - counted)
            if self.made > counted else "",
            " (%s)" % ", ".join("%.2f" % one for one in self.shares))
