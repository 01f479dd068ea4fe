"""What can go wrong while a kernel is dumped, and machines of other sizes; for `--all`."""

import json
import os
import re
import time

import dumpchecks
from dumpguest import DumpGuest
from dumprun import (COMPLETE, FORBIDDEN, PARTIAL, PLACE, REFUSED, GuestTruth, dump, fetched)
from errors import Infrastructure
from kdump import ELF_SIGNATURE, SIGNATURE, Kdump

INPUT_OUTPUT = 74

# A dump of all memory that something happens to when so many KiB of it are written.
DISTURBED = """mkdir -p {place}
diagbundle dump full --level 0 --output {place} --no-throttle --progress none {options} \
    >/run/{name}.out 2>/run/{name}.err &
pid=$!
tries=0
until [ "$(du -sk {place} | cut -f1)" -gt {kib} ]; do
    tries=$((tries + 1))
    if [ $tries -gt 1000 ] || ! kill -0 $pid; then
        echo "it was never so far"
        kill $pid
        break
    fi
    sleep 0.1
done
{happens}
wait $pid
echo "status $?"
cat /run/{name}.out /run/{name}.err >&2
"""
DISTURBED_KIB = 16 << 10  # The tables of a guest of 1 GiB are smaller, and its image compressed.
PLAIN_KIB = 96 << 10  # Its image and what else comes first, not compressed.
EARLY_KIB = 64  # Some of the tables.
# What crash 8.0.6 says of a file in which processor 0 runs its idle task, on a kernel without
# CONFIG_X86_MCE as that of the cloud: it looks through the exception stacks, of which that for
# machine checks has no size by its reckoning (x86_64_ist_init), and ends. Of a complete dump that
# moment is read again, while all processors copy.
IDLE = 'invalid size request: 0  type: "stack contents"'
TRIES = 3
FILL = "fallocate -l $(df -B1 --output=avail /srv/dump | tail -1) /srv/dump/filler"

# Processes that want more memory than their group may have wait for it, which is what pressure
# is: the rest of the guest goes on.
HOG = ("systemd-run -q --unit=hog -p MemoryAccounting=yes -p MemoryHigh=16M"
       " sh -c 'while :; do head -c 100000000 /dev/zero | tail >/dev/null; done'")
NO_HOG = "systemctl stop hog; systemctl reset-failed hog; true"
PRESSED = ("tries=0; until awk '/^some/ { split($2, a, \"=\"); exit a[2] < 25 }'"
           " /proc/pressure/memory; do tries=$((tries + 1)); [ $tries -lt 120 ] || exit 1;"
           " sleep 1; done")
CALM = ("tries=0; until awk '/^some/ { split($2, a, \"=\"); exit a[2] > 2 }'"
        " /proc/pressure/memory; do tries=$((tries + 1)); [ $tries -lt 120 ] || exit 1;"
        " sleep 1; done")


class Disturbed:
    """How a dump ended that something happened to."""

    def __init__(self, guest, name, happens, options="", seconds=900, kib=DISTURBED_KIB):
        outcome = guest.machine.run(DISTURBED.format(
            place=PLACE + name, name=name, kib=kib, happens=happens, options=options),
            seconds)
        self.said = outcome.output + outcome.errors
        status = re.search(r"^status (\d+)$", outcome.output, re.M)
        self.was_reached = status is not None and "never so far" not in outcome.output
        self.status = int(status[1]) if status else None
        self.strange = []  # Dumps that it left and that do not begin as one.
        self._guest, self._name = guest, name

    def fetch(self):
        """The file that it left, whatever its name, opened; None when there is none."""
        made = fetched(self._guest, self._name)
        dumps = [os.path.join(made.folder, name) for name in sorted(os.listdir(made.folder))
                 if name.endswith((".kdump", ".elf"))]
        for path in dumps:
            with open(path, "rb") as file:
                if file.read(8).startswith((SIGNATURE, ELF_SIGNATURE)):
                    return path
        self.strange = [path for path in dumps if os.path.getsize(path)]
        return None


