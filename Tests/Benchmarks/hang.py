"""What one hung FUSE mount adds to the time of `diagbundle collect`.

All runs are in a mount and process namespace of their own, so that nobody else on the machine
meets the hung mount, and so that it stands in the mount table of process 1 there.
"""
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import measure

ASKED_SECONDS = 2.0
END_TO_END = Path(__file__).resolve().parent.parent / "EndToEnd"


def hung_file_system(folder):
    """The file system of the end-to-end tests that answers its mount and then nothing."""
    # Last on the path: that folder has a run.py, too.
    if str(END_TO_END) not in sys.path:
        sys.path.append(str(END_TO_END))
    from hung_file_system import HungFileSystem
    return HungFileSystem(str(folder))


def probe_outcome(collection, target):
    path = collection.folder / "storage" / "mount-health.json"
    for record in json.loads(path.read_bytes())["probes"]:
        if record["target"] == target:
            return record["outcome"]
    raise measure.Broken(f"storage/mount-health.json does not name {target}")


def pair(binary):
    """Seconds of collecting and of the whole run: without the mount, then with it."""
    taken = []
    with measure.TemporaryFolder() as place:
        with measure.TemporaryFolder() as folder:
            collection = measure.collect(binary, folder)
            taken += [collection.collect_seconds, collection.wall_seconds]
        target = place / "hung"
        with hung_file_system(target):
            with measure.TemporaryFolder() as folder:
                collection = measure.collect(binary, folder)
                outcome = probe_outcome(collection, str(target))
                if outcome != "hung":
                    raise measure.Broken(f"the probe of the hung mount ended {outcome}")
                taken += [collection.collect_seconds, collection.wall_seconds]
    return taken


def inside(binary, runs):
    """Runs in the namespace; one JSON document on standard output."""
    try:
        pair(binary)
        document = {"pairs": []}
        for number in range(runs):
            measure.say(f"run {number + 1} of {runs}")
            document["pairs"].append(pair(binary))
    except (measure.Broken, OSError, subprocess.SubprocessError, KeyError) as reason:
        document = {"broken": str(reason)}
    print(json.dumps(document))


def run(options):
    measure.need_root("mounting a FUSE file system")
    if not (END_TO_END / "hung_file_system.py").exists():
        raise measure.Unmeasured("Tests/EndToEnd/hung_file_system.py is not there")
    if not os.path.exists("/dev/fuse"):
        raise measure.Unmeasured("there is no /dev/fuse")
    if not shutil.which("unshare"):
        raise measure.Unmeasured("unshare is not installed (Debian: util-linux)")
    process = subprocess.run(
        ["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child",
         "--mount-proc", sys.executable, __file__, str(options.binary), str(options.runs)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False)
    try:
        document = json.loads(process.stdout)
    except ValueError:
        raise measure.Unmeasured(
            f"a mount and process namespace cannot be had (exit {process.returncode})") from None
    if "broken" in document:
        raise measure.Broken(document["broken"])
    return outcome(document["pairs"])


def outcome(pairs):
    quiet_collect, quiet, hung_collect, hung = zip(*pairs)

    def added(before, after):
        return [late - early for early, late in zip(before, after)]

    return measure.Outcome([
        measure.Figure("collecting, no hung mount", "–", list(quiet_collect), measure.seconds),
        measure.Figure("collecting, one hung FUSE mount", "–", list(hung_collect),
                       measure.seconds),
        measure.Figure("a hung mount adds to collecting", "at most 2 s",
                       added(quiet_collect, hung_collect), measure.seconds, ASKED_SECONDS),
        measure.Figure("a hung mount adds to the whole run", "at most 2 s", added(quiet, hung),
                       measure.seconds, ASKED_SECONDS),
    ], ["the file system takes each request and never answers, so the probe waits in state D and "
        "not even SIGKILL ends it: the worst case"])


if __name__ == "__main__":
    inside(sys.argv[1], int(sys.argv[2]))
