"""Bundles beside xz, pixz, bsdtar and zstd: size, time, memory, and the first byte of a member.

The corpus is that of bundle_corpus.py. The peers compress the tar that the bundle itself holds, so
all of them have the same bytes in the same order; ours reads the files, hashes each of them and the
bundle, and syncs it. All programs have the same two processors, and take turns.

Everything is written to TMPDIR, or to /dev/shm when that is not set and has the room, so that the
disk is not what is measured.
"""
import os
import re
import shutil
import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import List, Optional

import bundle_corpus
import bundle_peers
import bundle_reading
import measure
import process_tree

#: Below this size of the corpus, all else that is made is smaller in the same measure.
FULL_MEGABYTES = 300
PROCESSORS = 2
#: A run of xz at level 6 takes minutes.
SLOW_RUNS = 3
LEVELS = [0, 1, 2, 3, 6]
#: The one that is held against the others.
SLOW_LEVEL = 6
ZSTD_LEVELS = [3, 12]
SIZE_FACTOR = 1.03
ZSTD_FACTOR = 1.05
STORED_SPEED = 500e6
STORED_BYTES = 1e9
READ_BUNDLE_BYTES = 1 << 30
MEMORY_BYTES = 96 << 20
GROWTH_BYTES = [1e7, 3e7, 1e8, 3e8, 1e9]
LARGE_BYTES = 1e10
PATIENCE_SECONDS = 3600
#: Of the largest fixtures this must stay free, for the other programs of the machine.
SPARE_BYTES = 4 << 30


def speed(value):
    return f"{value / 1e6:.0f} MB/s"


def at_least(what, asked, values, text, floor):
    """A figure of which more is better."""
    return measure.Figure(what, asked, values, text, -floor,
                          lambda them: -statistics.median(them))


@dataclass
class Way:
    """One way to compress: its command, which reads the tar and writes to `target`."""

    name: str
    command: Optional[List[str]]
    is_piped: bool = False


