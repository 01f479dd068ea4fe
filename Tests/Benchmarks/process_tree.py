"""Samples the memory of a process and all that descend from it, without the page cache.

Counted is Pss_Anon + Pss_Shmem + SwapPss of /proc/PID/smaps_rollup (Linux 4.14; the fields 5.4):
each page once, divided among those that share it. Not counted are pages of files, mapped or read,
and what the kernel holds for the process (pipe buffers, page tables).
"""
import ctypes
import os
import subprocess
import time

import measure

INTERVAL_SECONDS = 0.005
PR_SET_CHILD_SUBREAPER = 36


class Sample:
    """The memory of the whole tree at one moment, in bytes."""

    __slots__ = ("time", "own", "total", "parts")

    def __init__(self, moment, own, total, parts):
        self.time = moment
        self.own = own  # without pages of files
        self.total = total  # all of Pss
        self.parts = parts  # (command line, bytes without pages of files)


class ProcessTree:
    """Follows the descendants of one process; orphans among them come to us and stay known."""

    def __init__(self, root):
        self.members = {root: "front"}
        self.strangers = set()

    def refresh(self):
        present = {int(name) for name in os.listdir("/proc") if name.isdigit()}
        self.strangers &= present
        for identifier in [known for known in self.members if known not in present]:
            del self.members[identifier]
        # Parents have mostly lower numbers than their children; a second turn takes the others.
        for _ in range(2):
            for identifier in sorted(present - self.strangers - self.members.keys()):
                parent = parent_of(identifier)
                if parent in self.members or parent == os.getpid():
                    self.members[identifier] = None
        self.strangers |= present - self.members.keys()

    def sample(self):
        moment = time.time()
        self.refresh()
        own = total = 0
        parts = []
        seen = set()
        for identifier in list(self.members):
            span, fields = smaps(identifier)
            if not fields:
                continue
            # Between vfork and exec a child has its parent's memory: the same span and sizes. What is
            # forked has the span too, but shares its pages with more.
            key = (span, fields.get("Rss"), fields["Pss_Anon"])
            if key in seen:
                continue
            seen.add(key)
            bytes_here = fields["Pss_Anon"] + fields["Pss_Shmem"] + fields.get("SwapPss", 0)
            own += bytes_here
            total += fields["Pss"] + fields.get("SwapPss", 0)
            parts.append((identifier, bytes_here))
        return Sample(moment, own, total, [(self.role(pid), count) for pid, count in parts])

    def role(self, identifier):
        """`front`, `orchestrate`, or `worker logs`: the words after the program."""
        if self.members.get(identifier) is None:
            try:
                with open(f"/proc/{identifier}/cmdline", "rb") as file:
                    words = file.read().decode("utf-8", "replace").replace("\0", " ").split()
            except OSError:
                return "ended"
            name = " ".join(words[1:3]) or (words or ["ended"])[0]
            # Not yet past its fork or start; the others become workers.
            if name.startswith("collect"):
                return "starting"
            if name in ("orchestrate", "fork-server", "spare-worker"):
                return name
            self.members[identifier] = name
        return self.members[identifier]


def parent_of(identifier):
    try:
        with open(f"/proc/{identifier}/stat", "rb") as file:
            # The name in parentheses may hold anything; the fields begin after the last one.
            return int(file.read().rpartition(b")")[2].split()[1])
    except (OSError, IndexError, ValueError):
        return None


def smaps(identifier):
    """The span of addresses, and the fields in bytes; nothing for one that has ended."""
    try:
        with open(f"/proc/{identifier}/smaps_rollup", "rb", buffering=0) as file:
            lines = file.read(8192).splitlines()
    except OSError:
        return None, {}
    fields = {}
    for line in lines[1:]:
        words = line.split()
        fields[words[0][:-1].decode("ascii")] = int(words[1]) << 10
    if fields and "Pss_Anon" not in fields:
        raise measure.Unmeasured("this kernel's smaps_rollup has no Pss_Anon (it is of 5.4)")
    return lines[0] if lines else None, fields


def adopt_orphans():
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise measure.Broken(f"prctl: {os.strerror(ctypes.get_errno())}")


def watch(command, folder, patience_seconds):
    """Runs `command`, sampling it all the while; (exit code, standard error, samples)."""
    if not os.path.exists("/proc/self/smaps_rollup"):
        raise measure.Unmeasured("this kernel has no /proc/PID/smaps_rollup")
    adopt_orphans()
    samples = []
    with open(folder / "events.jsonl", "w+b") as events:
        process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=events)
        tree = ProcessTree(process.pid)
        end = time.monotonic() + patience_seconds
        while process.poll() is None:
            begin = time.monotonic()
            if begin > end:
                process.kill()
                raise measure.Broken(f"{command[0]} did not end in {patience_seconds} s")
            samples.append(tree.sample())
            time.sleep(max(0, begin + INTERVAL_SECONDS - time.monotonic()))
        events.seek(0)
        return process.returncode, events.read().decode("utf-8", "replace"), samples
