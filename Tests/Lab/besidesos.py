"""What `sos report` gathers in the guest, and this program's bundle beside it.

sos is that of sid, near to the one that Tests/Comparison/reasons.json was made against: it is all
Python and runs on the guest's own. What it needs is of the guest's release; yaml is there.
"""

import fcntl
import hashlib
import os
import shutil
import sys
from pathlib import Path

import declared
import guestrun
import packages
from host import HERE, run as host_run

sys.path.insert(0, os.path.join(HERE, "..", "Comparison"))
import compare_with_sos  # noqa: E402  Found where the line above says.

SUITE = "sid"
PACKAGES = ["sos"]
NEEDED = ["python3-packaging", "python3-pexpect", "python3-ptyprocess"]

# An emulated processor is slow; sos itself gives each of its plugins up after some minutes.
SOS_SECONDS = 3600
# Less would be a report that was broken off: a plain host has many times as much.
LEAST = 100


def fetched(run):
    """An archive of sos and what it needs, to be unpacked over the guest's root; made once."""
    own = ["%s=%s" % (name, packages.candidate(name)) for name in NEEDED]
    digest = hashlib.sha256(" ".join([SUITE, *PACKAGES, *own]).encode()).hexdigest()[:16]
    folder = os.path.join(run.cache, digest)
    if run.rebuild:
        shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder, exist_ok=True)
    os.utime(folder)
    path = os.path.join(folder, "sos.tar")
    with open(path + ".lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(path):
            print("making sos.tar", flush=True)
            tree = path + ".tree"
            shutil.rmtree(tree, ignore_errors=True)
            try:
                os.makedirs(tree)
                packages.unpack_of(SUITE, PACKAGES, tree)
                for name in NEEDED:
                    packages.unpack(name, packages.candidate(name), tree)
                host_run("tar", "-C", tree, "--owner=0", "--group=0", "-cf", path + ".part",
                         *sorted(os.listdir(tree)))
                os.rename(path + ".part", path)
            finally:
                shutil.rmtree(tree, ignore_errors=True)
    return path


def check(run, machine, results, archive):
    """Claims that each fact of sos is in the bundle, or has a reason why it is not."""
    shutil.copy(archive, os.path.join(machine.share, "sos.tar"))
    machine.need("tar -C / --no-overwrite-dir --keep-directory-symlink -xf /lab/sos.tar", 120)
    declared.patient(machine)
    # sos puts its working directory first on Python's path. gzip, for xz takes minutes here.
    outcome = machine.run("mkdir /var/tmp/lab-sos && cd / && sos report --batch"
                          " --compression-type gzip --tmp-dir /var/tmp/lab-sos </dev/null &&"
                          " cp /var/tmp/lab-sos/*.tar.gz /lab/sosreport.tar.gz", SOS_SECONDS)
    run.say("sos took %.0f s" % outcome.seconds)
    if not results.check("sos: it ends in order", outcome.status == 0,
                         "status %d\n%s%s" % (outcome.status, outcome.output[-2000:],
                                              outcome.errors[-2000:])):
        return
    machine.run("rm -r /var/tmp/lab-sos", 60)
    made = guestrun.collect(machine, "beside-sos", seconds=1800,
                            options="--deadline 20m --profile full --collectors /run/library")
    run.say("collected in %s s" % made.seconds)
    if not results.check("sos: collect ends in order, with a host folder",
                         made.folder is not None and made.outcome.status in (
                             guestrun.COMPLETE, guestrun.PARTIAL),
                         made.outcome.output[-800:] + made.outcome.errors[-800:]):
        return
    unpacked = Path(machine.folder, "sos")
    unpacked.mkdir()
    theirs = compare_with_sos.read_sos(compare_with_sos.unpack(
        Path(machine.share, "sosreport.tar.gz"), unpacked))
    ours = compare_with_sos.read_ours(Path(made.folder.path))
    counts = len(theirs.all_files()), len(theirs.all_commands())
    results.check("sos: its report has %d kinds of files, %d commands" % counts,
                  min(counts) > LEAST)
    reasons = compare_with_sos.Reasons(compare_with_sos.HERE / "reasons.json", ours)
    gaps = compare_with_sos.compare(theirs, ours, reasons, verbose=False)
    results.check("sos: each of its facts is in the bundle or has a reason in reasons.json",
                  gaps == 0, "%d have none; they are listed above" % gaps)
