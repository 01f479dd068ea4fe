"""What must hold of a dump: the claims, each with what was seen instead."""

import json
import os
import re

import numpy

import oracle
from dumprun import function
from host import run as host
from kdump import PAGE, ElfMemory, Kdump, opened

# Where the stack of a thread begins.
ENTRIES = {"ret_from_fork", "ret_from_fork_asm", "entry_SYSCALL_64", "do_syscall_64",
           "entry_SYSCALL_64_after_hwframe", "asm_exc_page_fault",
           "asm_sysvec_apic_timer_interrupt"}
SLEEPING = "SDI"
# The program's own threads sleep a tenth of a second at a time while they copy and tell how far
# they are: their stacks are as smeared as those of threads that run.
OWN = {"diagbundle", "dump-copy", "dump-watch"}
EQUAL_PERCENT = 98
# A guest with more processors than this machine is never idle: what one of its processors holds
# up for a moment the others wait for. An ELF file, three times as large, is longer in the making,
# and the guest goes on all the while.
LESS_EQUAL_PERCENT = 97
# Of all memory: the processes that make the dump have some 25 MB, which the guest has before and
# after.
FREE_TOLERANCE = 0.04
THREAD_BYTES = 4 << 20  # What each thread more than two takes.
LEVEL_TOLERANCE = 0.02  # Of all pages.
# What else ran of the guest's processes, from QEMU's dump before to that after: what only wakes up
# and sleeps again takes some hundredths of a second, even emulated.
WORK_SECONDS = 0.25


def steady(before, after):
    """The threads that the guest lists before and after a dump, and the stacks of those that
    slept all the while."""
    threads = {thread for thread, (name, _) in before.tasks.items()
               if thread in after.tasks and after.tasks[thread][0] == name}
    stacks = {thread: before.stacks[thread] for thread in threads
              if before.tasks[thread][1] in SLEEPING and after.tasks[thread][1] in SLEEPING
              and before.switches.get(thread) == after.switches.get(thread)
              and before.stacks.get(thread) and
              before.stacks[thread] == after.stacks.get(thread)}
    return threads, stacks


def is_whole(frames):
    """Whether a stack reaches the place where it began."""
    known = [frame for frame in frames if frame and not frame.startswith("0x")]
    return bool(known) and function(known[-1]) in ENTRIES


def walked(readers, path, symbols, small=False):
    """What drgn finds in a dump. A small dump has tasks and stacks, and no more is asked of it."""
    return json.loads(readers.drgn("drgn_walk.py", path, symbols, *(["stacks"] if small else [])))


def ran(before, after):
    """The threads that ran between the two."""
    return {thread for thread, count in after.switches.items()
            if before.switches.get(thread) != count}


def _cut(walk, passed):
    """The sleeping tasks that drgn walked, without those of `passed`, and those of them whose
    stack it does not unwind to its entry."""
    sleeping = [task for task in walk["tasks"].get("value", [])
                if task["state"] in SLEEPING and not task["onProcessor"]
                and task["comm"] not in OWN and task["tid"] not in passed]
    return sleeping, [(task["tid"], task["comm"], task.get("error") or task["frames"][-2:])
                      for task in sleeping if not is_whole(task.get("frames", []))]


def torn(walk, passed=()):
    """What in a dump was torn by what the guest did meanwhile; nothing of most dumps. The stacks
    of `passed` do not count."""
    slabs = walk.get("slabs", {})
    return (_cut(walk, passed)[1] + slabs.get("value", {}).get("faults", []) +
            [part["error"] for part in walk.values() if isinstance(part, dict) and
             "error" in part])


