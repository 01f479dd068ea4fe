"""What the profiles share: the program brought into a guest, run there, its output taken back."""

import os
import re
import subprocess

import cpio
from errors import Infrastructure
from hostfolder import HostFolder

COMPLETE, PARTIAL = 0, 3


def libraries(binary):
    """The shared libraries that the program needs, with its loader, as they are on this machine."""
    text = subprocess.run(["ldd", binary], stdout=subprocess.PIPE, text=True, check=True).stdout
    if "not found" in text:
        raise Infrastructure("libraries of the program are missing:\n" + text)
    return sorted(set(re.findall(r"(/\S+) \(0x", text)))


def program_archive(binary, path):
    """An initial RAM file system with the program and its libraries, to go behind another one."""
    with cpio.Archive(path) as archive:
        archive.copy(binary, "usr/bin/diagbundle")
        for library in libraries(binary):
            archive.copy(library)
    return path


def joined(path, *parts):
    """One file of several initial RAM file systems; the kernel unpacks one after the other."""
    with open(path, "wb") as whole:
        for part in parts:
            with open(part, "rb") as data:
                whole.write(data.read())
            whole.write(b"\0" * (-whole.tell() % 512))
    return path


class Collected:
    """One `diagbundle collect` in the guest."""

    def __init__(self, outcome, folder):
        self.outcome, self.folder = outcome, folder

    @property
    def seconds(self):
        """How long collecting took by the guest's own clock."""
        match = re.search(r"^lab-seconds ([0-9.]+)$", self.outcome.output, re.M)
        return float(match[1]) if match else None


# What the laboratory compares with the truth: the collectors that are code.
CODE = "--only storage,system,boot,logs"


def collect(machine, name, before="", options=CODE, seconds=300):
    """Collects in the guest into /run/NAME, and unpacks the host folder here; `before` is put in
    front of the command."""
    outcome = machine.run(
        "mkdir -p /run/{n}\nset -- $(cat /proc/uptime)\n"
        "{before} diagbundle collect --output /run/{n}/logs --progress none {options}\n"
        "status=$?\nwas=$1\nset -- $(cat /proc/uptime)\n"
        "echo lab-seconds $(echo $was $1 | awk '{{ print $2 - $1 }}')\nexit $status"
        .format(n=name, before=before, options=options), seconds)
    folder = None
    packed = machine.run(
        "cd /run/%s/logs && tar -cf /lab/%s.tar $(ls -d */)" % (name, name), 120)
    if packed.status == 0:
        unpacked = os.path.join(machine.folder, name)
        os.makedirs(unpacked)
        folder = HostFolder.unpack(os.path.join(machine.share, name + ".tar"), unpacked)
    return Collected(outcome, folder)


def verified(results, machine, name, seconds=180):
    """Verifies the sealed bundle and the host folder of a run, in the guest."""
    outcome = machine.run("for made in /run/%s/logs/*; do diagbundle verify $made || exit 1; done"
                          % name, seconds)
    results.check("%s: the bundle and the host folder verify" % name, outcome.status == 0,
                  outcome.output[-1500:] + outcome.errors[-1500:])


def nothing_hung(results, name, made):
    """Claims that a slow host is not taken for one whose mounts hang."""
    hung = [finding.get("reason") for finding in made.folder.findings()
            if "hung" in finding.get("fault", "")]
    results.equal("%s: nothing is said to hang" % name, hung, [])
