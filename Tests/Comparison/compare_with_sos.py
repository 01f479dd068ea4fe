#!/usr/bin/env python3
"""Compares what `sos report --batch` and `diagbundle collect --profile full` gather on this machine.

Prints, grouped by subject, the facts (files and commands) that one side has and the other has not.
What of sos is deliberately not there, or there in another form, stands in reasons.json with the
reason; where another form is named, the script checks that this bundle has it. What a collector
withholds until it can be redacted has that reason by the bundle's manifest, which names it.

Run it as root. DIAGBUNDLE names the program, --sos another sos than the one in PATH (measured
against is sos 4.12). Exit codes: 0 every fact of sos is there or has a reason, 3 some has none,
1 a run broke, 69 sos is not installed, 77 not root.
"""
import argparse
import collections
import fnmatch
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
PATIENCE_SECONDS = 1800
#: Exit codes of a command that was not run: sos notes those it did not find, too.
NOT_RUN = {126, 127}
#: What a command says when what it asks is not there: no fact either.
NOTHING = re.compile(rb"System has not been booted with systemd|No journal files were found"
                     rb"|hwclock: Cannot access the Hardware Clock|ls: cannot access"
                     rb"|apparmor module is not loaded|Failed to connect to devlink Netlink")
#: What differs between two runs and two devices of one kind: counted as one fact.
SAME = [
    (re.compile(r"^/(private/)?var/run/"), "/run/"),
    (re.compile(r"^/(lib|lib64|bin|sbin)/"), r"/usr/\1/"),
    (re.compile(r"^/sys/kernel/debug/tracing/"), "/sys/kernel/tracing/"),
    (re.compile(r"^/proc/\d+/"), "/proc/N/"),
    (re.compile(r"/cpu\d+(?=/|$)"), "/cpuN"),
    (re.compile(r"/node\d+(?=/|$)"), "/nodeN"),
    (re.compile(r"/(loop|zram|ram|dm-|md)\d+(?=/|$)"), r"/\1N"),
    (re.compile(r"/(sd|vd|xvd)[a-z]+\d*(?=/|$)"), "/DISK"),
    (re.compile(r"/nvme\d+n\d+(p\d+)?(?=/|$)"), "/DISK"),
    (re.compile(r"/(state|cache|index|irq|rx-|tx-|queue)\d+(?=/|$)"), r"/\1N"),
    (re.compile(r"/(proc/irq|sys/kernel/irq)/\d+/"), r"/\1/N/"),
    (re.compile(r"/[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7](?=/|$)"), "/PCI"),
]
#: Words of a command without which it tells the same: names instead of numbers, a pager, the place
#: that is asked unless another is named.
DECORATIONS = {
    "chronyc": [["-n"], ["-N"]],
    "nft": [["-n"]],
    "resolvectl": [["--no-pager"]],
    "virsh": [["-c", "qemu:///system"]],
}
#: The reason of what the manifest of the bundle says to be withheld.
WITHHELD = "withheld until it can be redacted, by the manifest of the bundle"


class Broken(Exception):
    """A run did not give what is compared."""


def normal_path(path):
    path = "/" + path.lstrip("/")
    for pattern, text in SAME:
        path = pattern.sub(text, path)
    return path


def normal_command(words):
    """A command as one text: the program without its folder, options in their order."""
    if isinstance(words, str):
        try:
            words = shlex.split(words)
        except ValueError:
            words = words.split()
    words = [word for word in words if word]
    if not words:
        return ""
    program = os.path.basename(words[0])
    words = [normal_device(word) for word in words[1:]]
    for decoration in DECORATIONS.get(program, []):
        for place in range(len(words) - len(decoration), -1, -1):
            if words[place:place + len(decoration)] == decoration:
                del words[place:place + len(decoration)]
    return " ".join([program] + words)


def normal_device(word):
    return normal_path(word) if word.startswith("/") else word


class Side:
    """What one program gathered: facts by their subject."""

    def __init__(self):
        self.files = collections.defaultdict(set)
        self.commands = collections.defaultdict(set)

    def all_files(self):
        return set().union(*self.files.values()) if self.files else set()

    def all_commands(self):
        return set().union(*self.commands.values()) if self.commands else set()


