"""`diagbundle dump convert` against makedumpfile on one ELF vmcore: filter, compress, write.

DIAGBUNDLE_VMCORE names the ELF core file of a kernel, for example made by QEMU's
dump-guest-memory; makedumpfile must be installed. Level and compression are the same for both:
31 and zlib; zstd, the default of ours, stands beside them. The programs take turns, so that a
busy moment of the machine does not fall on one alone.
"""
import os
import select
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import measure

LEVEL = "31"


def candidates(program, makedumpfile, threads):
    """Name and command of each way, without input and output; the first is the base."""
    ours = [str(program), "dump", "convert", "--level", LEVEL]
    peer = [makedumpfile, "-f", "-c", "-d", LEVEL, "--message-level", "1"]
    ways = [("makedumpfile -c", peer),
            ("ours, zlib, 1 thread", [*ours, "--compress", "zlib", "--threads", "1"]),
            ("ours, zstd, 1 thread", [*ours, "--compress", "zstd", "--threads", "1"])]
    if threads > 1:
        count = str(threads)
        ways += [(f"makedumpfile -c, {count} threads", [*peer, "--num-threads", count]),
                 (f"ours, zlib, {count} threads",
                  [*ours, "--compress", "zlib", "--threads", count]),
                 (f"ours, zstd, {count} threads",
                  [*ours, "--compress", "zstd", "--threads", count])]
    return ways


def high_water(identifier):
    """The most bytes of memory that a process has had; 0 when it has gone."""
    try:
        with open(f"/proc/{identifier}/status", encoding="ascii", errors="replace") as file:
            for line in file:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def timed(command, source, target):
    """Runs once: wall time, peak of resident memory, bytes of the file.

    The peak is not that of getrusage(2), which counts what the process had before it began the
    program: the memory of this script.
    """
    target.unlink(missing_ok=True)
    with tempfile.TemporaryFile() as errors:
        begin = time.perf_counter()
        child = subprocess.Popen([*command, str(source), str(target)], stdin=subprocess.DEVNULL,
                                 stdout=subprocess.DEVNULL, stderr=errors)
        peak, ended = 0, os.pidfd_open(child.pid)
        while not select.select([ended], [], [], 0.02)[0]:
            peak = max(peak, high_water(child.pid))
        elapsed = time.perf_counter() - begin
        os.close(ended)
        if child.wait() != 0:
            errors.seek(0)
            said = errors.read().decode(errors="replace").strip().splitlines()
            raise measure.Broken(
                f"{' '.join(command)} ended with {child.returncode}: {(said or [''])[-1]}")
    size = target.stat().st_size
    target.unlink()
    return elapsed, peak, size


def run(options):
    named = os.environ.get("DIAGBUNDLE_VMCORE")
    if not named or not Path(named).is_file():
        raise measure.Unmeasured("DIAGBUNDLE_VMCORE does not name an ELF vmcore")
    makedumpfile = shutil.which("makedumpfile")
    if not makedumpfile:
        raise measure.Unmeasured("makedumpfile is not installed")
    ways = candidates(options.binary, makedumpfile, min(2, len(os.sched_getaffinity(0))))
    walls = {name: [] for name, _ in ways}
    peaks, sizes = {}, {}
    runs = max(3, options.runs)
    with measure.TemporaryFolder() as folder:
        for turn in range(runs + 1):
            for name, command in ways:
                measure.say(f"   {name}")
                elapsed, peak, size = timed(command, named, folder / "out")
                if turn == 0:
                    continue  # The first turn brings the vmcore into the page cache.
                walls[name].append(elapsed)
                peaks.setdefault(name, []).append(peak)
                sizes[name] = size
    outcome = measure.Outcome()
    for name, _ in ways:
        outcome.figures.append(measure.Figure(
            f"dump convert, level {LEVEL}: {name}", "–", walls[name], measure.seconds))
    for name, _ in ways:
        outcome.figures.append(measure.Figure(
            f"peak memory: {name}", "–", peaks[name], measure.mebibytes))
    base = statistics.median(walls["makedumpfile -c"])
    for name, _ in ways:
        ratio = base / statistics.median(walls[name])
        outcome.notes.append(
            f"{name}: {ratio:.2f} times as fast as makedumpfile -c, "
            + measure.megabytes(sizes[name]))
    return outcome
