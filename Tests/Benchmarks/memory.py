"""The most memory that the whole process tree has, while collecting and while sealing."""
import datetime
import statistics

import large_logs
import measure
import process_tree

ASKED_BYTES = 96 << 20
LOG_BYTES = [16 << 20, 256 << 20, 1 << 30]


def moment(text):
    parsed = datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ")
    return parsed.replace(tzinfo=datetime.timezone.utc).timestamp()


class Run:
    """The samples of one `collect`, split at the moment when sealing started."""

    def __init__(self, binary, *options):
        with measure.TemporaryFolder() as folder:
            code, text, samples = process_tree.watch(
                measure.collect_command(binary, *options), folder,
                measure.COLLECT_PATIENCE_SECONDS)
            self.collection = measure.Collection(0, code, text)
        border = moment(self.collection.started("seal"))
        phases = {
            "collecting": [sample for sample in samples if sample.time < border],
            "sealing": [sample for sample in samples if sample.time >= border],
        }
        for name, taken in phases.items():
            if not taken:
                raise measure.Broken(f"no sample was taken while {name}")
        self.peak = {name: max(taken, key=lambda sample: sample.own)
                     for name, taken in phases.items()}
        self.total = {name: max(sample.total for sample in taken)
                      for name, taken in phases.items()}
        self.count = {name: len(taken) for name, taken in phases.items()}
        self.gaps = [after.time - before.time for before, after in zip(samples, samples[1:])]

    def parts(self, phase):
        """What the peak is made of, the largest first; equal roles together."""
        sums = {}
        for role, count in self.peak[phase].parts:
            sums[role] = sums.get(role, 0) + count
        return ", ".join(f"{role} {measure.mebibytes(count)}"
                         for role, count in sorted(sums.items(), key=lambda item: -item[1]))


def variant(outcome, options, name, *arguments):
    runs = []
    for number in range(-1, options.runs):
        measure.say(f"{name}: " + ("warm-up" if number < 0 else f"run {number + 1}"))
        run = Run(options.binary, *arguments)
        if number >= 0:
            runs.append(run)
    for phase in ("collecting", "sealing"):
        outcome.figures.append(measure.Figure(
            f"peak memory, {phase}, {name}", "at most 96 MiB",
            [run.peak[phase].own for run in runs], measure.mebibytes, ASKED_BYTES, max))
        highest = max(runs, key=lambda run: run.peak[phase].own)
        total = statistics.median(run.total[phase] for run in runs)
        outcome.notes.append(
            f"{phase}, {name}: with the pages of files {measure.mebibytes(total)} (Pss, median); "
            f"at the highest peak: {highest.parts(phase)}; "
            f"{min(run.count[phase] for run in runs)} samples or more in each run")
    gaps = [gap for run in runs for gap in run.gaps]
    last = runs[-1].collection.result
    outcome.notes.append(
        f"{name}: {last['artifactByteCount']:,} bytes collected; a sample every "
        f"{measure.milliseconds(statistics.median(gaps))} (median), the longest gap "
        f"{measure.milliseconds(max(gaps))}; what is held for less than a gap may go unseen")


def run(options):
    outcome = measure.Outcome()
    variant(outcome, options, "this host")
    for byte_count in LOG_BYTES:
        with measure.TemporaryFolder() as folder:
            root = folder / "root"
            measure.say(f"making {byte_count:,} bytes of logs")
            content = large_logs.make(root, byte_count)
            name = f"logs of {byte_count >> 20} MiB"
            variant(outcome, options, name, "--root", root)
            outcome.notes.append(f"{name}: {content}")
    return outcome