class Bench:
    """The programs, the corpus, and what has been measured."""

    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.outcome = measure.Outcome()
        self.program = str(options.binary)
        text = subprocess.run([self.program, "archive", "--help"], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, text=True, check=False).stdout
        if "--level" not in text:
            raise measure.Unmeasured("`archive` of this program has no --level")
        self.scale = min(1, options.megabytes / FULL_MEGABYTES)
        self.runs = options.runs
        self.target = folder / "out"
        self.peers = bundle_peers.Peers(folder)
        self.peers.need("xz")
        self.corpus = bundle_corpus.Corpus(
            options.binary, folder, options.megabytes * 1_000_000, options.dump, options.logs)
        self.outcome.notes += [*self.corpus.describe(), self.peers.versions(), *self.peers.notes]

    # --- running ---------------------------------------------------------------------------------

    def archive(self, folder, target, *arguments):
        return [self.program, "archive", str(folder), "-o", str(target), *map(str, arguments)]

    def ours(self, name, folder, *arguments):
        return Way(name, self.archive(folder, self.target, *arguments))

    def piped(self, line):
        """A peer that reads the tar as its input; without the program there is no command."""
        words = line.split()
        name = " ".join(word for word in words if word not in ("-c", "-q"))
        return Way(f"`{name}`", self.peers.command(*words), True)

    def timed(self, way, source=None):
        """Runs once; wall seconds, and bytes of what it wrote."""
        self.target.unlink(missing_ok=True)
        with tempfile.TemporaryFile(dir=self.folder) as errors:
            output = open(self.target, "wb") if way.is_piped else subprocess.DEVNULL
            feed = open(source, "rb") if way.is_piped else subprocess.DEVNULL
            try:
                begin = time.perf_counter()
                done = subprocess.run(way.command, stdin=feed, stdout=output, stderr=errors,
                                      timeout=PATIENCE_SECONDS, check=False)
                elapsed = time.perf_counter() - begin
            finally:
                for each in (output, feed):
                    if each != subprocess.DEVNULL:
                        each.close()
            if done.returncode != 0:
                errors.seek(0)
                said = errors.read().decode(errors="replace").strip().splitlines()
                raise measure.Broken(
                    f"{way.name} ended with {done.returncode}: {(said or [''])[-1]}")
        size = self.target.stat().st_size
        self.target.unlink()
        return elapsed, size

    def turns(self, ways, source, runs):
        """All ways in turn, every second time backwards; seconds and size of each by name."""
        ways = [way for way in ways if way.command]
        walls, sizes = {way.name: [] for way in ways}, {}
        for turn in range(runs):
            for way in ways if turn % 2 == 0 else reversed(ways):
                measure.say(f"   {turn + 1} of {runs}: {way.name}")
                elapsed, sizes[way.name] = self.timed(way, source)
                walls[way.name].append(elapsed)
        return walls, sizes

    def tar_of(self, folder):
        """The tar that every bundle of a host folder holds, whatever compresses it."""
        tar = Path(f"{folder}.tar")
        run_quietly(self.archive(folder, tar, "--compression", "none"))
        return tar

    def need_room(self, byte_count, what):
        free = shutil.disk_usage(self.folder).free
        if is_in_memory(self.folder):
            free = min(free, available_memory())
        if free < byte_count + SPARE_BYTES:
            raise measure.Unmeasured(
                f"{what} wants {measure.megabytes(byte_count)} and {SPARE_BYTES >> 30} GiB to "
                f"spare; {measure.megabytes(free)} are free")

    # --- the rows --------------------------------------------------------------------------------

    def compare(self, what, folder):
        """Levels of ours and of the others on one host folder."""
        tar = self.tar_of(folder)
        title = f"{what}, {measure.megabytes(tar.stat().st_size)}"
        quick = [self.ours(f"ours, level {level}", folder, "--level", level)
                 for level in LEVELS if level != SLOW_LEVEL]
        quick += [self.ours("ours, default", folder), self.piped("xz -1 -T2 -c")]
        for level in ZSTD_LEVELS:
            quick.append(self.ours(f"ours, zstd {level}", folder, "--compression", "zstd",
                                   "--level", level))
            quick.append(self.piped(f"zstd -{level} -T2 -q -c"))
        bundle = self.folder / "bundle.tar.xz"
        run_quietly(self.archive(folder, bundle, "--level", SLOW_LEVEL))
        block = max(count for _, count in bundle_reading.blocks(self.peers.need("xz"), bundle))
        bundle.unlink()
        alike = self.piped(f"xz -6 -T1 --block-size={block} -c")
        rivals = [
            self.piped("xz -6 -T2 -c"),
            Way("`pixz -6 -p 2`", self.peers.command("pixz", "-6", "-p", "2", tar, self.target)),
            Way("`bsdtar --options xz:threads=2,xz:compression-level=6`", self.peers.command(
                "bsdtar", "-c", "-J", "--options", "xz:threads=2,xz:compression-level=6", "-f",
                self.target, f"@{tar}"))]
        mine = self.ours(f"ours, level {SLOW_LEVEL}", folder, "--level", SLOW_LEVEL)
        self.timed(quick[0])  # A warm-up: programs and files come into the caches.
        walls, sizes = self.turns(quick, tar, self.runs)
        more_walls, more_sizes = self.turns(
            [mine, alike, self.piped("xz -6 -T1 -c"), *rivals], tar, min(self.runs, SLOW_RUNS))
        walls.update(more_walls)
        sizes.update(more_sizes)
        tar.unlink()
        for name, seconds in walls.items():
            self.outcome.figures.append(measure.Figure(
                f"{title}: {name}: {measure.megabytes(sizes[name])}", "–", seconds,
                measure.seconds))
        self.outcome.figures.append(measure.Figure(
            f"{what}: size, level {SLOW_LEVEL}, ÷ {alike.name}", "at most 1.03",
            [sizes[mine.name] / sizes[alike.name]], measure.factor, SIZE_FACTOR))
        for rival in rivals:
            self.ratio(what, walls, mine.name, rival.name, "below 1", 1)
        for level in ZSTD_LEVELS:
            self.ratio(what, walls, f"ours, zstd {level}", f"`zstd -{level} -T2`", "at most 1.05",
                       ZSTD_FACTOR)

    def ratio(self, what, walls, mine, other, asked, limit):
        if other in walls:
            self.outcome.figures.append(measure.Figure(
                f"{what}: time, {mine.removeprefix('ours, ')}, ÷ {other}", asked,
                [one / two for one, two in zip(walls[mine], walls[other])], measure.factor, limit))

    def incompressible(self):
        """How fast goes what does not compress: stored at once, or after a trial."""
        count = int(STORED_BYTES * self.scale)
        self.need_room(4 * count, "data that does not compress")
        cases = {
            "ours, stored as a dump is": (
                self.corpus.packed_dump, bundle_corpus.KDUMP),
            "ours, without the media type of a dump": (self.corpus.packed_dump, None),
            "ours, the dump of the corpus (zstd pages)": (self.corpus.dump, bundle_corpus.KDUMP),
        }
        ways, folders = [], []
        for number, (name, (member, media_type)) in enumerate(cases.items()):
            folder = self.corpus.host_folder(
                self.folder / f"stored-{number}", self.corpus.copies(member, count, media_type))
            folders.append(folder)
            ways.append(Way(name, self.archive(folder, self.target)))
        tar = self.tar_of(folders[0])
        # They get the first of these.
        ways += [self.piped("xz -0 -T2 -c"), self.piped("zstd -1 -T2 -q -c")]
        size = tar.stat().st_size
        self.timed(ways[0])
        walls, sizes = self.turns(ways, tar, min(self.runs, SLOW_RUNS))
        for name, seconds in walls.items():
            what = (f"{measure.megabytes(size)} that do not compress: {name}: "
                    f"{measure.megabytes(sizes[name])}")
            speeds = [size / each for each in seconds]
            self.outcome.figures.append(
                at_least(what, "500 MB/s", speeds, speed, STORED_SPEED) if name in cases
                else measure.Figure(what, "–", speeds, speed))
        tar.unlink()
        for folder in folders:
            shutil.rmtree(folder)
        dump = self.timed(self.piped("xz -6 -T2 -c"), self.corpus.dump.source)[1]
        self.outcome.notes.append(
            f"the dump of the corpus, {measure.megabytes(self.corpus.dump.byte_count)}, is "
            f"{measure.megabytes(dump)} after `xz -6 -T2`")

    def reading(self, ratio):
        """The first byte of members out of a bundle of 1 GiB.

        `ratio` is the size of a bundle by that of its content.
        """
        wanted = READ_BUNDLE_BYTES * self.scale
        count = int(wanted / ratio)
        # The members, their tar, the bundle, and that of pixz.
        self.need_room(count + 2.2 * wanted, "a bundle to read from")
        folder = self.corpus.host_folder(self.folder / "reading", self.corpus.repeated(count))
        tar, bundle = self.tar_of(folder), self.folder / "reading.tar.xz"
        run_quietly(self.archive(folder, bundle))
        shutil.rmtree(folder)
        outcome = bundle_reading.measured(
            self.program, self.peers, bundle, tar, self.folder, self.runs)
        self.outcome.figures += outcome.figures
        self.outcome.notes += outcome.notes
        for path in (tar, bundle):
            path.unlink()

    def memory(self, folder):
        for name, asked, limit, arguments in (
                ("default level", "at most 96 MiB", MEMORY_BYTES, []),
                ("level 6", "–", None, ["--level", "6"]),
                ("zstd 3", "–", None, ["--compression", "zstd", "--level", "3"]),
                ("zstd 12", "–", None, ["--compression", "zstd", "--level", "12"])):
            peaks = [self.peak(self.archive(folder, self.target, *arguments), name)
                     for _ in range(min(self.runs, SLOW_RUNS))]
            self.outcome.figures.append(measure.Figure(
                f"peak memory of `archive`, whole corpus, {name}", asked, peaks,
                measure.mebibytes, limit, max))

    def peak(self, command, name):
        measure.say(f"   memory: {name}")
        code, text, samples = process_tree.watch(command, self.folder, PATIENCE_SECONDS)
        if code != 0 or not samples:
            raise measure.Broken(f"{name} ended with {code}: {text.strip()[-300:]}")
        self.target.unlink()
        return max(sample.own for sample in samples)

    def growth(self):
        """Seconds of `archive` by size; linear when each byte costs the same."""
        for name, arguments in (("default", []), ("zstd", ["--compression", "zstd"]),
                                ("none", ["--compression", "none"])):
            sizes = [size * self.scale for size in GROWTH_BYTES]
            if self.options.large and name != "default":
                sizes.append(LARGE_BYTES * self.scale)
            costs = []
            for size in sizes:
                title = f"`archive`, {name}, {measure.megabytes(size)}"
                try:
                    self.need_room(1.2 * size, title)
                except measure.Unmeasured as reason:
                    self.outcome.notes.append(f"Not measured: {reason}")
                    break
                costs.append(self.grown(title, size, arguments, size == sizes[-1]) / size)
            self.outcome.notes.append(
                f"how the time grows, {name}: seconds for each GB "
                + ", ".join(f"{cost * 1e9:.2f} at {measure.megabytes(size)}"
                            for cost, size in zip(costs, sizes)))

    def grown(self, title, size, arguments, is_last):
        """Median seconds for one size; of the last one the peak of memory is taken, too."""
        # Without what was collected: its files are many, and a manifest has a limit.
        parts = [name for name in self.corpus.parts if name != "collected"]
        folder = self.corpus.host_folder(
            self.folder / "growth", self.corpus.repeated(int(size), parts))
        way = self.ours(title, folder, *arguments)
        walls, written = self.turns([way], None, min(self.runs, SLOW_RUNS))
        self.outcome.figures.append(measure.Figure(
            f"{title}: {measure.megabytes(written[title])}", "–", walls[title], measure.seconds))
        if is_last:
            self.outcome.figures.append(measure.Figure(
                f"{title}: peak memory", "at most 96 MiB", [self.peak(way.command, title)],
                measure.mebibytes, MEMORY_BYTES, max))
        shutil.rmtree(folder)
        return statistics.median(walls[title])


