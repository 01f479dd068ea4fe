"""Dumps in the guest: run there, with what the guest itself says before and after, and taken to
this machine beside QEMU's own dump of the guest that was paused in that moment."""

import json
import os
import re
import tarfile

from errors import Infrastructure
from host import GUEST
from kdump import make_readable
from lastbyte import ElfHead, KdumpHead, LastByte

DUMP_SECONDS = 300
IDLE_SECONDS = 4  # What ran before has its pages freed and its writes done by then.
PLACE = "/srv/dump/"
TABLES_MIB = 8  # The headers, bitmaps and page descriptors of a dump of 1 GiB, and the zero page.
COMPLETE, PARTIAL, REFUSED, FORBIDDEN = 0, 3, 75, 77


class Dump:
    """One folder that the program made: the dump, its report, the stacks beside it."""

    def __init__(self, folder, status, seconds, output, errors):
        self.folder, self.status, self.seconds = folder, status, seconds
        self.output, self.errors = output, errors
        self.earlier = self.oracle = None  # QEMU's dumps of the guest, before and after.
        self.alone = None
        self.report = {}
        path = self.path("LiveDump.json")
        if path:
            with open(path, encoding="utf-8") as text:
                written = text.read()
            # On a full disk the file is there, and empty.
            self.report = json.loads(written) if written else {}

    def path(self, name):
        """Where a file of the dump is, or None."""
        path = os.path.join(self.folder, name)
        return path if os.path.isfile(path) else None

    @classmethod
    def of_file(cls, path):
        """A dump file alone, made on this machine."""
        made = cls(os.path.dirname(path), COMPLETE, None, "", "")
        made.alone = path
        return made

    @property
    def file(self):
        """Where the dump itself is, or None."""
        if self.alone:
            return self.alone
        return self.path("LiveDump.kdump") or self.path("LiveDump.elf")

    def why(self):
        """What is told of it when something is wrong."""
        obstacle = self.report.get("obstacle")
        return "status %s, %s %s\n%s%s" % (
            self.status, sorted(os.listdir(self.folder)), json.dumps(obstacle) if obstacle else "",
            self.output[-1500:], self.errors[-1500:])


class GuestTruth:
    """What the guest says of itself at one time."""

    def __init__(self, guest, name):
        folder = os.path.join(guest.folder, name)
        machine = guest.machine
        with open(os.path.join(GUEST, "dump-truth.sh"), "rb") as script:
            machine.put(script.read(), "/run/truth.sh")
        machine.need("rm -rf /run/truth && bash /run/truth.sh /run/truth &&"
                     " tar -cf /run/truth.tar -C /run/truth . && rm -r /run/truth", 120)
        os.makedirs(folder)
        path = folder + ".tar"
        machine.get("/run/truth.tar", path)
        machine.need("rm /run/truth.tar")
        with tarfile.open(path) as tar:
            tar.extractall(folder, filter="data")
        os.unlink(path)
        self._folder = folder
        self.tasks = {}
        for line in self.text("ps").splitlines():
            _, thread, state, name = line.split(None, 3)
            self.tasks[int(thread)] = (name, state[0])
        self.stacks = {}
        for thread in os.listdir(os.path.join(folder, "stacks")):
            frames = re.findall(r"\] ([^+\s]+)\+", self.text("stacks/" + thread))
            self.stacks[int(thread)] = [function(name) for name in frames]
        # How often each thread was taken off a processor: one that has not run since has the same.
        self.switches = {}
        for thread, count in re.findall(r"/task/(\d+)/status:\w+:\s*(\d+)", self.text("switches")):
            self.switches[int(thread)] = self.switches.get(int(thread), 0) + int(count)
        self.memory = {words[0].rstrip(":"): int(words[1]) for words in (
            line.split() for line in self.text("meminfo").splitlines())}

    def text(self, name):
        """What one of the files says."""
        return self.bytes(name).decode(errors="replace")

    def bytes(self, name):
        """The content of one of the files."""
        with open(os.path.join(self._folder, name), "rb") as file:
            return file.read()

    def has_offline_processors(self):
        """Whether it has processors that do not run."""
        return self.text("cpu-online") != self.text("cpu-present")

    def processor_count(self):
        """How many processors run."""
        ends = [part.split("-") for part in self.text("cpu-online").strip().split(",")]
        return sum(int(one[-1]) - int(one[0]) + 1 for one in ends)

    def constant(self):
        """The addresses of the kernel's code and of its data that is only read."""
        return {name: (int(start, 16), int(end, 16) + 1) for start, end, name in re.findall(
            r"([0-9a-f]+)-([0-9a-f]+) : (Kernel code|Kernel rodata)", self.text("iomem"))}


