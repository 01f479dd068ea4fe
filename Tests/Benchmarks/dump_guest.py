"""The live dump against makedumpfile, in one virtual machine with Debian's kernel.

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
            values, stages = _rounds(guest.machine)
        finally:
            guest.machine.kill()
    return _outcome(values, stages, laboratory.accelerator == EMULATION)


def _rounds(machine):
    """By what was run: wall seconds, bytes of memory and of the file, of each run; and what our
    report says of the stages of the last one."""
    values = {name: [] for name in [THEIRS] + OURS}
    stages = {}
    for number in range(RUNS + 1):  # The first of each warms up.
        for name in values:
            say("dump: %s" % (name,))
            machine.need("rm -rf /srv/dump/run && mkdir /srv/dump/run && sync &&"
                         " echo 3 >/proc/sys/vm/drop_caches && sleep 2", 120)
            if name == THEIRS:
                command = "makedumpfile -c -d %d /proc/kcore /srv/dump/run/out" % LEVEL
            else:
                command = ("diagbundle dump full --output /srv/dump/run --level %d --compress %s"
                           " --threads %d --no-throttle --progress none" % (LEVEL, *name))
            outcome = machine.run(TIMED + command + " >/run/measured.out", 900)
            told = re.search(r"measured ([\d.]+) (\d+) (\d+)", machine.need(
                "cat /run/measured.out") + outcome.output)
            if not told or told[3] != "0":
                raise Broken("%s: %s%s" % (name, outcome.output[-400:], outcome.errors[-400:]))
            size = machine.need("find /srv/dump/run -type f \\( -name out -o -name '*.kdump' \\)"
                                " -exec stat -c %s {} +")
            if number > 0:
                values[name].append((float(told[1]), int(told[2]) << 10, int(size)))
            if name != THEIRS:
                report = json.loads(machine.need("cat $(find /srv/dump/run -name LiveDump.json)"))
                stages[name] = report.get("stages", [])
    return values, stages


def _outcome(values, stages, is_emulated):
    outcome = Outcome()
    theirs = values[THEIRS]
    for name, runs in values.items():
        what = THEIRS if name == THEIRS else "%s, %d thread%s" % (*name, "s"[:name[1] > 1])
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
    for name, them in stages.items():
        outcome.notes.append("stages of %s with %d threads: %s" % (*name, ", ".join(
            "%s %d pages in %.3f s (%.0f pages/s)" % (
                one["name"], one["pages"], one["threadSeconds"],
                one["pages"] / one["threadSeconds"] if one["threadSeconds"] else 0)
            for one in them)))
    outcome.notes.append("guest of 1 GiB and two processors, " + (
        "emulated (TCG): compare the ratios, not the seconds" if is_emulated else "KVM"))
    return outcome
