"""How fast the program starts, how large it is, and how long its first build takes."""
import os
import shutil
import statistics
import subprocess
import time

import measure

STARTS = 50


def start_seconds(program, *arguments):
    """Wall time from posix_spawn to the end, without Python's own way to start a process."""
    actions = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    begin = time.perf_counter()
    child = os.posix_spawn(str(program), [str(program), *arguments], os.environ,
                           file_actions=actions)
    _, status = os.waitpid(child, 0)
    elapsed = time.perf_counter() - begin
    if status != 0:
        raise measure.Broken(f"{program} {' '.join(arguments)} ended with status {status}")
    return elapsed


def stripped_byte_count(program):
    strip = shutil.which("strip")
    if not strip:
        raise measure.Unmeasured("strip is not installed (Debian: binutils)")
    with measure.TemporaryFolder() as folder:
        copy = folder / "stripped"
        subprocess.run([strip, "-o", str(copy), str(program)], check=True)
        return copy.stat().st_size


def cold_build_seconds():
    """Builds the last commit in a fresh clone, on two processors.

    The packages come from the user's package cache where it has them.
    """
    git = shutil.which("git")
    if not git:
        raise measure.Unmeasured("git is not installed")
    processors = sorted(os.sched_getaffinity(0))[:2]
    with measure.TemporaryFolder() as folder:
        clone = folder / "clone"
        subprocess.run([git, "clone", "--quiet", "--no-hardlinks", str(measure.REPOSITORY),
                        str(clone)], check=True)
        begin = time.perf_counter()
        built = subprocess.run(
            ["bash", "Examples/quickstart.sh", "--build-only"], cwd=clone,
            stdout=subprocess.PIPE, check=False,
            preexec_fn=lambda: os.sched_setaffinity(0, processors))
        elapsed = time.perf_counter() - begin
        if built.returncode != 0:
            raise measure.Broken(f"the build in a fresh clone ended with {built.returncode}")
        return elapsed, len(processors)


def run(options):
    start_seconds(options.binary, "--version")
    values, floor = [], []
    for _ in range(STARTS):
        values.append(start_seconds(options.binary, "--version"))
        floor.append(start_seconds("/bin/true"))
    outcome = measure.Outcome()
    outcome.figures.append(measure.Figure(
        "start: `diagbundle --version`", "under 20 ms", values, measure.milliseconds, 0.020))
    outcome.notes.append(
        f"starting /bin/true in the same way, in turn, takes "
        f"{measure.milliseconds(statistics.median(floor))}; that much of the start is the "
        "kernel's and the measurement's.")
    try:
        outcome.figures.append(measure.Figure(
            "size of the stripped binary", "under 30 MB",
            [stripped_byte_count(options.binary)], measure.megabytes, 30e6))
    except measure.Unmeasured as reason:
        outcome.notes.append(f"Not measured, size of the stripped binary: {reason}.")
    if options.cold_build:
        try:
            elapsed, count = cold_build_seconds()
            outcome.figures.append(measure.Figure(
                f"cold release build in a fresh clone, {count} processors", "under 5 min",
                [elapsed], measure.seconds, 300))
        except (measure.Unmeasured, measure.Broken, subprocess.SubprocessError) as reason:
            outcome.notes.append(f"Not measured, cold release build: {reason}.")
    return outcome