def by_drgn(results, name, walk, before, after, small=False, passed=()):
    """Claims of drgn; none of the stacks of the threads `passed`."""
    threads, stacks = steady(before, after)
    if not results.check("%s: drgn walks the tasks" % name, "value" in walk["tasks"],
                         walk["tasks"].get("error")):
        return walk
    tasks = {task["tid"]: task for task in walk["tasks"]["value"]}
    absent = [(thread, before.tasks[thread][0]) for thread in sorted(threads)
              if thread not in tasks]
    results.check("%s: drgn finds every task of the guest's ps" % name, not absent,
                  "%d of %d are absent: %s" % (len(absent), len(threads), absent[:8]))
    sleeping, cut = _cut(walk, passed)
    results.check("%s: drgn unwinds every sleeping task%s to its entry" % (
                      name, " that did not run meanwhile" if passed else ""),
                  bool(sleeping) and not cut,
                  "%d of %d are not: %s" % (len(cut), len(sleeping), cut[:6]))
    if passed:
        sleeping, cut = _cut(walk, ())
        results.check("%s: drgn unwinds nine of ten sleeping tasks to their entry" % name,
                      len(cut) * 10 <= len(sleeping),
                      "%d of %d are not: %s" % (len(cut), len(sleeping), cut[:6]))
    # drgn names no function of a module whose symbols it has not, so addresses are left out.
    other = []
    for thread, expected in stacks.items():
        seen = [function(frame) for frame in tasks.get(thread, {}).get("frames", [])
                if frame and not frame.startswith("0x")]
        if thread in tasks and not _within(_entry(expected), _entry(seen)):
            other.append((thread, seen, expected))
    results.check("%s: drgn's frames hold those of /proc/PID/stack" % name,
                  bool(stacks) and not other,
                  "%d of %d differ: %s" % (len(other), len(stacks), other[:2]))
    if small:
        return walk
    slabs = walk["slabs"].get("value", {"names": [], "faults": [walk["slabs"].get("error")]})
    results.check("%s: drgn walks all slab caches to their ends" % name,
                  len(slabs["names"]) > 50 and not slabs["faults"],
                  "%d caches, %s" % (len(slabs["names"]), slabs["faults"][:4]))
    mounts = {line.split()[4] for line in before.text("mountinfo").splitlines()}
    seen = {place for place, _ in walk["mounts"].get("value", [])}
    results.check("%s: drgn walks the mounts" % name, mounts <= seen,
                  walk["mounts"].get("error") or sorted(mounts - seen))
    _log(results, "%s: drgn's kernel log is the guest's" % name,
         walk["log"].get("value", []), before, walk["log"].get("error", ""))
    results.equal("%s: drgn lists the modules" % name, sorted(walk["modules"].get("value", [])),
                  _modules(before))
    return walk