def read_sos(folder):
    """The facts of an unpacked archive of sos, by the plugin that gathered them."""
    manifests = list(folder.glob("*/sos_reports/manifest.json"))
    if len(manifests) != 1:
        raise Broken(f"{folder} holds {len(manifests)} manifests of sos")
    manifest = json.loads(manifests[0].read_text(encoding="utf-8"))
    top = manifests[0].parent.parent
    side = Side()
    side.version = manifest.get("version", "of unknown version")
    for name, plugin in manifest["components"]["report"]["plugins"].items():
        for command in plugin.get("commands", []):
            if command.get("return_code") in NOT_RUN or not command.get("filepath"):
                continue
            kept = top / command["filepath"]
            if kept.is_file() and (
                    kept.stat().st_size == 0 or NOTHING.match(kept.read_bytes()[:100])):
                continue
            side.commands[name].add(normal_command(command.get("exec") or command["command"]))
        for entry in plugin.get("files", []):
            for path in entry.get("files_copied", []):
                if (top / path).is_file():
                    side.files[name].add(normal_path(path))
    return side


def read_ours(folder):
    """The facts of a host folder of diagbundle, by collector."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    side = Side()
    side.version = manifest.get("tool", {}).get("version", "of unknown version")
    side.paths = {artifact["path"] for artifact in manifest["artifacts"]}
    for artifact in manifest["artifacts"]:
        source = artifact.get("source") or ""
        if source.startswith("/"):
            side.files[artifact["collector"]].add(normal_path(source))
    for path in folder.glob("*/commands.json"):
        for command in json.loads(path.read_text(encoding="utf-8"))["commands"]:
            # Where it ended well and printed nothing, that is what it tells: no artifact is made.
            if command.get("artifact") or (
                    command.get("exitCode") == 0 and command.get("outputByteCount") == 0):
                side.commands[path.parent.name].add(normal_command(command["arguments"]))
    # What is there and was not taken is no gap of this machine's bundle but is said in it.
    side.missing = {normal_path(item["what"]) for item in manifest["missing"]
                    if item["what"].startswith("/")}
    withheld = [report["withheld"] for report in manifest["reports"] if report.get("withheld")]
    side.withheld = {
        "files": {normal_path(path) for one in withheld for path in one["files"]},
        "commands": {normal_command(command) for one in withheld for command in one["commands"]},
    }
    return side


class Reasons:
    """Why facts of sos are not there under their own names."""

    def __init__(self, path, ours):
        self.entries = json.loads(path.read_text(encoding="utf-8"))["reasons"]
        self.used = collections.Counter()
        self.ours = ours

    def reason(self, kind, fact):
        """The index of the first entry for a fact, -1 where the manifest says that it is withheld;
        `None` where there is neither, or the form that the entry names is not in the bundle."""
        if fact in self.ours.withheld[kind]:
            self.used[-1] += 1
            return -1
        for index, entry in enumerate(self.entries):
            if not any(fnmatch.fnmatchcase(fact, pattern) for pattern in entry.get(kind, [])):
                continue
            if self._has(entry.get("unless", []), fact):
                continue
            forms = entry.get("instead", [])
            if forms and not self._has(forms, fact):
                return None
            self.used[index] += 1
            return index
        return None

    def _has(self, forms, fact):
        """Whether the bundle has an artifact of one of these names."""
        last = re.sub(r"([*?[])", r"[\1]", fact.split(" ")[-1])
        return any(fnmatch.filter(self.ours.paths, form.replace("{last}", last))
                   for form in forms)


def run_sos(program, folder):
    # sos puts its working directory first on Python's path.
    process = subprocess.run(
        [program, "report", "--batch", "--tmp-dir", str(folder)], cwd="/",
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        timeout=PATIENCE_SECONDS, check=False)
    archives = [path for path in folder.iterdir() if re.search(r"\.tar(\.\w+)?$", path.name)]
    if process.returncode != 0 or len(archives) != 1:
        raise Broken(f"{program} ended with {process.returncode}: "
                     f"{process.stdout.decode('utf-8', 'replace').strip()[-300:]}")
    return unpack(archives[0], folder)


def unpack(archive, folder):
    target = folder / "unpacked"
    target.mkdir()
    with tarfile.open(archive) as file:
        # The archive was made by root a moment ago, but links in it name what they like.
        members = [member for member in file.getmembers()
                   if member.isfile() and ".." not in Path(member.name).parts
                   and not member.name.startswith("/")]
        file.extractall(target, members=members)
    return target


def run_ours(program, folder):
    process = subprocess.run(
        [program, "collect", "--profile", "full", "--progress", "none", "--output",
         str(folder / "logs")], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, timeout=PATIENCE_SECONDS, check=False)
    manifests = list(folder.glob("logs/*/manifest.json"))
    if process.returncode not in (0, 3) or len(manifests) != 1:
        raise Broken(f"{program} ended with {process.returncode}: "
                     f"{process.stderr.decode('utf-8', 'replace').strip()[-300:]}")
    return manifests[0].parent


def compare(theirs, ours, reasons, verbose):
    """Prints the differences; returns how many facts of sos have neither artifact nor reason."""
    print(f"sos {theirs.version}: {len(theirs.all_files())} kinds of files, "
          f"{len(theirs.all_commands())} commands. diagbundle: {len(ours.all_files())} kinds of "
          f"files, {len(ours.all_commands())} commands.\n")
    have = {"files": ours.all_files() | ours.missing, "commands": ours.all_commands()}
    total = same = 0
    gaps = []
    for kind, side in (("files", theirs.files), ("commands", theirs.commands)):
        for subject in sorted(side):
            for fact in sorted(side[subject]):
                total += 1
                if fact in have[kind]:
                    same += 1
                elif reasons.reason(kind, fact) is None:
                    gaps.append((subject, kind, fact))
    print("## In the report of sos alone, without a reason")
    print_by_subject(gaps)
    print("\n## In the report of sos alone, with the reason")
    if reasons.used[-1]:
        print(f"{reasons.used[-1]:6}  {WITHHELD}")
    for index, entry in enumerate(reasons.entries):
        if reasons.used[index]:
            print(f"{reasons.used[index]:6}  {entry['reason']}"
                  + (f" (instead: {', '.join(entry['instead'])})" if entry.get("instead") else ""))
    print("\n## In the bundle of diagbundle alone")
    print_only_here(theirs, ours, verbose)
    unused = [entry for index, entry in enumerate(reasons.entries) if not reasons.used[index]]
    if verbose and unused:
        print("\n## Reasons for which there is no fact on this machine")
        for entry in unused:
            print(f"  {entry['reason']}")
    print(f"\nof {total} facts of sos: {same} are here under their own names, "
          f"{sum(reasons.used.values())} have a reason, {len(gaps)} have none")
    return len(gaps)


def print_by_subject(gaps):
    if not gaps:
        print("  none")
    subject = None
    for name, kind, fact in sorted(gaps):
        if name != subject:
            print(f"{name}:")
            subject = name
        print(f"  {'file   ' if kind == 'files' else 'command'}  {fact}")


def print_only_here(theirs, ours, verbose):
    for kind in ("files", "commands"):
        have = theirs.all_files() if kind == "files" else theirs.all_commands()
        for subject, facts in sorted(getattr(ours, kind).items()):
            alone = sorted(facts - have)
            if not alone:
                continue
            print(f"{len(alone):6}  {kind} of {subject}"
                  + ("" if verbose else f": {alone[0]}" + (" …" if len(alone) > 1 else "")))
            if verbose:
                for fact in alone:
                    print(f"          {fact}")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sos", default=shutil.which("sos"), help="the program sos")
    parser.add_argument("--sos-archive", type=Path, help="an archive of sos that is there already")
    parser.add_argument("--folder", type=Path, help="a host folder that is there already")
    parser.add_argument("--reasons", type=Path, default=HERE / "reasons.json")
    parser.add_argument("--verbose", action="store_true", help="every fact, not only numbers")
    options = parser.parse_args()
    if os.geteuid() != 0 and not (options.sos_archive and options.folder):
        print("sos report needs root", file=sys.stderr)
        return 77
    if not options.sos and not options.sos_archive:
        print("sos is not installed (Debian: sosreport)", file=sys.stderr)
        return 69
    program = os.path.abspath(os.environ.get("DIAGBUNDLE", "diagbundle"))
    with tempfile.TemporaryDirectory(prefix="diagbundle-comparison-") as name:
        folder = Path(name)
        try:
            unpacked = (unpack(options.sos_archive, folder) if options.sos_archive
                        else run_sos(options.sos, folder))
            theirs = read_sos(unpacked)
            ours = read_ours(options.folder or run_ours(program, folder))
        except (Broken, OSError, KeyError, ValueError, tarfile.TarError) as reason:
            print(f"broken: {reason}", file=sys.stderr)
            return 1
        gaps = compare(theirs, ours, Reasons(options.reasons, ours), options.verbose)
    return 3 if gaps else 0


if __name__ == "__main__":
    sys.exit(main())
