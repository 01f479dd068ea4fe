"""The programs that read dumps, on this machine: crash, drgn and makedumpfile.

Debian 12's crash 8.0.2 lists four tasks of this kernel or none, even for a dump of a paused guest;
that of Debian 13 lists all. It is run with its own loader and libraries, and never installed.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys

import packages
from errors import Infrastructure, Unavailable
from host import HERE, run

CRASH_SUITE = "trixie"
CRASH_PACKAGES = ["crash", "libc6", "libgcc-s1", "liblzo2-2", "libncursesw6", "libsnappy1v5",
                  "libstdc++6", "libtinfo6", "libzstd1", "zlib1g"]

# drgn reads both kdump and ELF. zstandard and numpy are for our own reader (kdump.py).
PYTHON_PACKAGES = ["drgn==0.3.0", "zstandard==0.25.0", "numpy==2.4.6"]


class Readers:
    """Crash and the Python packages, in a folder of the cache; makedumpfile is installed."""

    def __init__(self, cache, rebuild=False):
        made_from = [CRASH_SUITE, *CRASH_PACKAGES, *PYTHON_PACKAGES, sys.version]
        digest = hashlib.sha256(" ".join(made_from).encode())
        self.folder = os.path.join(cache, digest.hexdigest()[:16])
        if rebuild:
            shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder, exist_ok=True)
        os.utime(self.folder)
        with open(os.path.join(self.folder, "lock"), "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            for name, make in (("crash", _fetch_crash), ("python", _fetch_python)):
                path = os.path.join(self.folder, name)
                if not os.path.exists(path):
                    print("making " + name, flush=True)
                    shutil.rmtree(path + ".part", ignore_errors=True)
                    os.makedirs(path + ".part")
                    make(path + ".part")
                    os.rename(path + ".part", path)
        self.python_path = os.path.join(self.folder, "python")
        # The comparison runs in this process and wants the same packages.
        if self.python_path not in sys.path:
            sys.path.append(self.python_path)

    def drgn(self, script, core, symbols, *words, seconds=300):
        """Runs one of our drgn scripts on a dump; gives the JSON that it prints, as text: the last
        line, behind what drgn complains of."""
        environment = {**os.environ, "PYTHONPATH": self.python_path}
        return run(sys.executable, os.path.join(HERE, script), core, symbols, *words,
                   timeout=seconds, env=environment).strip().rpartition("\n")[2]

    def crash(self, core, symbols, commands, folder, seconds=300, options=()):
        """Runs crash commands on a dump; gives what it says at its start, and by command what
        each printed, each in a file of its own meanwhile."""
        root = os.path.join(self.folder, "crash")
        libraries = [os.path.join(root, place) for place in (
            "usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu")]
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        paths = {command: os.path.join(folder, "%02d" % number)
                 for number, command in enumerate(commands)}
        script = "set scroll off\n" + "".join(
            "%s > %s\n" % one for one in paths.items()) + "quit\n"
        try:
            done = subprocess.run(
                [os.path.join(libraries[0], "ld-linux-x86-64.so.2"), "--library-path",
                 ":".join(libraries), os.path.join(root, "usr/bin/crash"), "-s",
                 *options, os.path.join(symbols, "vmlinux"), core],
                input=script, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                errors="replace", timeout=seconds, check=False, cwd=folder,
                env={**os.environ, "HOME": folder, "TERM": "dumb"})
            status, said = done.returncode, done.stdout
        except subprocess.TimeoutExpired as error:
            status, said = 124, (error.stdout or b"").decode(errors="replace")
        return status, said, {command: re.sub(r"\Acrash> .*\n", "", _text(path))
                              for command, path in paths.items()}


def _text(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def _fetch_crash(folder):
    packages.unpack_of(CRASH_SUITE, CRASH_PACKAGES, folder)


def _fetch_python(folder):
    """Downloads the Python packages for the Python that runs this."""
    try:
        run(sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check",
            "--no-input", "--target", folder, *PYTHON_PACKAGES, timeout=900)
    except Infrastructure as error:
        raise Unavailable("%s cannot be had from PyPI: %s" % (
            ", ".join(PYTHON_PACKAGES), error)) from error
