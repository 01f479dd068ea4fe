"""Runs programs of this machine."""

import os
import subprocess

from errors import Infrastructure

HERE = os.path.dirname(os.path.abspath(__file__))
GUEST = os.path.join(HERE, "guest")


def run(*words, **options):
    """Gives what a program prints; one that fails ends the run with what it said."""
    try:
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors="replace", **options)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Infrastructure("%s: %s" % (words[0], error)) from error
    if done.returncode != 0:
        raise Infrastructure("%s: status %d\n%s" % (" ".join(words)[:300], done.returncode,
                                                    done.stdout[-4000:]))
    return done.stdout


def overlay(base, kind, path):
    """Makes a disk that begins as `base`, of that kind, and keeps its own changes."""
    run("qemu-img", "create", "-q", "-f", "qcow2", "-F", kind, "-b", base, path)
    return path
