"""How the storage collector grows with the number of block devices."""
import json
import statistics
import subprocess
import sys
from pathlib import Path

import measure

SCRIPT = Path(__file__).resolve().parent / "make_block_devices.py"
# Block devices and how many of them are SCSI disks; the others are device-mapper volumes.
COUNTS = {1_100: 100, 11_000: 1_000}


def node_count(collection):
    topology = json.loads((collection.folder / "storage" / "topology.json").read_bytes())
    return len(topology.get("nodes", []))


def reports(options, count):
    """The storage worker's report of each run, the seconds of collecting, and a description."""
    with measure.TemporaryFolder() as folder:
        root = folder / "root"
        measure.say(f"making {count:,} block devices")
        subprocess.run([sys.executable, str(SCRIPT), str(root), str(count), str(COUNTS[count])],
                       check=True)
        found, collecting, nodes = [], [], 0
        for number in range(-1, options.runs):
            measure.say("warm-up" if number < 0 else f"run {number + 1} of {options.runs}")
            with measure.TemporaryFolder() as output:
                collection = measure.collect(
                    options.binary, output, "--only", "storage", "--root", root)
                report = collection.report("storage")
                if report["outcome"] != "complete":
                    raise measure.Broken(
                        f"with {count:,} block devices the storage collector ended "
                        f"{report['outcome']} after {report['seconds']:.1f} s: "
                        f"{report.get('reason', 'no reason given')}")
                nodes = node_count(collection)
            if number >= 0:
                found.append(report)
                collecting.append(collection.collect_seconds)
        if nodes < count:
            raise measure.Broken(f"of {count:,} block devices the topology has {nodes:,} nodes")
        note = (f"{count:,} block devices: {nodes:,} nodes of the topology, "
                f"{found[-1]['byteCount']:,} bytes of artifacts; collecting, probes of the mounts "
                f"included, {measure.seconds(statistics.median(collecting))} (median)")
        return found, note


def run(options):
    if not SCRIPT.exists():
        raise measure.Unmeasured(f"{SCRIPT.name} is not there")
    outcome = measure.Outcome()
    taken = {}
    for count in COUNTS:
        found, note = reports(options, count)
        outcome.notes.append(note)
        peaks = [report.get("peakResidentByteCount") for report in found]
        taken[count] = [report["seconds"] for report in found], peaks
        largest = count == max(COUNTS)
        outcome.figures.append(measure.Figure(
            f"storage worker, {count:,} block devices", "at most 10 s" if largest else "–",
            taken[count][0], measure.seconds, 10 if largest else None))
        if None in peaks:
            outcome.notes.append(f"Not measured, peak with {count:,}: the report has none.")
            continue
        outcome.figures.append(measure.Figure(
            f"storage worker, {count:,} block devices, peak resident",
            "at most 200 MB" if largest else "–", peaks, measure.megabytes,
            200e6 if largest else None, max))
    few, many = (taken[count] for count in sorted(COUNTS))
    outcome.figures.append(measure.Figure(
        "growth of the time, ten times the devices", "–",
        [after / before for before, after in zip(few[0], many[0])], measure.times))
    if None not in few[1] + many[1]:
        outcome.figures.append(measure.Figure(
            "growth of the peak, ten times the devices", "–",
            [after / before for before, after in zip(few[1], many[1])], measure.times))
    return outcome
