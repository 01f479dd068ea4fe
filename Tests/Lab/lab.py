#!/usr/bin/env python3
"""Runs one profile of the laboratory; see run.sh, which starts this."""

import argparse
import importlib
import os
import re
import shutil
import sys
import tempfile
import time
import traceback

from accelerator import accelerator
from errors import Infrastructure, Unavailable
from images import Images
from results import Results

KEPT_ON_FAILURE = ("serial.log", "qemu.log", "agreements.txt", "share/dmesg.txt",
                   "share/agent.log", "provision.log")

# How apt says that packages cannot be had just now.
UNREACHABLE = re.compile(r"Temporary failure resolving|Could not resolve|Could not connect|"
                         r"Unable to connect|Network is unreachable|Connection timed out")


class Run:
    """What a profile is given: images, the program, a folder, and the machine to be looked at."""

    def __init__(self, options, folder):
        self.binary = os.path.abspath(options.binary)
        self.everything, self.rebuild, self.sos = options.all, options.rebuild, options.sos
        self.need = options.need
        self.folder = folder
        cache = os.environ.get("DIAGBUNDLE_LAB_CACHE") or os.path.expanduser(
            "~/.cache/diagbundle-lab")
        os.makedirs(cache, exist_ok=True)
        self.cache = cache
        self.images = Images(cache, options.rebuild)
        self.accelerator = accelerator(cache, self.images.kernel(), self.images.initrd())
        self.machines = []
        self.started = set()  # The commands of the library that any run has started.
        self._began = time.monotonic()

    def say(self, text):
        """Prints a step with the seconds since the start."""
        print("%6.1f s  %s" % (time.monotonic() - self._began, text), flush=True)


def main():
    """Gives the exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("profile", choices=["small", "storage", "uefi", "dump"])
    parser.add_argument("--binary", required=True)
    for flag in ("--keep", "--rebuild", "--all", "--sos", "--need"):
        parser.add_argument(flag, action="store_true")
    options = parser.parse_args()
    if options.sos and options.profile != "storage":
        parser.error("--sos is of the profile storage")
    sys.stdout.reconfigure(line_buffering=True)
    results = Results()
    folder = tempfile.mkdtemp(prefix="diagbundle-lab-%s-" % options.profile)
    run = None
    try:
        run = Run(options, folder)
        importlib.import_module("profile_" + options.profile).check(run, results)
    except Unavailable as error:
        skip(results, options, error)
    except Infrastructure as error:
        if UNREACHABLE.search(str(error)):
            skip(results, options, "the package mirror cannot be reached: %s" % error)
        else:
            results.check("the laboratory works (this is not about the program)", False,
                          error)
    except Exception:  # A fault of these scripts must not pass for a run that was fine.
        results.check("the laboratory's scripts work", False, traceback.format_exc())
    finally:
        for machine in run.machines if run else []:
            machine.kill()
    stalls = [line for machine in (run.machines if run else []) for line in machine.stalls()]
    if stalls:
        results.check("the guest's kernel never stalled (else this host was too slow: a failure of"
                      " the laboratory, not of the program)", False, "; ".join(stalls[:3]))
    if results.failed and run:
        keep_logs(run, options.profile)
    if options.keep:
        print("kept: " + folder)
    else:
        shutil.rmtree(folder, ignore_errors=True)
    print("lab %s: %d passed, %d failed, %d skipped" % (
        options.profile, results.passed, results.failed, results.skipped))
    if results.failed:
        return 1
    return 0 if results.passed else 77


def skip(results, options, why):
    """Counts a profile that cannot be run here, or not to its end: with --need it failed."""
    if options.need:
        results.check("%s can be run here" % options.profile, False, why)
    else:
        results.skip(options.profile, why)


def keep_logs(run, profile):
    """Keeps the small files that tell what went wrong; never an image."""
    place = os.path.join(run.cache, "failed", profile)
    shutil.rmtree(place, ignore_errors=True)
    os.makedirs(place)
    for machine in run.machines:
        jobs = os.path.join(machine.share, "jobs")
        own = os.path.join(place, os.path.basename(machine.folder))
        os.makedirs(own, exist_ok=True)
        for name in KEPT_ON_FAILURE:
            path = os.path.join(machine.folder, name)
            if os.path.isfile(path):
                shutil.copy(path, own)
        if os.path.isdir(jobs):
            shutil.copytree(jobs, os.path.join(own, "jobs"), dirs_exist_ok=True)
    print("logs of the failed run: " + place)


if __name__ == "__main__":
    sys.exit(main())
