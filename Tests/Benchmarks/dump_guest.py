"""The live dump against makedumpfile, and the dump of the stacks, in one virtual machine with
Debian's kernel: how long they take, and where that time goes.

This machine may have no /proc/kcore, so both run in a guest of the laboratory (Tests/Lab): its
memory is 1 GiB, its processors two. Without KVM the guest is emulated: the seconds are then no
measure of real hardware, their ratio is."""
import json
import re
import statistics
import sys
import tempfile
import types

from measure import (REPOSITORY, Broken, Figure, Outcome, Unmeasured, mebibytes, megabytes,
                     need_root, say, seconds, times)

RUNS = 3
LEVEL = 31
ASKED_FACTOR = 3
THEIRS = "makedumpfile -c"
OURS = [("zlib", 1), ("zlib", 2), ("zstd", 1), ("zstd", 2)]
STACKS = "dump stacks"
# What of the whole command is in no step: the program's start, the folder, the manifest.
OUTSIDE = "outside"

# Prints wall seconds, the peak of resident memory in KiB and the exit status of a command.
# getrusage is system call 98 of x86_64; -1 are the children that were waited for.
TIMED = r"""perl -MTime::HiRes=time -e '
    my $began = time;
    system(@ARGV);
    my $status = $? >> 8;
    my $wall = time - $began;
    my $usage = "\0" x 144;
    syscall(98, -1, $usage);
    my @fields = unpack("q18", $usage);
    printf("\nmeasured %.4f %d %d\n", $wall, $fields[4], $status);' """


def run(options):
    need_root("a virtual machine of the laboratory")
    sys.path.insert(0, str(REPOSITORY / "Tests" / "Lab"))
    # They are of the laboratory, and wanted by this benchmark alone.
    import errors
    try:
        return _measured(options)
    except errors.Unavailable as reason:
        raise Unmeasured(str(reason)) from reason
    except errors.Infrastructure as reason:
        raise Broken(str(reason)) from reason


def _measured(options):
    import os
    import shutil

    from accelerator import EMULATION, accelerator
    from dumpguest import DumpGuest
    from dumpimages import DumpImages
    from images import Images

    if not shutil.which("qemu-system-x86_64") or not shutil.which("makedumpfile"):
        raise Unmeasured("qemu-system-x86 or makedumpfile is not installed (Tests/Lab/run.sh does)")
    cache = os.environ.get("DIAGBUNDLE_LAB_CACHE") or os.path.expanduser(
        "~/.cache/diagbundle-lab")
    os.makedirs(cache, exist_ok=True)
    images = Images(cache)
    with tempfile.TemporaryDirectory(prefix="diagbundle-benchmark-") as folder:
        laboratory = types.SimpleNamespace(
            images=images, dump_images=DumpImages(cache), machines=[], folder=folder,
            accelerator=accelerator(cache, images.kernel(), images.initrd()))
        guest = DumpGuest(laboratory, "guest")
        try:
            guest.start(str(options.binary), (shutil.which("makedumpfile"), "makedumpfile"))
            values, reports = _rounds(guest.machine)
        finally:
            guest.machine.kill()
    return _outcome(values, reports, laboratory.accelerator == EMULATION)


def _command(name):
    """The command line of what is called so."""
    if name == THEIRS:
        return "makedumpfile -c -d %d /proc/kcore /srv/dump/run/out" % LEVEL
    rest = " --output /srv/dump/run --no-throttle --progress none"
    if name == STACKS:
        return "diagbundle dump stacks" + rest
    return "diagbundle dump full --level %d --compress %s --threads %d" % (LEVEL, *name) + rest