def function(name):
    """A function's name without what the compiler adds to that of a copy."""
    return re.sub(r"\.(constprop|isra|part|cold)(\.\d+)*", "", name)


def command(name, kind, options=""):
    """The command that makes a dump into a folder of the guest."""
    return ("mkdir -p %s && exec diagbundle dump %s --output %s --no-throttle --progress none %s"
            % (PLACE + name, kind, PLACE + name, options))


def dump(guest, name, kind="full", options="", seconds=DUMP_SECONDS, tables_only=False):
    """Makes a dump in the guest and takes it here; of the file only the tables, when that is
    enough."""
    outcome = guest.machine.run(command(name, kind, options), seconds)
    return fetched(guest, name, outcome.status, outcome.seconds, outcome.output, outcome.errors,
                   tables_only)


def dump_and_pause(guest, name, kind="full", options="", seconds=DUMP_SECONDS,
                   tables_only=False, with_earlier=False):
    """Makes a dump; in the moment in which its last byte is on the disk the guest is paused and
    QEMU writes the guest's memory. With `with_earlier` QEMU does so before the dump begins, too."""
    machine = guest.machine
    earlier, oracle = (os.path.join(guest.folder, name + ending) for ending in (
        "-earlier.elf", ".elf"))
    machine.need("sync; sleep %d" % IDLE_SECONDS)
    if with_earlier:
        machine.dump_guest_memory(earlier)
        make_readable(earlier)
    head = ElfHead if "--format elf" in options else KdumpHead
    machine.run_and_pause(command(name, kind, options), seconds, LastByte(guest.data, head))
    machine.dump_guest_memory(oracle)
    make_readable(oracle)
    status, took = machine.resume()
    output, errors = machine.marked_output()
    made = fetched(guest, name, status, took, output, errors, tables_only)
    made.oracle = oracle
    made.earlier = earlier if with_earlier else None
    return made


def fetched(guest, name, status=None, seconds=None, output="", errors="", tables_only=False):
    """Takes what stands in a folder of the guest's dump disk, whatever it is, and removes it."""
    if tables_only:
        guest.machine.need(
            "find %s -type f -name '*.kdump' -size +%dM -exec truncate -s %dM {} +" % (
                PLACE + name, TABLES_MIB, TABLES_MIB), 120)
    folder = os.path.join(guest.folder, "dumps", name)
    os.makedirs(folder)
    archive = PLACE + name + ".tar"
    guest.machine.need("sync && tar -S -cf %s -C %s ." % (archive, PLACE + name), 200)
    path = folder + ".tar"
    if guest.machine.get(archive, path) is None:
        raise Infrastructure("the guest does not hand over %s" % archive)
    guest.machine.need("rm -rf %s %s" % (archive, PLACE + name), 60)
    with tarfile.open(path) as tar:
        for member in tar:
            if member.isfile():  # Whatever folder the program has put it into.
                member.name = os.path.basename(member.name)
                tar.extract(member, folder, filter="data")
    os.unlink(path)
    return Dump(folder, status, seconds, output, errors)
