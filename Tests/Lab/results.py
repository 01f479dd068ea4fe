"""Counts what was claimed of the program, and prints each claim's end."""


class Results:
    """The tests of one run, in their order."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def check(self, claim, holds, why=""):
        """Counts a claim; `why` says what was seen instead."""
        if holds:
            self.passed += 1
            print("ok   " + claim, flush=True)
        else:
            self.failed += 1
            print("FAIL %s%s" % (claim, ": " + str(why) if why != "" else ""), flush=True)
        return holds

    def equal(self, claim, found, expected):
        """Counts the claim that two values are the same."""
        return self.check(claim, found == expected, "%r, not %r" % (found, expected))

    def skip(self, claim, why):
        """Counts a claim that could not be tried."""
        self.skipped += 1
        print("skip %s: %s" % (claim, why), flush=True)