def by_crash(results, name, readers, path, symbols, walk, before, after, small=False):
    """Claims of crash; `walk` is drgn's answer, for the addresses of the scheduler.

    While a processor is offline, crash asks the kernel's own notes of a crash which processors
    the dump's notes belong to (diskdump.c, map_cpus_to_prstatus_kdump_cmprs), and complains that
    they are empty: there was no crash. It does so for every live dump of such a host."""
    commands = ["sys", "foreach bt"] + ([] if small else ["log -t", "mod", "kmem -i", "ps"])
    status, said, answers = readers.crash(
        path, symbols, commands, os.path.join(os.path.dirname(path), "crash"))
    if not results.check("%s: crash opens it" % name,
                         status == 0 and "KERNEL:" in answers["sys"],
                         "status %s: %s" % (status, said[-600:])):
        return
    results.check("%s: crash's sys shows [LIVE DUMP]" % name, "[LIVE DUMP]" in answers["sys"],
                  answers["sys"][:400])
    if before.has_offline_processors():
        said = re.sub(r"WARNING: cpu \d+: invalid NT_PRSTATUS note .*", "", said)
    results.check("%s: crash complains of nothing" % name,
                  not re.search("WARNING|seek error|read error|cannot", said), said[-800:])
    _backtraces(results, name, answers["foreach bt"], walk["scheduler"], before, after)
    if small:
        return
    _log(results, "%s: crash's log is the guest's kernel log" % name,
         answers["log -t"].splitlines(), before)
    results.equal("%s: crash's mod lists the modules" % name,
                  sorted(re.findall(r"^[0-9a-f]{16} +(\S+)", answers["mod"], re.M)),
                  _modules(before))
    free = re.search(r"FREE +(\d+)", answers["kmem -i"])
    low, high = sorted(truth.memory["MemFree"] // 4 for truth in (before, after))
    more = max(0, before.processor_count() - 2) * THREAD_BYTES // 4096
    slack = before.memory["MemTotal"] // 4 * FREE_TOLERANCE + more
    results.check("%s: crash's kmem -i says as much free memory as the guest" % name,
                  bool(free) and low - slack <= int(free[1]) <= high + slack,
                  "%s pages, the guest has %d to %d" % (free and free[1], low, high))
    listed = set(map(int, re.findall(r"^>? +(\d+) ", answers["ps"], re.M)))
    absent = sorted(steady(before, after)[0] - listed)
    results.check("%s: crash's ps lists every task of the guest's ps" % name, not absent, absent)


def by_storing(results, name, file, flag):
    """Claims that the pages of a kdump-compressed file are stored in one way: `flag` is that of
    the compression, or 0. A page that does not shrink, and the shared one of zeros, are plain."""
    seen = set(file.descriptors["flags"].tolist())
    results.check("%s: its pages are stored as it was asked for" % name,
                  flag in seen and seen <= {0, flag}, sorted(seen))


def by_progress(results, name, said):
    """Claims that `--progress json` shows the copying of the dump at its third level: below the run
    and the operation the file, by bytes, with rate and time left."""
    files = []
    for line in said.splitlines():
        try:
            operation = json.loads(line).get("operation") or {}
        except (ValueError, AttributeError):
            continue
        file = operation.get("file") or {}
        # It is read once more, from 0 on, and copied into the bundle, which is another operation.
        if (operation.get("name") == "livedump" and operation.get("activity") != "hashing"
                and file.get("path") == "LiveDump.kdump"):
            files.append(file)
    counts = [one.get("byteCount", 0) for one in files]
    results.check("%s: the bytes of LiveDump.kdump grow" % name,
                  len(set(counts)) > 3 and counts == sorted(counts), (counts, files[-1:]))
    results.check("%s: with all there will be, rate and time left" % name, any(
        one.get("totalByteCount") and one.get("bytesPerSecond") and
        one.get("remainingSeconds") is not None for one in files), files[-3:])


def _backtraces(results, name, text, scheduler, before, after):
    """Claims that `bt` and /proc/PID/stack agree. The latter leaves the scheduler's frames out."""
    _, stacks = steady(before, after)
    seen = {}
    for part in re.split(r"^(?=PID: )", text, flags=re.M):
        thread = re.match(r"PID: (\d+)", part)
        if thread:
            seen[int(thread[1])] = [
                function(frame) for frame, address in re.findall(
                    r"^ *#\d+ \[[0-9a-f]+\] (\S+) at ([0-9a-f]+)", part, re.M)
                if not scheduler[0] <= int(address, 16) < scheduler[1]]
    other = [(thread, before.tasks[thread][0], seen.get(thread), expected)
             for thread, expected in sorted(stacks.items())
             if _entry(seen.get(thread, [])) != _entry(expected)]
    results.check("%s: crash's bt has the frames of /proc/PID/stack" % name,
                  bool(stacks) and not other,
                  "%d of %d differ: %s" % (len(other), len(stacks), other[:3]))


def _entry(frames):
    """Frames with one name for the system call's entry, which tools name by different symbols."""
    return ["entry_SYSCALL_64" if frame.startswith("entry_SYSCALL_64") else frame
            for frame in frames]


def _within(some, all_of_them):
    """Whether `some` stand in a list in their order, others between them."""
    rest = iter(all_of_them)
    return all(one in rest for one in some)


def _modules(truth):
    return sorted(line.split()[0] for line in truth.text("modules").splitlines())


def _log(results, claim, lines, truth, error=""):
    """Claims that a log holds every line that the guest's dmesg printed before the dump."""
    plain = {re.sub(r"^\[ *[\d.]+\](\[ *[TC]\d+\])? ?", "", line).strip() for line in lines}
    wanted = [line.strip() for line in truth.text("dmesg").splitlines() if line.strip()]
    absent = [line for line in wanted if line not in plain]
    results.check(claim, bool(wanted) and not absent,
                  error or "%d of %d lines are absent: %s" % (
                      len(absent), len(wanted), absent[:3]))


def use_of_pages(path, readers, symbols):
    """By drgn: what the kernel used page frames for in a dump that QEMU made; see drgn_pages.py."""
    out = path + ".npz"
    readers.drgn("drgn_pages.py", path, symbols, out)
    with numpy.load(out) as arrays:
        return dict(arrays)


class Beside:
    """A dump beside QEMU's of the guest that was paused when it had ended."""

    def __init__(self, made, before, readers, symbols):
        self.used = use_of_pages(made.oracle, readers, symbols)
        self.dump = opened(made.file, oracle.words_of(before.bytes("kpageflags"), self.used))
        self.found = oracle.Comparison(self.dump, ElfMemory(made.oracle),
                                       list(before.constant().values()))


def at_work(guest, made, readers, symbols):
    """The guest's processes that ran from QEMU's dump before to that after, as (seconds, name),
    the longest first: without the laboratory's agent and what it started, which is the program."""
    agent = int(guest.machine.need("systemctl show -p MainPID --value port-agent"))
    before, after = ({tuple(one[0:4:2]): one for one in json.loads(
        readers.drgn("drgn_times.py", path, symbols))} for path in (made.earlier, made.oracle))
    parents = {number: parent for number, parent, _, _, _ in after.values()}
    ran = []
    for key, (number, _, _, name, end) in after.items():
        while number not in (agent, 0) and number in parents:
            number = parents[number]
        if number != agent:
            begin = before[key][4] if key in before else 0
            ran.append(((end - begin) / 1e9, name))
    return sorted((one for one in ran if one[0] > 0), reverse=True)


def by_oracle(run, results, name, made, before, beside, tries):
    """Claims that the dump holds what the paused guest's memory holds; the share of equal pages is
    that of all its `tries`."""
    dump, found = beside.dump, beside.found
    constant = before.constant()
    run.say("%s: %s; level %d, %.1f MB, %s s" % (
        name, found.tally(), dump.level, dump.byte_count / 1e6, round(made.seconds, 1)))
    results.check("%s: every kept page exists in the paused guest" % name,
                  found.kept > 1000 and not found.missing, found.missing[:8])
    results.equal("%s: every kept page has its data" % name, found.unread, 0)
    results.check("%s: at least %d %% of the pages are equal %s" % (
        name, tries.percent, tries.told()), tries.share >= tries.percent, found.tally())
    # A jump label that was switched meanwhile is five bytes of code.
    large = [one for one in found.constant if one[1] > 64]
    results.check("%s: no page of the kernel's code or constants differs, but for jump labels"
                  % name, bool(constant) and not large, large[:8])
    protected = {kind: beside.used[kind] for kind in ("slab", "pageTable", "stack")}
    protected["code"] = numpy.array([frame for start, end in constant.values()
                                     for frame in range(start // PAGE, end // PAGE)], int)
    faults = oracle.excluded(dump, protected, before.bytes("kpageflags"),
                             [ElfMemory(path) for path in (made.oracle, made.earlier)])
    for kind, (count, frames) in sorted(faults.items()):
        results.check("%s: no %s page is left out" % (name, kind), count > 0 and not frames,
                      "%d of %d: %s" % (len(frames), count, frames[:8]))


def by_level(run, results, level, made, oracle_path, folder, title=None):
    """Claims that a level leaves out what makedumpfile leaves out of the paused guest.

    A page of zeros stays in our file as the shared page at every level, or is a hole of an ELF
    core; it counts as left out where the level says so, on both sides."""
    title = title or "level %d" % level
    theirs_path = os.path.join(folder, "makedumpfile-%d" % level)
    host("makedumpfile", "-c", "-d", str(level), oracle_path, theirs_path, timeout=300)
    ours, theirs = opened(made.file), Kdump(theirs_path)
    size = min(len(ours.present), len(theirs.present))
    both = ours.present[:size] & theirs.present[:size]
    mine, other = (one.left_out(zeros=bool(level & 1))[:size] & both for one in (ours, theirs))
    all_pages = int(both.sum())
    only_mine, only_theirs = int((mine & ~other).sum()), int((other & ~mine).sum())
    run.say("%s: %d pages left out, makedumpfile %d of %d; only ours %d, only theirs %d" % (
        title, mine.sum(), other.sum(), all_pages, only_mine, only_theirs))
    results.check("%s: the number of pages left out is makedumpfile's within 2 %%" % title,
                  abs(int(mine.sum()) - int(other.sum())) <= LEVEL_TOLERANCE * all_pages,
                  "%d and %d of %d" % (mine.sum(), other.sum(), all_pages))
    results.check("%s: page by page it is the same within 2 %%" % title,
                  only_mine + only_theirs <= LEVEL_TOLERANCE * all_pages,
                  "%d only ours, %d only makedumpfile's, of %d" % (
                      only_mine, only_theirs, all_pages))
    os.unlink(theirs_path)
