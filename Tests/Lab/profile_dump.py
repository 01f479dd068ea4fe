"""A live dump of a guest's kernel, held against the guest itself, against QEMU's own dump of the
guest paused in the moment in which the dump ended, and against the programs that read dumps."""

import collections
import json
import os
import subprocess

import numpy

import dumpchecks
import dumpcommands
import dumpfaults
import dumpoptions
import refilter
import running
from differences import Differences
from dumpguest import DumpGuest
from dumpimages import DumpImages
from dumprun import COMPLETE, PLACE, Dump, GuestTruth, dump, dump_and_pause
from dumptries import ELF_REPEATS, REPEATS, Tries
from kdump import Kdump, opened
from readers import Readers

DEFAULT_LEVEL = 27
OTHER_LEVELS = [16, 31]
SLOW_LEVELS = [0, 1]  # All of the guest's memory is compressed: some minutes under emulation.
ZLIB = "--level %d --compress zlib"
READABLE_BY_MAKEDUMPFILE = 16
SLOW_SECONDS = 900
STACKS_SECONDS = 60  # In an emulated guest; some five where it is quiet.


# A dump, what the guest said before and after it, what drgn finds in it, the threads whose stacks
# do not count, the dump beside QEMU's, and how many tries there were.
Whole = collections.namedtuple("Whole", "made before after walk passed beside tries")


