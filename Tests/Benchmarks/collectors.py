"""What declared collectors cost: over their commands, to be listed, and all of them beside sos.

Where files have just been deleted by the thousand, as sos does at its end, ext4 makes new ones slowly
for some minutes (it avoids their inodes: recently_deleted in fs/ext4/ialloc.c, Linux 6.18), which
strikes whoever comes next. With TMPDIR on a tmpfs neither side pays for it; and some runs of `collect`
are made before the first of sos.
"""
import json
import os
import shutil
import statistics
import subprocess
import time

import measure
import sos

#: Commands of the collector whose cost is taken; each does nothing.
COMMAND_COUNT = 20
LISTS = 10

HEAD = """schema: diagbundle.collector/1
name: {name}
subject: what it costs
description: For the benchmark.
profiles: [full]
items:
"""


def declaration(name, count):
    """A collector with `count` commands that do nothing but print a word."""
    return HEAD.format(name=name) + "".join(
        f"  - command: [echo, word]\n    to: said-{number}.txt\n" for number in range(count))


class Cost:
    """One run of a declared collector: its seconds, and those of its commands."""

    def __init__(self, options, count):
        with measure.TemporaryFolder() as folder:
            own = folder / "collectors.d"
            own.mkdir()
            (own / "cost.yaml").write_text(declaration("cost", count), encoding="utf-8")
            run = folder / "run"
            run.mkdir()
            collection = measure.collect(
                options.binary, run, "--only", "cost", "--collectors", own)
            text = (collection.folder / "cost" / "commands.json").read_text(encoding="utf-8")
        commands = json.loads(text)["commands"]
        if len(commands) != count or any(each.get("exitCode") != 0 for each in commands):
            raise measure.Broken(f"not all of {count} commands were run")
        self.seconds = collection.report("cost")["seconds"]
        self.command_seconds = sum(each["seconds"] for each in commands)

    @property
    def over(self):
        return self.seconds - self.command_seconds


def seconds_of(options, *arguments):
    begin = time.perf_counter()
    subprocess.run([str(options.binary), *arguments], stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begin


def run(options):
    """Each run takes every figure once, in turn, so that a busy moment strikes all of them."""
    program = shutil.which("sos") if os.geteuid() == 0 else None
    costs, singles, lists, plans, defaults, fulls, reports = [], [], [], [], [], [], []
    rested = rested_runs(options)
    for number in range(-1, options.runs):
        measure.say("warm-up" if number < 0 else f"run {number + 1} of {options.runs}")
        cost, single = Cost(options, COMMAND_COUNT), Cost(options, 1)
        listed = statistics.median(
            seconds_of(options, "collectors", "list") for _ in range(LISTS))
        planned = statistics.median(
            seconds_of(options, "plan", "--profile", "full", "--json") for _ in range(LISTS))
        with measure.TemporaryFolder() as folder:
            default = measure.collect(options.binary, folder)
        with measure.TemporaryFolder() as folder:
            full = measure.collect(options.binary, folder, "--profile", "full")
        report = None
        if program:
            with measure.TemporaryFolder() as folder:
                report = sos.SosReport(program, folder)
        if number < 0:
            continue
        costs.append(cost)
        singles.append(single)
        lists.append(listed)
        plans.append(planned)
        defaults.append(default)
        fulls.append(full)
        if report:
            reports.append(report)
    return outcome(costs, singles, lists, plans, rested, defaults, fulls, reports)


def rested_runs(options):
    """Runs of `collect` before sos has deleted anything, after one that warms up."""
    runs = []
    for number in range(-1, options.runs):
        measure.say("before sos")
        with measure.TemporaryFolder() as folder:
            collection = measure.collect(options.binary, folder)
        if number >= 0:
            runs.append(collection)
    return runs


def outcome(costs, singles, lists, plans, rested, defaults, fulls, reports):
    figures = [
        measure.Figure("a declared collector over its one command, with the start of its process",
                       "under 5 ms", [cost.over for cost in singles], measure.milliseconds, 0.005),
        measure.Figure(f"each further command of {COMMAND_COUNT}, over the command itself", "–",
                       [(cost.over - single.over) / (COMMAND_COUNT - 1)
                        for cost, single in zip(costs, singles)], measure.milliseconds),
        measure.Figure(f"a declared collector over its {COMMAND_COUNT} commands", "under 5 ms",
                       [cost.over for cost in costs], measure.milliseconds, 0.005),
        measure.Figure("`collectors list`", "–", lists, measure.milliseconds),
        measure.Figure("`plan` of everything (`--profile full --json`)", "under 300 ms", plans,
                       measure.milliseconds, 0.3),
        measure.Figure("`collect` before the first sos, collecting", "–",
                       [each.collect_seconds for each in rested], measure.seconds),
        measure.Figure("`collect`, collecting", "–",
                       [each.collect_seconds for each in defaults], measure.seconds),
        measure.Figure("`collect --profile full`, collecting", "–",
                       [each.collect_seconds for each in fulls], measure.seconds),
    ]
    notes = [f"`collect --profile full`: {len(fulls[-1].manifest['artifacts'])} artifacts, the "
             f"default {len(defaults[-1].manifest['artifacts'])} (last run)"]
    if not reports:
        notes.append("Not measured beside sos: it is not installed (Debian: sosreport), or this "
                     "is not root")
        return measure.Outcome(figures, notes)
    whole = [report.wall_seconds for report in reports]
    figures.append(measure.Figure(
        f"`sos report --batch` (sos {reports[-1].version})", "–", whole, measure.seconds))
    for text, runs in (("`collect` before the first sos", rested), ("`collect`", defaults),
                       ("`collect --profile full`", fulls)):
        ratios = [each.collect_seconds / seconds for each, seconds in zip(runs, whole)]
        figures.append(measure.Figure(
            f"{text}, collecting ÷ sos", "at most 0.100", ratios, measure.factor, 0.1))
    return measure.Outcome(figures, notes)