def _rounds(machine):
    """By what was run: wall seconds, bytes of memory and of the file, of each run; and what our
    report says of each."""
    values = {name: [] for name in [THEIRS] + OURS + [STACKS]}
    reports = {name: [] for name in OURS + [STACKS]}
    for number in range(RUNS + 1):  # The first of each warms up.
        for name in values:
            say("dump: %s" % (name,))
            machine.need("rm -rf /srv/dump/run && mkdir /srv/dump/run && sync &&"
                         " echo 3 >/proc/sys/vm/drop_caches && sleep 2", 120)
            outcome = machine.run(TIMED + _command(name) + " >/run/measured.out", 900)
            told = re.search(r"measured ([\d.]+) (\d+) (\d+)", machine.need(
                "cat /run/measured.out") + outcome.output)
            if not told or told[3] != "0":
                raise Broken("%s: %s%s" % (name, outcome.output[-400:], outcome.errors[-400:]))
            size = machine.need("find /srv/dump/run -type f \\( -name out -o -name '*.kdump' \\)"
                                " -exec stat -c %s {} +")
            if number == 0:
                continue
            values[name].append((float(told[1]), int(told[2]) << 10, int(size)))
            if name != THEIRS:
                reports[name].append(json.loads(
                    machine.need("cat $(find /srv/dump/run -name LiveDump.json)")))
    return values, reports


def _what(name):
    return name if isinstance(name, str) else "%s, %d thread%s" % (*name, "s"[:name[1] > 1])


def step_medians(reports, walls):
    """The median seconds of each step over the runs, in the order of their first begin, and of what
    is in none. A step that a run had not took no time in it."""
    runs = [{step["name"]: step["seconds"] for step in report.get("steps", [])}
            for report in reports]
    if not any(runs):
        return []
    names = list(dict.fromkeys(name for run in runs for name in run))
    medians = [(name, statistics.median(run.get(name, 0) for run in runs)) for name in names]
    outside = statistics.median(wall - sum(run.values()) for wall, run in zip(walls, runs))
    return medians + [(OUTSIDE, outside)]


def _times(name, reports, walls):
    """Lines that tell where the time of what is called so went."""
    steps = step_medians(reports, walls)
    if steps:
        yield "steps of %s, medians of %d runs: %s" % (
            _what(name), len(reports), ", ".join("%s %.3f s" % step for step in steps))
    stages = reports[-1].get("stages", []) if reports else []
    if stages:
        yield "stages of %s, all threads, last run: %s" % (_what(name), ", ".join(
            "%s %d pages in %.3f s (%.0f pages/s)" % (
                one["name"], one["pages"], one["threadSeconds"],
                one["pages"] / one["threadSeconds"] if one["threadSeconds"] else 0)
            for one in stages))


def _outcome(values, reports, is_emulated):
    outcome = Outcome()
    theirs = values[THEIRS]
    for name, runs in values.items():
        what = _what(name)
        if name == STACKS:
            for index, title, text in ((0, "wall time", seconds), (1, "peak memory", mebibytes),
                                       (2, "file", megabytes)):
                outcome.figures.append(Figure(
                    "%s: %s" % (what, title), "seconds" if index == 0 else "–",
                    [run[index] for run in runs], text))
            continue
        asked = "beside it" if name == THEIRS else "–"
        for index, title, text in ((0, "wall time", seconds), (1, "peak memory", mebibytes),
                                   (2, "file", megabytes)):
            outcome.figures.append(Figure(
                "live dump, level %d, %s: %s" % (LEVEL, what, title), asked,
                [run[index] for run in runs], text))
        if name != THEIRS:
            factors = [other[0] / mine[0] for mine, other in zip(runs, theirs)]
            outcome.figures.append(Figure(
                "live dump, %s: times as fast as %s" % (what, THEIRS),
                "at least %d×" % ASKED_FACTOR, factors, times, -ASKED_FACTOR,
                lambda them: -statistics.median(them)))
    for name, them in reports.items():
        outcome.notes += _times(name, them, [run[0] for run in values[name]])
    outcome.notes.append("guest of 1 GiB and two processors, " + (
        "emulated (TCG): compare the ratios, not the seconds" if is_emulated else "KVM"))
    return outcome
