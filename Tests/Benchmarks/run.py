#!/usr/bin/env python3
"""Takes the figures that diagbundle is held against, and prints them as a Markdown table.

Run it as root on a quiet machine. DIAGBUNDLE names the release binary; without it the release is
built first. TMPDIR says where fixtures and bundles go meanwhile (3 GB, 700,000 inodes).

The column "met" compares the median with what was asked for, for memory the highest run. A figure
that is not met does not change the exit code: 0 all was measured, 3 something could not be
measured here, 1 a benchmark broke.
"""
import argparse
import hashlib
import importlib
import os
import platform
import subprocess
import sys
from pathlib import Path

import measure

NAMES = ["start", "sos", "collectors", "memory", "topology", "framing", "hang", "convert", "dump",
         "bundle"]
#: Those of the benchmark of bundles.
PARTS = ["whole", "compressible", "incompressible", "reading", "memory", "growth"]
#: Benchmarks whose file has another name.
FILES = {"convert": "dump_convert", "dump": "dump_guest"}


def binary():
    named = os.environ.get("DIAGBUNDLE")
    if not named:
        script = measure.REPOSITORY / "Examples" / "quickstart.sh"
        built = subprocess.run(
            ["bash", str(script), "--build-only"], stdout=subprocess.PIPE, text=True, check=False)
        if built.returncode != 0:
            sys.exit(f"{script} --build-only ended with {built.returncode}")
        named = built.stdout.strip().splitlines()[-1]
    path = Path(named).resolve()
    if not os.access(path, os.X_OK):
        sys.exit(f"{path} is not a program; set DIAGBUNDLE to the release binary")
    return path


def digest(program):
    return hashlib.sha256(program.read_bytes()).hexdigest()


def processor_model():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.machine()


def describe_machine(program):
    version = subprocess.run(
        [str(program), "--version"], stdout=subprocess.PIPE, text=True, check=False).stdout
    version = (version.strip().splitlines() or ["of unknown version"])[0]
    count = len(os.sched_getaffinity(0))
    load = os.getloadavg()[0]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    print(f"diagbundle {version} (SHA-256 {digest(program)[:16]}…); Linux {platform.release()}, "
          f"{count} × {processor_model()}, {memory:.0f} GiB; load {load:.2f} at the start.")
    if load > 0.5 * count:
        print(f"\n**The machine was busy (load {load:.2f} on {count} processors): "
              "do not trust the times.**")
    print(flush=True)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="name",
                        help="which to run (default: all): " + ", ".join(NAMES))
    parser.add_argument("--runs", type=int, default=5,
                        help="measured runs of each, after a warm-up (default: 5)")
    parser.add_argument("--cold-build", action="store_true",
                        help="also build the release in a fresh clone, once, on two processors")
    bundles = parser.add_argument_group("bundle")
    bundles.add_argument("--megabytes", type=int, default=300,
                         help="size of the corpus (default: 300); what is smaller shrinks all its "
                              "other fixtures in the same measure")
    bundles.add_argument("--dump", metavar="FILE",
                         help="a kdump for the corpus, instead of one made of binaries")
    bundles.add_argument("--logs", metavar="FOLDER", action="append", default=[],
                         help="more real logs for the corpus, beside /var/log; may be repeated")
    bundles.add_argument("--parts", metavar="PART", nargs="+", choices=PARTS, default=[],
                         help="some parts alone, of " + ", ".join(PARTS))
    bundles.add_argument("--large", action="store_true",
                         help="measure zstd and none up to 10 GB")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in NAMES]
    if unknown:
        parser.error(f"no benchmark is called {unknown[0]}; there are {', '.join(NAMES)}")
    if options.runs < 1:
        parser.error("--runs must be at least 1")
    if options.megabytes < 10:
        parser.error("--megabytes must be at least 10")
    options.binary = binary()

    describe_machine(options.binary)
    first = digest(options.binary)
    print(measure.HEADER, flush=True)
    notes, status = [], 0
    for name in options.names or NAMES:
        measure.say(f"== {name}")
        # After an interruption or an error the rows that are there stay on the screen.
        try:
            module = importlib.import_module(FILES.get(name, name))
            outcome = module.run(options)
        except measure.Unmeasured as reason:
            print(measure.row(name, "–", f"not measured: {reason}", "–", "0", "–"), flush=True)
            status = status or 3
            continue
        except (measure.Broken, OSError, subprocess.SubprocessError, KeyError) as reason:
            text = " ".join(str(reason).split())
            print(measure.row(name, "–", f"broken: {text}", "–", "0", "–"), flush=True)
            status = 1
            continue
        for figure in outcome.figures:
            print(figure.row(), flush=True)
        notes += [(name, note) for note in outcome.notes]
        # A part of a benchmark that could not be measured says so in its notes.
        if any(note.startswith("Not measured") for note in outcome.notes):
            status = status or 3
    if notes:
        print()
    for name, note in notes:
        print(f"- {name}: {note}")
    if digest(options.binary) != first:
        print("\n**The program was replaced meanwhile: the rows are not all of one program.**")
        status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