def in_one_guest(lab, guest):
    """What needs no other machine: one after the other, each undone."""
    _core(lab, guest)
    _core_ends(lab, guest)
    _killed_early(lab, guest)
    _killed_beside_another(lab, guest)
    _full_disk(lab, guest)
    _pressure(lab, guest)
    machine = guest.machine
    machine.need("echo 0 > /sys/devices/system/cpu/cpu1/online")
    lab.paused(guest, "one processor offline")
    machine.need("echo 1 > /sys/devices/system/cpu/cpu1/online")
    machine.need("echo 48 > /proc/sys/vm/nr_hugepages && [ $(cat /proc/sys/vm/nr_hugepages) -gt 8 ]"
                 " && fallocate -l 8M /dev/hugepages/lab", 120)
    made = lab.paused(guest, "hugepages", crash=False)
    if made:  # They are a tenth of all pages, and are left out as makedumpfile does.
        dumpchecks.by_level(lab.run, lab.results, 27, made, made.oracle, guest.folder, "hugepages")
    machine.need("rm /dev/hugepages/lab; echo 0 > /proc/sys/vm/nr_hugepages")
    _ballooned(lab, guest)


def in_other_guests(lab):
    """Machines of other sizes, and one that is locked down."""
    _locked_down(lab)
    for name, memory, processors in (("one processor", "1G", 1), ("eight processors", "1G", 8),
                                     ("512 MiB", "512M", 2), ("8 GiB", "8G", 2)):
        guest = DumpGuest(lab.run, name.replace(" ", "-"), memory, processors)
        lab.run.say("%s: guest ready after %.1f s" % (name, guest.start(lab.run.binary)))
        try:
            if memory == "512M" and _short_of_memory(lab, guest):
                continue
            made = lab.paused(guest, name, is_busy=processors > os.cpu_count())
            if made:
                os.unlink(made.oracle)
        finally:
            guest.stop()


def _core(lab, guest):
    """The dump as an ELF core, with all that is claimed of one in the other format. A sparse file
    takes many extents, so the lists of slabs change while it is written, and may be torn."""
    made = lab.paused(guest, "elf", options="--format elf",
                      percent=dumpchecks.LESS_EQUAL_PERCENT)
    if made:
        dumpchecks.by_level(lab.run, lab.results, 27, made, made.oracle, guest.folder, "elf")
        os.unlink(made.oracle)


def _core_ends(lab, guest):
    """SIGKILL and a full disk leave an ELF core that opens, too."""
    for name, happens, statuses in (
            ("ELF killed", "pkill -KILL -x diagbundle", (137,)),
            ("ELF full disk", FILL, (PARTIAL, INPUT_OUTPUT))):
        for attempt in range(TRIES):
            made = Disturbed(guest, name.replace(" ", "-") + str(attempt), happens,
                             "--format elf", kib=PLAIN_KIB)
            guest.machine.need("rm -f /srv/dump/filler")
            lab.results.check("%s: a dump of all memory runs for a while, and ends so" % name,
                              made.was_reached and made.status in statuses, made.said[-800:])
            path = made.fetch()
            if not lab.results.check("%s: it leaves a dump" % name, path is not None):
                break
            lab.results.equal("%s: dump info says that it is incomplete" % name,
                              lab.info(path).get("completeness"), "partial")
            if _reads(lab, name, path, may_be_idle=attempt + 1 < TRIES):
                break
            lab.run.say("%s: processor 0 was idle in the file; once more" % name)


def _killed_early(lab, guest):
    """SIGKILL while the tables are written: there is no file yet, or one that opens."""
    made = Disturbed(guest, "early", "pkill -KILL -x diagbundle", kib=EARLY_KIB)
    lab.results.check("killed early: SIGKILL ended it", made.was_reached and made.status == 137,
                      made.said[-800:])
    path = made.fetch()
    lab.run.say("killed early: %s" % (path and "%d bytes" % os.path.getsize(path)))
    lab.results.equal("killed early: no file has bytes and no header", made.strange, [])
    if path:
        lab.results.equal("killed early: dump info reads it",
                          lab.info(path).get("completeness"), "partial")
    again = dump(guest, "after-early", options="--level 31")
    lab.results.check("killed early: the next dump is made", again.status == COMPLETE, again.why())