class Laboratory:
    """What all parts of the profile use: the run, its results, the readers, the symbols."""

    def __init__(self, run, results):
        run.dump_images = DumpImages(run.cache, run.rebuild)
        self.run, self.results = run, results
        self.readers = Readers(run.cache, run.rebuild)
        self.symbols = run.dump_images.symbols()
        self._tries, self._torn = 0, collections.Counter()  # Of all dumps; the torn ones by name.

    def complete(self, name, made):
        """Claims that a dump ended as complete and there is a file."""
        return self.results.check(
            "%s: it ends as complete" % name,
            made.status == COMPLETE and made.file is not None and
            made.report.get("outcome") == "complete" and opened(made.file).is_complete,
            made.why())

    def whole(self, guest, name, make, small=False, is_busy=False, percent=None):
        """A dump by `make(place)`, with what the guest said before and after and what drgn finds
        in it; None when there is none. With `percent` it is compared with QEMU's.

        It is made once more, and said, as `Tries` has it: because the guest tore it or was at
        work, or because too few of its pages are equal."""
        tries = Tries(percent or 0, ELF_REPEATS if name == "elf" else REPEATS)
        while True:
            place = name.replace(" ", "-") + ("-%d" % (tries.made + 1) if tries.made else "")
            before = GuestTruth(guest, place + "-before")
            made = make(place)
            after = GuestTruth(guest, place + "-after")
            if not self.complete(name, made):
                return None
            walk = dumpchecks.walked(self.readers, made.file, self.symbols, small)
            passed = dumpchecks.ran(before, after) if is_busy else ()
            tears = dumpchecks.torn(walk, passed)
            self._tries += 1
            self._torn[name] += bool(tears)
            beside, share, work = None, None, []
            if percent is not None:
                beside = dumpchecks.Beside(made, before, self.readers, self.symbols)
                share = beside.found.share
                if share < percent:
                    work = dumpchecks.at_work(guest, made, self.readers, self.symbols)
            is_at_work = sum(seconds for seconds, _ in work) > dumpchecks.WORK_SECONDS
            is_made_again = tries.another(bool(tears), share, is_at_work)
            if percent is not None or is_made_again:
                self._say_try(name, tries, beside, tears, work, is_at_work)
            if not is_made_again:
                return Whole(made, before, after, walk, passed, beside, tries)
            for path in (made.earlier, made.oracle):
                if path:
                    os.unlink(path)

    def _say_try(self, name, tries, beside, tears, work, is_at_work):
        """Prints what one try gave."""
        said = "%s: try %d" % (name, tries.made)
        if beside:
            said += ": %.2f %% of the pages are equal" % beside.found.share
            if beside.found.share < tries.percent:
                said += ": " + beside.found.tally()
        if tears:
            said += "; the guest tore %s" % tears[:4]
        if work:
            said += "; the guest was %s: %s" % ("at work" if is_at_work else "idle", ", ".join(
                "%s %.3f s" % (who, seconds) for seconds, who in work[:6]))
        self.run.say(said)

    def read(self, name, whole, crash=True, small=False):
        """All claims of the readers."""
        dumpchecks.by_drgn(self.results, name, whole.walk, whole.before, whole.after, small,
                           whole.passed)
        if crash:
            dumpchecks.by_crash(self.results, name, self.readers, whole.made.file, self.symbols,
                                whole.walk, whole.before, whole.after, small)

    def paused(self, guest, name, options="", crash=True, is_busy=False,
               percent=dumpchecks.EQUAL_PERCENT):
        """A dump and QEMU's of the same moment, with all claims; None when there is no dump.

        A guest with more processors than this machine `is_busy` always: less is asked of it."""
        whole = self.whole(
            guest, name, lambda place: dump_and_pause(
                guest, place, options=options, with_earlier=True), False, is_busy,
            dumpchecks.LESS_EQUAL_PERCENT if is_busy else percent)
        if whole is None:
            return None
        made = whole.made
        self.read(name, whole, crash)
        dumpchecks.by_oracle(self.run, self.results, name, made, whole.before, whole.beside,
                             whole.tries)
        used = dumpchecks.use_of_pages(made.earlier, self.readers, self.symbols)
        free = numpy.union1d(used["free"], whole.beside.used["free"])
        Differences(whole.beside.dump, made.earlier, made.oracle, free).check(
            self.run, self.results, name)
        os.unlink(made.earlier)
        self.say_stages(name, made)
        return made

    def info(self, path):
        """What `dump info` tells of a file; nothing when it fails."""
        done = subprocess.run([self.run.binary, "dump", "info", "--json", path], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120,
                              check=False)
        return json.loads(done.stdout) if done.returncode == 0 else {}

    def say_tears(self):
        """Prints how many of all dumps that drgn walked the guest tore, so that it is known: those
        that were made again count, too."""
        self.run.say("torn by the guest: %d of %d dumps: %s" % (
            self._torn.total(), self._tries, ", ".join(
                "%s %d" % one for one in sorted(self._torn.items()) if one[1]) or "none"))

    def say_stages(self, name, made):
        """Prints what each stage of the work cost."""
        for stage in made.report.get("stages", []):
            seconds = stage["threadSeconds"]
            self.run.say("%s: %-10s %8d pages %7.3f s%s" % (
                name, stage["name"], stage["pages"], seconds,
                " %9.0f pages/s" % (stage["pages"] / seconds) if seconds else ""))


def check(run, results):
    """Boots once and dumps; with --all also everything that can go wrong."""
    lab = Laboratory(run, results)
    try:
        _in_one_guest(lab)
        if run.everything:
            dumpfaults.in_other_guests(lab)
    finally:
        lab.say_tears()


def _in_one_guest(lab):
    """What one guest is enough for."""
    run = lab.run
    guest = DumpGuest(run, "guest")
    run.say("guest ready after %.1f s" % guest.start(run.binary))
    try:
        _levels(lab, guest)
        _small(lab, guest)
        running.check(lab, guest)
        _collected(lab, guest)
        if run.everything:
            dumpoptions.check(lab, guest)
            dumpcommands.check(lab, guest)
            dumpfaults.in_one_guest(lab, guest)
    finally:
        guest.stop()