def run_quietly(command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, timeout=PATIENCE_SECONDS, check=False)
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip()[-300:]
        raise measure.Broken(f"{' '.join(command[:2])} ended with {done.returncode}: {said}")


def is_in_memory(folder):
    kind = subprocess.run(["stat", "-f", "-c", "%T", str(folder)], stdout=subprocess.PIPE,
                          text=True, check=False).stdout
    return kind.strip() == "tmpfs"


def available_memory():
    text = Path("/proc/meminfo").read_text(encoding="ascii")
    return int(re.search(r"^MemAvailable: +(\d+)", text, re.M)[1]) << 10


def place():
    """Where all is written: TMPDIR, or memory where it has the room; the default of all else."""
    memory = "/dev/shm"
    if os.environ.get("TMPDIR") or not os.path.isdir(memory) or not is_in_memory(memory):
        return None
    return memory if shutil.disk_usage(memory).free > 2 * SPARE_BYTES else None


def run(options):
    processors = os.sched_getaffinity(0)
    with measure.TemporaryFolder(place()) as folder:
        try:
            # What is started has them, too.
            os.sched_setaffinity(0, sorted(processors)[:PROCESSORS])
            return measured(options, folder, min(PROCESSORS, len(processors)))
        finally:
            os.sched_setaffinity(0, processors)


