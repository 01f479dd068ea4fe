"""A bundle is under its name when it is whole, and at no other moment: killed, or on a full disk."""

import os
import re
import resource
import shutil
import signal
import time

import harness
import samples
from harness import CANNOT_CREATE, INPUT_OUTPUT
from test_old_kernels import why_no_injection

FORMATS = ("xz", "zstd", "none")
#: All that changes what is on the disk.
CALLS = "write,writev,pwrite64,fsync,fdatasync,ftruncate,fallocate,rename,renameat,renameat2," \
    "link,linkat,unlink,unlinkat,mkdirat,openat,openat2,close"


class Archiving(harness.Case):
    """Sealing a folder of several blocks to where an older bundle is."""

    def setUp(self):
        super().setUp()
        self.host = self.path("host")
        self.content = samples.host_folder(
            self.host, [("logs/%d.log" % number, samples.log(300_000, number))
                        for number in range(3)] + [("system/noise", samples.noise(900_000))])
        samples.host_folder(self.path("other", "host"), [("logs/old", b"old")])
        self.older = harness.content(
            samples.seal(self.path("other", "host"), self.path("older.tar.xz")))
        self.whole = {name: harness.content(samples.seal(
            self.host, self.path("whole." + name), "--compression", name)) for name in FORMATS}
        self.target = self.path("out", "host.tar")
        harness.write(self.target, self.older)

    def check(self, compression, what):
        """The older bundle is there, or the new one, and both are whole."""
        data = harness.content(self.target)
        self.assertIn(data, (self.older, self.whole[compression]), what)
        names = set(os.listdir(os.path.dirname(self.target))) - {"host.tar"}
        self.assertLessEqual(names, {".host.tar.partial"}, what)
        return data != self.older

    def again(self, compression):
        """The next run is not held up by what was left, and clears it away."""
        samples.seal(self.host, self.target, "--compression", compression)
        self.assertEqual(harness.content(self.target), self.whole[compression])
        self.assertEqual(os.listdir(os.path.dirname(self.target)), ["host.tar"])
        harness.write(self.target, self.older)

    def archive(self, compression, target=None):
        return ("archive", self.host, "-o", target or self.target, "--compression", compression)

    def strace(self, compression, *words):
        """Seals under strace, which follows all threads."""
        return harness.run("-f", "-qq", "-o", self.path("trace"), *words, harness.BINARY,
                           *self.archive(compression), binary=shutil.which("strace"), timeout=100)

    def test_killed_at_any_call(self):
        if why_no_injection():
            self.skipTest(why_no_injection())
        for compression in FORMATS:
            outcome = self.strace(compression, "-e", "trace=" + CALLS)
            self.assertEqual(outcome.status, 0, str(outcome))
            self.assertTrue(self.check(compression, "it was whole"))
            harness.write(self.target, self.older)
            # strace counts the calls of each thread: as many as the busiest has.
            counts = {}
            for line in harness.content(self.path("trace")).decode("utf-8", "replace").split("\n"):
                found = re.match(r"(\d+) +(\w+)\(", line)
                if found:
                    counts.setdefault(found.group(2), {}).setdefault(found.group(1), 0)
                    counts[found.group(2)][found.group(1)] += 1
            killed, named = 0, 0
            for call, threads in counts.items():
                most = max(threads.values())
                for number in sorted({1, 2, 3, most - 1, most, *range(4, most, most // 4 + 1)}):
                    if not 1 <= number <= most:
                        continue
                    what = "%s, the %d. %s" % (compression, number, call)
                    outcome = self.strace(
                        compression, "-e", "trace=" + call, "-e",
                        "inject=%s:signal=KILL:when=%d" % (call, number))
                    killed += outcome.status in (-signal.SIGKILL, 128 + signal.SIGKILL)
                    named += self.check(compression, what)
                    harness.write(self.target, self.older)
            self.assertGreater(killed, 10, compression)
            # After it got its name something is left to do: that it lasts.
            self.assertGreater(named, 0, compression)
            self.again(compression)

    def test_killed_at_any_time(self):
        began = time.monotonic()
        samples.seal(self.host, self.path("timed"), "--compression", "xz")
        whole = time.monotonic() - began
        for step in range(25):
            process = harness.start(*self.archive("xz"))
            time.sleep(whole * step / 20)
            process.kill()
            outcome = harness.finish(process)
            self.assertIn(outcome.status, (0, -signal.SIGKILL), str(outcome))
            self.check("xz", str(outcome))
            harness.write(self.target, self.older)
        self.again("xz")

    def refused(self, outcome, compression, what, target=None):
        """It failed, said why, and left what was there, and nothing else."""
        target = target or self.target
        self.assertIn(outcome.status, (CANNOT_CREATE, INPUT_OUTPUT), what + str(outcome))
        self.assertEqual(outcome.out, "", what)
        self.assertEqual(harness.content(target), self.older, what)
        self.assertEqual(os.listdir(os.path.dirname(target)), ["host.tar"], what)

    def test_disk_full_at_any_call(self):
        if why_no_injection():
            self.skipTest(why_no_injection())
        for compression in FORMATS:
            for call in ("write,pwrite64,writev", "fsync,fdatasync", "rename,renameat,renameat2"):
                for number in (1, 2, 3, 5):
                    outcome = self.strace(
                        compression, "-e", "trace=" + call, "-e",
                        "inject=%s:error=ENOSPC:when=%d+" % (call, number))
                    what = "%s, %s from the %d. on: " % (compression, call, number)
                    if b"(INJECTED)" not in harness.content(self.path("trace")):
                        self.check(compression, what)
                    elif harness.content(self.target) == self.whole[compression]:
                        # The folder could not be synced, or the words not be written, after that.
                        self.assertNotIn("rename", call, what)
                    else:
                        self.refused(outcome, compression, what)
                        # Else the words cannot be written either.
                        if "write" not in call:
                            self.assertIn("No space left", outcome.told, what)
                    harness.write(self.target, self.older)
            self.again(compression)

    def test_limit_of_file_size(self):
        """No signal ends it, which would leave half a bundle behind."""
        for compression in FORMATS:
            size = len(self.whole[compression])
            for limit in (1, 4096, size // 3, size // 2, size - 4096, size - 1):
                outcome = harness.run(*self.archive(compression), before=lambda: resource.setrlimit(
                    resource.RLIMIT_FSIZE, (limit, limit)))
                self.refused(outcome, compression, "%s, %d bytes: " % (compression, limit))
                self.assertIn("File too large", outcome.told)
            outcome = harness.run(*self.archive(compression), before=lambda: resource.setrlimit(
                resource.RLIMIT_FSIZE, (size, size)))
            self.assertEqual(outcome.status, 0, str(outcome))
            self.assertTrue(self.check(compression, "room for all"))
            harness.write(self.target, self.older)

    @harness.in_namespace()
    def test_disk_of_any_size(self):
        """A real file system without room, in steps up to what the bundle needs."""
        place = self.path("small")
        os.mkdir(place)
        older = (len(self.older) + 4095) // 4096 * 4096
        for compression in FORMATS:
            pages = (len(self.whole[compression]) + 4095) // 4096
            # The older bundle, the folder, and some of the new one.
            for room in (0, 1, 2, pages // 3, pages // 2, pages - 2, pages - 1, pages + 16):
                harness.mount("small-disk", place, "tmpfs", 0, "size=%d" % (older + room * 4096))
                target = os.path.join(place, "host.tar")
                harness.write(target, self.older)
                outcome = harness.run(*self.archive(compression, target))
                what = "%s with room for %d pages: " % (compression, room)
                if room < pages:
                    self.refused(outcome, compression, what, target)
                    self.assertIn("No space left", outcome.told, what)
                else:
                    self.assertEqual(outcome.status, 0, what + str(outcome))
                    self.assertEqual(harness.content(target), self.whole[compression])
                harness.unmount(place)

    @harness.in_namespace()
    def test_unpacking_onto_a_full_disk(self):
        """Each file that is there is whole."""
        place = self.path("small")
        os.mkdir(place)
        limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
        outcome = harness.run("extract", self.path("whole.xz"), "-C", self.path("limited"),
                              before=limit)
        self.assertEqual(outcome.status, INPUT_OUTPUT, str(outcome))
        self.assertIn("File too large", outcome.told)
        for compression in FORMATS:
            bundle = self.path("whole." + compression)
            for pages in (1, 40, 100, 300):
                for words in ((), ("--salvage",), ("logs", "system")):
                    harness.mount("small-disk", place, "tmpfs", 0, "size=%d" % (pages * 4096))
                    # extract [--salvage] BUNDLE [PATH...]
                    options = [word for word in words if word.startswith("-")]
                    paths = [word for word in words if not word.startswith("-")]
                    outcome = harness.run("extract", *options, bundle, *paths, "-C", place)
                    what = "%s, %d pages, %s: %s" % (compression, pages, words, outcome)
                    self.assertIn(outcome.status, (CANNOT_CREATE, INPUT_OUTPUT), what)
                    self.assertIn("No space left", outcome.told, what)
                    for name in harness.files_below(place):
                        self.assertEqual(harness.content(os.path.join(place, name)),
                                         self.content[name.split("/", 1)[1]], what)
                    harness.unmount(place)


if __name__ == "__main__":
    import unittest
    unittest.main()