def _opens(lab, name, path):
    """Claims that an incomplete file opens, and says that it is incomplete."""
    if not lab.results.check("%s: it leaves a dump" % name, path is not None):
        return
    file = Kdump(path)
    lab.run.say("%s: %d of %d pages have no data" % (name, file.unread(), len(file.frames)))
    lab.results.check("%s: the dump says that it is incomplete" % name, not file.is_complete,
                      file.status)
    lab.results.check("%s: the pages that were written are in it" % name,
                      0 < file.unread() < len(file.frames),
                      "%d of %d have no data" % (file.unread(), len(file.frames)))
    _reads(lab, name, path)


def _reads(lab, name, path, may_be_idle=False):
    """Claims that drgn and crash open an incomplete file; with `may_be_idle` tells whether crash
    could be asked: see IDLE."""
    release = lab.run.dump_images.release
    try:
        walk = json.loads(lab.readers.drgn("drgn_walk.py", path, lab.symbols, "stacks"))
        lab.results.equal("%s: drgn opens it and reads the kernel's release" % name,
                          walk["release"].get("value", walk["release"]), release)
    except Infrastructure as error:
        lab.results.check("%s: drgn opens it and reads the kernel's release" % name, False, error)
    # As `dump info` says for a dump that lacks pages.
    status, said, answers = lab.readers.crash(
        path, lab.symbols, ["sys"], os.path.join(os.path.dirname(path), "crash"),
        options=["--zero_excluded"])
    if may_be_idle and status != 0 and IDLE in said:
        return False
    lab.results.check("%s: crash opens it" % name, status == 0 and release in answers["sys"],
                      "status %s: %s" % (status, said[-500:]))
    return True


def _killed_beside_another(lab, guest):
    """A second dump is refused; SIGKILL leaves a file that opens, and no lock."""
    made = Disturbed(guest, "killed", "diagbundle dump full --output /srv/dump/second"
                     " --no-throttle --progress none\necho second $?\npkill -KILL -x diagbundle")
    if not lab.results.check("killed: a dump of all memory runs for a while", made.was_reached,
                             made.said[-800:]):
        return
    second = re.search(r"^second (\d+)$", made.said, re.M)
    lab.results.equal("a second dump at once is refused", second and int(second[1]), REFUSED)
    lab.results.equal("killed: SIGKILL ended it", made.status, 137)
    _opens(lab, "killed", made.fetch())
    again = dump(guest, "after", options="--level 31")
    lab.results.check("killed: the next dump is made", again.status == COMPLETE, again.why())


def _full_disk(lab, guest):
    """The disk fills up while the dump is written."""
    made = Disturbed(guest, "full", FILL + "\ndf -k /srv/dump >&2", "--compress none",
                     kib=PLAIN_KIB)
    guest.machine.need("rm -f /srv/dump/filler")
    if not lab.results.check("full disk: a dump of all memory runs for a while",
                             made.was_reached, made.said[-800:]):
        return
    lab.results.check("full disk: it ends as partial, or as an error of output, and says why",
                      made.status in (PARTIAL, INPUT_OUTPUT) and
                      "No space left on device" in made.said, made.said[-800:])
    lab.run.say("full disk: " + made.said[-700:].strip())
    _opens(lab, "full disk", made.fetch())


def _pressure(lab, guest):
    """Memory is short before the dump begins, and while it runs."""
    machine = guest.machine
    machine.need(HOG)
    machine.need(PRESSED, 180)
    refused = dump(guest, "pressed")
    lab.results.check("memory is short before: the dump is refused",
                      refused.status == REFUSED and refused.file is None, refused.why())
    ignoring = dump(guest, "ignoring", options="--on-pressure ignore --level 31")
    lab.results.check("memory is short before, --on-pressure ignore: it ends as complete",
                      ignoring.status == COMPLETE, ignoring.why())
    for policy, statuses in (("abort", (REFUSED,)), ("partial", (PARTIAL,))):
        machine.need(NO_HOG)
        machine.need(CALM, 180)
        made = Disturbed(guest, policy, HOG, "--on-pressure " + policy)
        name = "memory becomes short, --on-pressure " + policy
        lab.results.check("%s: it ends so" % name,
                          made.was_reached and made.status in statuses, made.said[-800:])
        path = made.fetch()
        if policy == "partial":
            _opens(lab, name, path)
        else:
            lab.results.check("%s: it leaves no file" % name, path is None, path)
            lab.results.equal("%s: nor one with bytes and no header" % name, made.strange, [])
    machine.need(NO_HOG)
    machine.need(CALM, 180)