def _levels(lab, guest):
    """The default dump in full, and the other levels, each against what makedumpfile leaves out
    of QEMU's dump of the same moment."""
    made = lab.paused(guest, "default")
    if made is None:
        return
    _report(lab.results, made)
    _told(lab, made)
    _converted(lab, guest, made.oracle)
    dumpchecks.by_level(lab.run, lab.results, DEFAULT_LEVEL, made, made.oracle, guest.folder)
    before = GuestTruth(guest, "levels-before")
    for level in OTHER_LEVELS + (SLOW_LEVELS if lab.run.everything else []):
        is_read = level == READABLE_BY_MAKEDUMPFILE
        other = dump_and_pause(
            guest, "level%d" % level, seconds=SLOW_SECONDS,
            options=(ZLIB if is_read else "--level %d --compress zstd") % level,
            tables_only=not is_read)
        after = GuestTruth(guest, "levels-after") if is_read else None
        if lab.complete("level %d" % level, other):
            dumpchecks.by_level(lab.run, lab.results, level, other, other.oracle, guest.folder)
        os.unlink(other.oracle)
        if is_read and other.file:
            refilter.check(lab, "zlib", other.file, os.path.join(guest.folder, "makedumpfile"),
                           before, after, lambda: dump(
                               guest, "level%d-again" % READABLE_BY_MAKEDUMPFILE,
                               options=ZLIB % READABLE_BY_MAKEDUMPFILE).file)


def _converted(lab, guest, oracle_path):
    """`dump convert` leaves out of one file what makedumpfile leaves out of it, at every level."""
    for level in SLOW_LEVELS + OTHER_LEVELS + [DEFAULT_LEVEL]:
        path = os.path.join(guest.folder, "converted-%d" % level)
        done = subprocess.run(
            [lab.run.binary, "dump", "convert", oracle_path, path, "--level", str(level)],
            text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300, check=False)
        if lab.results.check("convert at level %d" % level, done.returncode == 0,
                             done.stdout[-800:]):
            dumpchecks.by_level(lab.run, lab.results, level, Dump.of_file(path), oracle_path,
                                guest.folder, "convert at level %d" % level)
            os.unlink(path)


def _small(lab, guest):
    """The small dump of the stacks."""
    whole = lab.whole(guest, "stacks", lambda place: dump(guest, place, "stacks"), small=True)
    if whole is None:
        return
    made = whole.made
    lab.run.say("stacks: %.1f MB in %.1f s" % (
        os.path.getsize(made.file) / 1e6, made.seconds))
    lab.results.check("stacks: it takes seconds", made.seconds < STACKS_SECONDS, made.seconds)
    lab.read("stacks", whole, small=True)
    text_of_stacks(lab.results, "stacks", made, whole.before, whole.after)


def _collected(lab, guest):
    """`collect` brings the dump into the bundle, and shows how far it is."""
    made = dumpfaults.collect(guest, "bundle", "--include-live-dump --dump-no-throttle",
                              progress="json")
    results = lab.results
    dumpchecks.by_progress(results, "collect", made.errors)
    results.check("collect --include-live-dump ends as complete", made.status == COMPLETE,
                  made.why())
    for name in ("LiveDump.kdump", "LiveDump.json", "LiveDump-stacks.txt"):
        results.check("collect: %s is in the host folder" % name,
                      any(one.endswith("/" + name) for one in made.names), made.names)
    bundles = [one for one in made.names if one.endswith(".tar.xz")]
    if results.check("collect: there is a bundle", len(bundles) == 1, made.why()):
        outcome = guest.machine.run("diagbundle verify " + bundles[0], 200)
        results.check("collect: the bundle verifies", outcome.status == 0,
                      outcome.output[-800:] + outcome.errors[-800:])
    guest.machine.need("rm -rf " + PLACE + "logs-bundle", 60)


