"""What all benchmarks share: a figure, its row in the table, and one timed `diagbundle collect`."""
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, List, Optional

REPOSITORY = Path(__file__).resolve().parent.parent.parent
COLLECT_PATIENCE_SECONDS = 1200


class Unmeasured(Exception):
    """A figure cannot be taken here: a tool, a right or a file is not there."""


class Broken(Exception):
    """A benchmark ran and did not do what it measures."""


@dataclass
class Figure:
    """One row: what was measured, what was asked for, and the value of every run."""

    what: str
    asked: str
    values: List[float]
    text: Callable[[float], str]
    limit: Optional[float] = None
    #: Which value is held against the limit: the median, or the highest of all runs.
    judged_by: Callable[[List[float]], float] = statistics.median

    def row(self):
        median = statistics.median(self.values)
        spread = f"{self.text(min(self.values))} – {self.text(max(self.values))}"
        met = "–" if self.limit is None else yes_or_no(self.judged_by(self.values) <= self.limit)
        return row(self.what, self.asked, self.text(median), spread, str(len(self.values)), met)


@dataclass
class Outcome:
    """What a benchmark gives: figures for the table, and lines that explain them."""

    figures: List[Figure] = field(default_factory=list)
    notes: List[str] = field(default_factory=list)


def yes_or_no(value):
    return "yes" if value else "NO"


def row(*cells):
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


HEADER = "\n".join(
    [row("what", "asked for", "median", "min – max", "runs", "met"), "|" + " --- |" * 6])


def seconds(value):
    return f"{value:.2f} s" if abs(value) < 100 else f"{value:.0f} s"


def milliseconds(value):
    return f"{value * 1000:.1f} ms"


def mebibytes(value):
    return f"{value / (1 << 20):.1f} MiB"


def megabytes(value):
    return f"{value / 1e6:.1f} MB"


def factor(value):
    return f"{value:.3f}"


def times(value):
    return f"{value:.1f}×"


def say(text):
    print(text, file=sys.stderr, flush=True)


def need_root(what):
    if os.geteuid() != 0:
        raise Unmeasured(f"{what} needs root")


class TemporaryFolder:
    """A folder of its own for one run, in `parent`; without one `TMPDIR` says where."""

    def __init__(self, parent=None):
        self.parent = parent

    def __enter__(self):
        self.path = Path(tempfile.mkdtemp(prefix="diagbundle-benchmark-", dir=self.parent))
        return self.path

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)


class Collection:
    """A finished `diagbundle collect`: its wall time, its events, its result, its manifest."""

    def __init__(self, wall_seconds, exit_code, error_text):
        self.wall_seconds = wall_seconds
        self.exit_code = exit_code
        self.events = []
        for line in error_text.splitlines():
            try:
                event = json.loads(line)
            except ValueError:
                continue
            if isinstance(event, dict) and "kind" in event:
                self.events.append(event)
        results = [event.get("result") for event in self.events if event["kind"] == "runEnded"]
        self.result = results[-1] if results else None
        # 3 is a whole bundle with something missing: the usual end on a real host.
        if exit_code not in (0, 3) or not self.result or not self.result.get("bundlePath"):
            said = error_text.strip()[-400:] or "it said nothing"
            raise Broken(f"collect ended with {exit_code}: {said}")
        folder = Path(self.result["folderPath"])
        self.folder = folder
        self.bundle = Path(self.result["bundlePath"])
        self.manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))

    @property
    def collect_seconds(self):
        return self.result["collectSeconds"]

    @property
    def seal_seconds(self):
        return self.result["sealSeconds"]

    def report(self, collector):
        for report in self.manifest["reports"]:
            if report["collector"] == collector:
                return report
        raise Broken(f"the manifest has no report of {collector}")

    def started(self, operation):
        """The time (ISO 8601) when an operation started."""
        for event in self.events:
            if event["kind"] == "operationStarted" and event["operation"]["name"] == operation:
                return event["time"]
        raise Broken(f"no event says when {operation} started")


def collect_command(binary, *options):
    return [str(binary), "collect", "--progress", "json", *map(str, options)]


def collect(binary, folder, *options):
    """Runs the default `collect` in `folder`, which must be empty, with these options added."""
    with open(folder / "events.jsonl", "w+b") as events:
        start = time.perf_counter()
        process = subprocess.run(
            collect_command(binary, *options), cwd=folder, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=events, timeout=COLLECT_PATIENCE_SECONDS,
            check=False)
        wall_seconds = time.perf_counter() - start
        events.seek(0)
        text = events.read().decode("utf-8", "replace")
    return Collection(wall_seconds, process.returncode, text)
