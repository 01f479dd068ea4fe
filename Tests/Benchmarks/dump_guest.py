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

WATCHED_ROUNDS = 2  # Not timed; the rounds that are timed come after them.
LEVEL = 31
ASKED_FACTOR = 3
THEIRS = "makedumpfile -c"
OURS = [("zlib", 1), ("zlib", 2), ("zstd", 1), ("zstd", 2)]
STACKS = "dump stacks"
# What of the whole command is in no step: the program's start, the folder, the manifest.
OUTSIDE = "outside"

# Prints the exit status of a command, and its wall seconds.
TIMED = r"""perl -MTime::HiRes=time -e '
    my $began = time;
    system(@ARGV);
    my $status = $? >> 8;
    printf("\nmeasured %d %.4f\n", $status, time - $began);' """

# Prints the exit status of a command, the peak of memory in KiB of it with all that it starts, and
# the seconds of the longest gap between two samples.
#
# It is counted as by process_tree.py, for which the guest has no Python: without the pages of
# files, and each page once. Whom a process leaves behind becomes ours: PR_SET_CHILD_SUBREAPER is
# 36, prctl is system call 157 of x86_64. Between vfork and exec a child has its parent's memory:
# the same span and sizes.
WATCHED = r"""perl -MPOSIX=WNOHANG,_exit -MTime::HiRes=time,sleep -e '
    syscall(157, 36, 1, 0, 0, 0) == 0 or die "prctl: $!";
    my $child = fork // die "fork: $!";
    if (!$child) { exec { $ARGV[0] } @ARGV or _exit(127) }
    sub text { open(my $file, "<", $_[0]) or return ""; local $/; return <$file> // "" }
    my ($peak, $gap, $last, $status) = (0, 0, time);
    until (defined $status) {
        my %parent;
        for my $path (glob "/proc/[0-9]*/stat") {
            # The name in parentheses may hold anything; the fields begin after the last one.
            $parent{$1} = $2 if text($path) =~ /^(\d+) .*\) \S (\d+) /s;
        }
        my ($sum, %seen) = (0);
        for my $one (keys %parent) {
            my $up = $parent{$one};
            $up = $parent{$up} while $up && $up != $$ && defined $parent{$up};
            next unless $up == $$;
            my $text = text("/proc/$one/smaps_rollup");
            my %size = $text =~ /^(\w+): +(\d+) kB/mg;
            next unless defined $size{Pss_Anon};
            my ($span) = split(/ /, $text);
            next if $seen{"$span $size{Rss} $size{Pss_Anon}"}++;
            $sum += $size{Pss_Anon} + $size{Pss_Shmem} + ($size{SwapPss} // 0);
        }
        $peak = $sum if $sum > $peak;
        while ((my $done = waitpid(-1, WNOHANG)) > 0) {
            $status = ($? & 127) ? 128 + ($? & 127) : $? >> 8 if $done == $child;
        }
        sleep(0.005);
        my $now = time;
        $gap = $now - $last if $now - $last > $gap;
        $last = $now;
    }
    printf("\nwatched %d %d %.4f\n", $status, $peak, $gap);' """


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
            measured = _rounds(guest.machine, options.runs)
        finally:
            guest.machine.kill()
    return _outcome(measured, laboratory.accelerator == EMULATION)


def _command(name):
    """The command line of what is called so."""
    if name == THEIRS:
        return "makedumpfile -c -d %d /proc/kcore /srv/dump/run/out" % LEVEL
    rest = " --output /srv/dump/run --no-throttle --progress none"
    if name == STACKS:
        return "diagbundle dump stacks" + rest
    return "diagbundle dump full --level %d --compress %s --threads %d" % (LEVEL, *name) + rest


class Measured:
    """What was run by one name: of each timed run the wall seconds, the bytes of the file and our
    report, and of each watched run the peak of memory of all its processes in bytes, with the
    longest gap between two samples in seconds."""

    def __init__(self):
        self.walls, self.sizes, self.reports = [], [], []
        self.peaks, self.gaps = [], []

    def figures(self):
        """The values by title, each with how it is written."""
        return (("wall time", self.walls, seconds), ("peak memory", self.peaks, mebibytes),
                ("file", self.sizes, megabytes))


def _ran(machine, measuring, word, name):
    """Runs what is called so below one of the commands that measure; what that one prints."""
    outcome = machine.run(measuring + _command(name) + " >/run/measured.out", 900)
    told = re.search(r"^%s (\d+) (.*)$" % word, machine.need("cat /run/measured.out"), re.M)
    if not told or told[1] != "0":
        raise Broken("%s: %s%s" % (_what(name), outcome.output[-400:], outcome.errors[-400:]))
    return told[2].split()


def _rounds(machine, runs):
    """By what was run: what was measured of it.

    The first rounds warm up and are watched, not timed: to look at the memory of all processes
    takes time from one who uses both processors."""
    measured = {name: Measured() for name in [THEIRS] + OURS + [STACKS]}
    for number in range(-WATCHED_ROUNDS, runs):
        for name, values in measured.items():
            say("dump: %s, %s" % (_what(name), "watched" if number < 0 else
                                  "run %d of %d" % (number + 1, runs)))
            machine.need("rm -rf /srv/dump/run && mkdir /srv/dump/run && sync &&"
                         " echo 3 >/proc/sys/vm/drop_caches && sleep 2", 120)
            if number < 0:
                peak, gap = _ran(machine, WATCHED, "watched", name)
                values.peaks.append(int(peak) << 10)
                values.gaps.append(float(gap))
                continue
            wall, = _ran(machine, TIMED, "measured", name)
            values.walls.append(float(wall))
            values.sizes.append(int(machine.need(
                "find /srv/dump/run -type f \\( -name out -o -name '*.kdump' \\)"
                " -exec stat -c %s {} +")))
            if name != THEIRS:
                values.reports.append(json.loads(
                    machine.need("cat $(find /srv/dump/run -name LiveDump.json)")))
    return measured


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


def _outcome(measured, is_emulated):
    outcome = Outcome()
    theirs = measured[THEIRS]
    for name, values in measured.items():
        what = _what(name)
        if name != STACKS:
            what = "live dump, level %d, %s" % (LEVEL, what)
        for title, them, text in values.figures():
            asked = "beside it" if name == THEIRS else "–"
            if name == STACKS and title == "wall time":
                asked = "seconds"
            outcome.figures.append(Figure("%s: %s" % (what, title), asked, them, text))
        if name in OURS:
            factors = [other / mine for mine, other in zip(values.walls, theirs.walls)]
            outcome.figures.append(Figure(
                "live dump, %s: times as fast as %s" % (_what(name), THEIRS),
                "at least %d×" % ASKED_FACTOR, factors, times, -ASKED_FACTOR,
                lambda them: -statistics.median(them)))
    for name, values in measured.items():
        outcome.notes += _times(name, values.reports, values.walls)
    outcome.notes.append(
        "peak memory is that of all processes together, without the pages of files, in %d rounds"
        " that are not timed; the longest gap between two samples %.3f s" % (
            WATCHED_ROUNDS, max(gap for values in measured.values() for gap in values.gaps)))
    outcome.notes.append("guest of 1 GiB and two processors, " + (
        "emulated (TCG): compare the ratios, not the seconds" if is_emulated else "KVM"))
    return outcome
