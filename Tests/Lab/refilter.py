"""Makedumpfile reads a live dump of ours and filters it again; it reads zlib pages and no zstd.
Crash reads the same file."""

import os
import subprocess

import numpy

import dumpchecks
from host import run as host
from kdump import ZLIB, Kdump

HIGHEST_LEVEL = 31


def check(lab, title, path, folder, before, after, another):
    """Claims for a dump with zlib pages that keeps more than level 31 does.

    Crash opens it. Makedumpfile filters by the VMCOREINFO in the dump; with `--all` by the symbols,
    which take it a minute to read. What it leaves out is what `dump convert` leaves out of the same file, and drgn opens
    what it wrote. Where that differs the dump that `another()` makes decides."""
    results = lab.results
    whole = Kdump(path)
    dumpchecks.by_storing(results, title, whole, ZLIB)
    ours_walked = dumpchecks.walked(lab.readers, path, lab.symbols, small=True)
    dumpchecks.by_crash(results, title, lab.readers, path, lab.symbols, ours_walked, before, after,
                        small=True)
    os.makedirs(folder, exist_ok=True)
    log, theirs, ours = (os.path.join(folder, one) for one in ("log", "theirs", "ours"))
    symbols = ["-x", os.path.join(lab.symbols, "vmlinux")] if lab.run.everything else []
    try:
        host("makedumpfile", "-f", "--dump-dmesg", path, log, timeout=120)
        host("makedumpfile", "-f", "-c", "-d", str(HIGHEST_LEVEL), *symbols, path, theirs,
             timeout=400)
    except Exception as error:
        results.check("%s: makedumpfile reads and refilters it" % title, False, error)
        return
    with open(log, encoding="utf-8", errors="replace") as text:
        said = text.read()
    wanted = [line.strip() for line in before.text("dmesg").splitlines() if line.strip()]
    absent = [line for line in wanted if line not in said]
    results.check("%s: makedumpfile --dump-dmesg has every line of the guest's" % title,
                  len(wanted) > 100 and not absent, "%d of %d are absent: %s" % (
                      len(absent), len(wanted), absent[:3]))
    is_alike, said = _is_alike(lab, title, path, ours, theirs)
    if not is_alike:
        lab.run.say("%s: once more: %s" % (title, said))
        path_of_other, other = another(), os.path.join(folder, "other")
        if path_of_other:
            host("makedumpfile", "-f", "-c", "-d", str(HIGHEST_LEVEL), *symbols, path_of_other,
                 other, timeout=400)
            is_alike, said = _is_alike(lab, title, path_of_other, ours, other)
    results.check("%s: makedumpfile -d %d leaves out what dump convert does, within 2 %% of the"
                  " file's pages either way, of one of two dumps" % (title, HIGHEST_LEVEL),
                  is_alike, said)
    walk = dumpchecks.walked(lab.readers, theirs, lab.symbols, small=True)
    found = {task["tid"] for task in walk["tasks"].get("value", [])}
    results.check("%s: drgn finds in what makedumpfile wrote the tasks of ours" % title,
                  len(found) > 30 and found == {
                      task["tid"] for task in ours_walked["tasks"].get("value", [])},
                  walk["tasks"])


def _is_alike(lab, title, path, ours, theirs):
    """Whether `dump convert` leaves out of a dump what makedumpfile did, and what differs.

    The map of pages was copied while pages went and came: of a huge page that came just then the
    first `struct page` may say so, and those behind it not. Makedumpfile believes the first, and
    `dump convert` keeps a page that says of itself that it is the kernel's."""
    done = subprocess.run([lab.run.binary, "dump", "convert", path, ours, "--level",
                           str(HIGHEST_LEVEL)], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=300, check=False)
    if not lab.results.check("%s: dump convert filters it too" % title, done.returncode == 0,
                             done.stdout[-800:]):
        return False, "dump convert failed"
    count = len(Kdump(path).frames)
    mine, other = (Kdump(one).left_out() for one in (ours, theirs))
    only = [numpy.flatnonzero(mine & ~other), numpy.flatnonzero(other & ~mine)]
    said = "of %d kept pages %d only ours%s, %d only makedumpfile's%s" % (
        count, len(only[0]), _runs(only[0]), len(only[1]), _runs(only[1]))
    lab.run.say("%s: %s" % (title, said))
    return max(map(len, only)) <= dumpchecks.LEVEL_TOLERANCE * count, said


def _runs(frames):
    """The longest runs of page frames, in words."""
    if not len(frames):
        return ""
    runs = numpy.split(frames, numpy.flatnonzero(numpy.diff(frames) != 1) + 1)
    longest = sorted(runs, key=len, reverse=True)[:6]
    return " (%s)" % ", ".join("%#x+%d" % (run[0], len(run)) for run in longest)
