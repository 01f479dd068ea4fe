"""What bundles are measured beside: other programs that compress and read archives.

One that is not installed is unpacked from the package of this machine's own Debian into a
temporary folder, without being installed; where that fails, its rows are left out, and a note says
so.
"""
import glob
import os
import shutil
import subprocess

import measure

#: The program, and Debian's package of it.
PACKAGES = {"xz": "xz-utils", "pixz": "pixz", "bsdtar": "libarchive-tools", "zstd": "zstd",
            "tar": "tar"}
DOWNLOAD_SECONDS = 120


class Peers:
    """Paths of the programs, and notes on those that could not be had."""

    def __init__(self, folder):
        self.paths = {}
        self.notes = []
        for name, package in PACKAGES.items():
            path = shutil.which(name)
            try:
                self.paths[name] = path or unpacked(name, package, folder)
            except (OSError, subprocess.SubprocessError) as reason:
                self.notes.append(
                    f"Not measured: {name}, which is not installed (Debian: {package}) and could "
                    f"not be unpacked: {' '.join(str(reason).split())[-200:]}")
                continue
            if not path:
                self.notes.append(
                    f"{name} is not installed; measured is that of Debian's {package}, unpacked")

    def command(self, name, *arguments):
        """The command, or nothing when the program is not there."""
        path = self.paths.get(name)
        return [path, *map(str, arguments)] if path else None

    def need(self, name):
        if name not in self.paths:
            raise measure.Unmeasured(f"{name} is not there (Debian: {PACKAGES[name]})")
        return self.paths[name]

    def versions(self):
        texts = []
        for name, path in self.paths.items():
            # pixz has no option for its version, and prints its usage.
            answer = None if name == "pixz" else subprocess.run(
                [path, "--version"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                check=False).stdout.strip().splitlines()
            texts.append(answer[0] if answer else name)
        return "beside: " + "; ".join(texts)


def unpacked(name, package, folder):
    """Downloads a package and unpacks it; the path of its program, which starts."""
    place = folder / "peers" / name
    place.mkdir(parents=True)
    measure.say(f"unpacking {package}")
    done = subprocess.run(
        ["apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", package], cwd=place,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=DOWNLOAD_SECONDS, check=False)
    archives = glob.glob(str(place / "*.deb"))
    if done.returncode != 0 or not archives:
        raise OSError(f"apt-get download {package}: {done.stdout.strip() or done.returncode}")
    subprocess.run(["dpkg-deb", "-x", archives[0], str(place)], check=True)
    path = str(place / "usr" / "bin" / name)
    # Without its libraries the loader ends it with 127; how else it ends is its own matter.
    started = subprocess.run([path, "--help"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE, text=True, check=False)
    if not os.access(path, os.X_OK) or started.returncode == 127:
        raise OSError(f"{path} does not start: {started.stderr.strip()}")
    return path