def _ballooned(lab, guest):
    """The hypervisor has taken a part of the memory back."""
    machine = guest.machine
    machine.monitor("balloon", value=768 << 20)
    end = time.monotonic() + 60
    while machine.monitor("query-balloon")["actual"] > 800 << 20:
        if time.monotonic() > end:
            raise Infrastructure("the guest does not give memory back")
        time.sleep(0.5)
    made = lab.paused(guest, "ballooned", crash=False)
    if made:
        pages = made.report.get("pages", {})
        lab.results.check("ballooned: the pages given back are told as offline",
                          pages.get("offline", 0) > 50000, pages)
    machine.monitor("balloon", value=1 << 30)


def _locked_down(lab):
    """Lockdown forbids to read the kernel's memory: the stacks in text stay."""
    guest = DumpGuest(lab.run, "lockdown", words="lockdown=confidentiality")
    guest.start(lab.run.binary)
    try:
        refused = dump(guest, "refused")
        lab.results.check("lockdown: the dump is not permitted, and it says why",
                          refused.status == FORBIDDEN and refused.file is None and
                          "lockdown" in refused.errors + refused.output, refused.why())
        before = GuestTruth(guest, "before")
        outcome = collect(guest, "lockdown", "--include-live-dump --dump-no-throttle")
        lab.results.equal("lockdown: collect goes on and ends as partial", outcome.status, PARTIAL)
        names = outcome.names
        lab.results.check("lockdown: collect says what stands in the way",
                          "lockdown" in outcome.manifest, outcome.why())
        stacks = [name for name in names if name.endswith("LiveDump-stacks.txt")]
        if lab.results.check("lockdown: the stacks in text are there", len(stacks) == 1, names):
            written = (guest.machine.get(stacks[0]) or b"").decode(errors="replace")
            _, steady = dumpchecks.steady(before, GuestTruth(guest, "after"))
            absent = sorted({frame for frames in steady.values() for frame in frames
                             if frame not in written})
            lab.results.check("lockdown: every function of the threads' stacks is in them",
                              bool(steady) and not absent, absent[:8])
    finally:
        guest.stop()


def _short_of_memory(lab, guest):
    """Whether a small machine's dump is refused for want of memory, which is right, too; then it
    is made with --on-pressure ignore."""
    first = dump(guest, "first")
    if first.status == COMPLETE:
        return False
    lab.results.check("512 MiB: it ends as complete, or is refused for want of memory",
                      first.status == REFUSED and "memory" in first.errors + first.output,
                      first.why())
    lab.paused(guest, "512 MiB", options="--on-pressure ignore")
    return True


class Collected:
    """One `diagbundle collect` in the guest, with the names of what it left there."""

    def __init__(self, outcome, names, manifest):
        self.status, self.names, self.manifest = outcome.status, names, manifest
        self.errors = outcome.errors
        self._outcome = outcome

    def why(self):
        """What is told of it when something is wrong."""
        return "status %s\n%s%s\n%s" % (self.status, self._outcome.output[-1500:],
                                       self._outcome.errors[-1500:], self.names)


def collect(guest, name, options, seconds=400, progress="none"):
    """Runs the collector of the live dump alone; `progress` is how it shows that."""
    place = PLACE + "logs-" + name
    machine = guest.machine
    outcome = machine.run("diagbundle collect --only livedump --output %s --progress %s %s" % (
        place, progress, options), seconds)
    names = machine.run("find %s -type f" % place).output.split()
    manifests = [one for one in names if one.endswith("/manifest.json")]
    manifest = (machine.get(manifests[0]) or b"").decode() if manifests else ""
    return Collected(outcome, names, manifest)
