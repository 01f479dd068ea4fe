"""How many bytes of a worker the orchestrator takes each second.

The measuring is done by the target `framing-benchmark` of Tests/Benchmarks/Framing.
"""
import re
import shutil
import subprocess

import measure

SCRATCH = ".build/framing"
BUILD = ["swift", "build", "-c", "release", "--static-swift-stdlib", "--scratch-path", SCRATCH,
         "--product", "framing-benchmark"]
LINE = re.compile(
    r"framing: ([0-9.]+) GB/s; with hashing and writing: ([0-9.]+) GB/s")


def call(command):
    return subprocess.run(command, cwd=measure.REPOSITORY, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)


def speeds():
    process = call([str(measure.REPOSITORY / SCRATCH / "release" / "framing-benchmark")])
    found = LINE.search(process.stdout)
    if process.returncode != 0 or not found:
        said = (process.stderr or process.stdout).strip()[-300:]
        raise measure.Broken(f"framing-benchmark ended with {process.returncode}: {said}")
    return float(found.group(1)), float(found.group(2))


def run(options):
    if not shutil.which("swift"):
        raise measure.Unmeasured("swift is not installed")
    if not (measure.REPOSITORY / "Tests" / "Benchmarks" / "Framing").is_dir():
        raise measure.Unmeasured("Tests/Benchmarks/Framing is not there")
    built = call(BUILD)
    if built.returncode != 0:
        raise measure.Broken(f"building framing-benchmark: {built.stdout.strip()[-300:]}")
    speeds()  # a warm-up
    taken = [speeds() for _ in range(options.runs)]

    def text(value):
        return f"{value:.2f} GB/s"

    return measure.Outcome([
        measure.Figure("worker protocol, parsing alone", "–", [pair[0] for pair in taken], text),
        measure.Figure("worker protocol, with hashing and writing", "–",
                       [pair[1] for pair in taken], text),
    ])