def measured(options, folder, count):
    bench = Bench(options, folder)
    where = "in memory (tmpfs)" if is_in_memory(folder) else "on a disk, which is measured too"
    bench.outcome.notes.insert(
        0, f"{count} processors for every program; all files {where}; the slow rows have at most "
        f"{SLOW_RUNS} runs")
    corpus = bench.corpus
    whole = corpus.host_folder(folder / "whole", corpus.whole, with_reports=True)
    compressible = corpus.host_folder(folder / "compressible", corpus.compressible,
                                      with_reports=True)
    bundle = folder / "sample.tar.xz"
    run_quietly(bench.archive(whole, bundle))
    ratio = bundle.stat().st_size / bundle_corpus.total(corpus.whole)
    bundle.unlink()
    parts = {
        "whole": lambda: bench.compare("whole corpus", whole),
        "compressible": lambda: bench.compare("compressible part", compressible),
        "incompressible": bench.incompressible,
        "reading": lambda: bench.reading(ratio),
        "memory": lambda: bench.memory(whole),
        "growth": bench.growth,
    }
    for name in options.parts or parts:
        measure.say(f"-- {name}")
        known = len(bench.outcome.figures)
        try:
            parts[name]()
        except (measure.Unmeasured, measure.Broken, OSError, subprocess.SubprocessError) as reason:
            # What took hours is not lost by what comes after it.
            bench.outcome.notes.append(f"Not measured, {name}: {' '.join(str(reason).split())}")
        for figure in bench.outcome.figures[known:]:
            measure.say(figure.row())
    return bench.outcome