def text_of_stacks(results, name, made, before, after):
    """Claims that the text and the JSON beside a dump have the stacks of the guest's threads."""
    text = made.path("LiveDump-stacks.txt")
    document = made.path("LiveDump-stacks.json")
    if not results.check("%s: the stacks are beside it as text and as JSON" % name,
                         bool(text and document), made.why()):
        return
    with open(document, encoding="utf-8") as file:
        content = file.read()
    results.equal("%s: the JSON's schema" % name, json.loads(content).get("schema"),
                  "diagbundle.kernel-stacks/1")
    with open(text, encoding="utf-8", errors="replace") as file:
        written = file.read()
    _, stacks = dumpchecks.steady(before, after)
    wanted = {frame for frames in stacks.values() for frame in frames}
    absent = sorted(frame for frame in wanted if frame not in written or frame not in content)
    results.check("%s: every function of the threads' stacks is in both" % name,
                  bool(wanted) and not absent, absent[:8])
    told = json.loads(content)
    frames = [[dumpchecks.function(frame.split("+")[0]) for frame in one["frames"]]
              for one in told["stacks"]]
    of_thread = {one["thread"]: one.get("stack") for one in told["threads"]}
    wrong = {thread: (stacks[thread], of_thread.get(thread)) for thread in stacks
             if of_thread.get(thread) is None or frames[of_thread[thread]] != stacks[thread]}
    results.check("%s: each thread that slept has its own stack" % name,
                  len(stacks) > 20 and not wrong, list(wrong.items())[:3])
    counts = collections.Counter(one["stack"] for one in told["threads"] if "stack" in one)
    results.equal("%s: each stack has the number of its threads" % name,
                  {index: one["count"] for index, one in enumerate(told["stacks"])
                   if not one.get("isSampled") and one["count"] != counts[index]}, {})


def _report(results, made):
    """Claims that LiveDump.json and the dump's notes say what the file is."""
    report, file = made.report, Kdump(made.file)
    results.equal("LiveDump.json has the file's size", report["file"]["byteCount"],
                  file.byte_count)
    results.equal("LiveDump.json has the level", (report["level"], report["codeNumber"]),
                  (DEFAULT_LEVEL & ~1, "0x161"))  # Pages of zeros stay, as one shared page.
    kept = sum(count for name, count in report["pages"].items() if name.startswith("kept."))
    results.equal("LiveDump.json counts the kept pages", kept, len(file.frames))
    kinds = [(name, kind) for name, kind, _ in file.notes]
    results.check("the dump has a note for each processor, SNAP, VMCOREINFO and ours",
                  kinds.count(("CORE", 1)) == 2 and ("SNAP", 4) in kinds and
                  ("VMCOREINFO", 0) in kinds and ("DIAGBUNDLE", 0x161) in kinds, kinds)
    ours = [json.loads(content.rstrip(b"\0")) for name, _, content in file.notes
            if name == "DIAGBUNDLE"]
    for name in ("outcome", "windows", "torn", "level", "parameters"):
        results.equal("the dump's own note has what LiveDump.json has: " + name,
                      [one.get(name) for one in ours], [report.get(name)])
    results.check("the note has windows with their ends, and torn pages counted",
                  all(one.get("end") for one in report["windows"]) and
                  report["torn"]["sampled"] > 0, (report["windows"], report["torn"]))
    limits = report.get("limits") or {}
    results.equal("the memory was locked, and the file written past the cache",
                  (limits.get("isMemoryLocked"), limits.get("isDirect")), (True, True))
    registers = report.get("registers") or {}
    results.equal("the registers of both processors were sampled",
                  (registers.get("processors"), registers.get("sampled")), (2, 2))


def _told(lab, made):
    """Claims that `dump info` reads the file."""
    for words in ([], ["--json"]):
        done = subprocess.run([lab.run.binary, "dump", "info", made.file, *words], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120,
                              check=False)
        lab.results.check("dump info %s tells what it is" % " ".join(words),
                          done.returncode == 0 and "LIVE_SYSTEM_DUMP" in done.stdout and
                          lab.run.dump_images.release in done.stdout, done.stdout[-800:])
