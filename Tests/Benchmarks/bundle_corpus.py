"""A corpus of logs, configuration, binaries and a dump, made of the machine's own files.

It becomes host folders that `diagbundle archive` accepts: what a `collect` of this host gave, with
the corpus added to its manifest. The files of a host folder are hard links, so that folders of any
size cost the space of one corpus.
"""
import dataclasses
import gzip
import hashlib
import json
import os
import stat
import struct
import subprocess
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

import large_logs
import measure

#: What stands in 100 parts of the corpus.
SHARES = {"logs": 40, "configuration": 5, "binaries": 20, "dump": 35}
CONFIGURATION = ["/etc", "/usr/lib/systemd", "/usr/lib/udev", "/usr/lib/modprobe.d",
                 "/usr/lib/sysctl.d", "/usr/share/dbus-1", "/boot", "/var/lib/dpkg/info"]
CONFIGURATION_BYTES = 1 << 20
BINARIES = ["/usr/bin", "/usr/sbin", "/usr/lib"]
BINARY_BYTES = range(16 << 10, 48 << 20)
#: Of a file of logs that is larger, this much.
LOG_BYTES = 64 << 20
KDUMP = "application/x-kdump"
PAGE = 4096
#: Of the bytes of a page of a binary, a third is left at least.
PAGES_PER_DUMP = 3


@dataclass(frozen=True)
class Member:
    """A file for a host folder: its path there, and where its bytes are."""

    path: str
    source: Path
    byte_count: int
    sha256: str
    collector: str
    media_type: Optional[str] = None

    def artifact(self):
        entry = {"collector": self.collector, "path": self.path, "byteCount": self.byte_count,
                 "sha256": self.sha256, "privacy": "content", "seconds": 0, "isTruncated": False}
        if self.media_type:
            entry["mediaType"] = self.media_type
        return entry


def total(members):
    return sum(member.byte_count for member in members)


def files_below(folders):
    """Regular files below `folders`, each once, mixed in an order that is always the same."""
    found, seen = [], set()
    for folder in folders:
        for place, _, names in os.walk(folder):
            for name in names:
                path = os.path.join(place, name)
                try:
                    status = os.lstat(path)
                except OSError:
                    continue
                # A file has one name in the corpus: a second one would compress to nothing.
                if stat.S_ISREG(status.st_mode) and (status.st_dev, status.st_ino) not in seen:
                    seen.add((status.st_dev, status.st_ino))
                    found.append((path, status))
    return sorted(found, key=lambda each: hashlib.sha256(os.fsencode(each[0])).digest())


def is_elf(path):
    try:
        with open(path, "rb") as file:
            return file.read(4) == b"\x7fELF"
    except OSError:
        return False


def log_text(path):
    """The text of a file of logs, without the compression of a rotated one; nothing for others."""
    try:
        with (gzip.open if path.endswith(".gz") else open)(path, "rb") as file:
            text = file.read(LOG_BYTES)
    except (OSError, EOFError, zlib.error):
        return b""
    return b"" if b"\0" in text[:8192] and not path.endswith(".journal") else text


class Corpus:
    """The members by part, with their bytes in `folder`, and in words what they are made of."""

    def __init__(self, program, folder, byte_count, dump=None, log_folders=()):
        self.program = program
        self.folder = folder
        self.source = folder / "source"
        self.source.mkdir()
        self.parts = {}
        self.notes = []
        self._digests = set()
        self._number = 0
        self._used = set()
        self.packed_dump = None
        self.manifest = self._collect()
        share = {name: byte_count * part // sum(SHARES.values()) for name, part in SHARES.items()}
        measure.say("making the corpus: logs")
        self._add_logs(share["logs"], log_folders)
        measure.say("making the corpus: configuration, binaries")
        self._add_configuration(share["configuration"])
        self._add_binaries(share["binaries"])
        measure.say("making the corpus: dump")
        self._make_dumps(share["dump"], dump)
        for name, members in self.parts.items():
            if not members:
                raise measure.Unmeasured(f"this machine has no {name} for the corpus")

    @property
    def whole(self):
        return [member for members in self.parts.values() for member in members]

    @property
    def compressible(self):
        return [member for name, members in self.parts.items() if name != "dump"
                for member in members]

    @property
    def dump(self):
        return self.parts["dump"][0]

    def copies(self, member, byte_count, media_type):
        """As many of one member as have `byte_count` bytes, the last one cut."""
        return self._filled("copy", [dataclasses.replace(member, media_type=media_type)],
                            byte_count)

    def describe(self):
        parts = ", ".join(
            f"{name} {measure.megabytes(total(members))} in {len(members):,}"
            f" {'file' if len(members) == 1 else 'files'}"
            for name, members in self.parts.items())
        return [f"the corpus: {measure.megabytes(total(self.whole))}: {parts}", *self.notes]

    def repeated(self, byte_count, parts=None):
        """Members of `byte_count` bytes in all, mixed as the corpus is; `parts` for a part of it.

        What is needed more than once comes under another collector, so that equal files do not
        stand side by side; the last file of a part is cut.
        """
        parts = {name: self.parts[name] for name in parts or self.parts}
        whole = sum(total(members) for members in parts.values())
        return [member for name, members in parts.items()
                for member in self._filled(name, members, byte_count * total(members) // whole)]

    def host_folder(self, path, members, with_reports=False):
        """Makes a host folder of `members`; what they link to must be on the same file system."""
        path.mkdir()
        made = {path}
        for member in members:
            target = path / member.path
            if target.parent not in made:
                target.parent.mkdir(parents=True, exist_ok=True)
                made.add(target.parent)
            os.link(member.source, target)
        # Without a report a collector has no rank, and stands by its name.
        manifest = dict(self.manifest, reports=self.manifest["reports"] if with_reports else [])
        manifest["artifacts"] = sorted((member.artifact() for member in members),
                                       key=lambda entry: entry["path"].encode())
        text = json.dumps(manifest, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        (path / "manifest.json").write_text(text, encoding="utf-8")
        return path

    # --- the parts -------------------------------------------------------------------------------

    def _collect(self):
        run = self.folder / "collect"
        run.mkdir()
        measure.say("making the corpus: collect")
        collection = measure.collect(self.program, run)
        collection.bundle.unlink()
        manifest = collection.manifest
        self.parts["collected"] = [
            Member(entry["path"], collection.folder / entry["path"], entry["byteCount"],
                   entry["sha256"], entry["collector"], entry.get("mediaType"))
            for entry in manifest["artifacts"] if entry.get("sha256")]
        return manifest

    def _add(self, part, name, data):
        """Adds a file with these bytes; one that is there already is not taken again."""
        digest = hashlib.sha256(data).hexdigest()
        if digest in self._digests:
            return 0
        self._digests.add(digest)
        self._number += 1
        target = self.source / str(self._number)
        target.write_bytes(data)
        self.parts.setdefault(part, []).append(
            Member(f"bench-{part}/{name}", target, len(data), digest, f"bench-{part}"))
        return len(data)

    def _add_logs(self, limit, log_folders):
        """Real logs first; what is wanting of them half changelogs, half made text."""
        real = 0
        for path, status in files_below(["/var/log", *log_folders]):
            if status.st_size and real < limit:
                text = log_text(path)[:limit - real]
                real += self._add("logs", "host" + path, text) if text else 0
        changelogs, wanted = 0, (limit - real) // 2
        for path, _ in files_below(["/usr/share/doc"]):
            if changelogs >= wanted:
                break
            if os.path.basename(path).lower().startswith("changelog"):
                text = log_text(path)[:wanted - changelogs]
                name = path.removeprefix("/").removesuffix(".gz")
                changelogs += self._add("logs", name, text) if text else 0
        made, seed = 0, 0
        while made < limit - real - changelogs:
            # Of several sizes, as rotated logs are, and none like another.
            count = min(limit - real - changelogs - made, (1 << 20) << seed % 5)
            made += self._add("logs", f"made/messages-{seed}.log",
                              large_logs.text_block(count, 1000 + seed))
            seed += 1
        self.notes.append(
            f"its logs: {measure.megabytes(real)} of {' and '.join(['/var/log', *log_folders])}, "
            f"{measure.megabytes(changelogs)} of changelogs (dated entries that people wrote), "
            f"{measure.megabytes(made)} made by large_logs.py")

    def _add_configuration(self, limit):
        taken = 0
        for path, status in files_below(CONFIGURATION):
            # What not everybody may read may hold a secret, and has no place in a temporary folder.
            if (taken >= limit or not status.st_mode & stat.S_IROTH
                    or not 0 < status.st_size <= CONFIGURATION_BYTES or is_elf(path)):
                continue
            try:
                data = Path(path).read_bytes()
                name = path.removeprefix("/").encode().decode()
            except (OSError, UnicodeError):
                continue
            taken += self._add("configuration", name, data[:limit - taken])

    def _binaries(self):
        for path, status in files_below(BINARIES):
            if status.st_size in BINARY_BYTES and path not in self._used and is_elf(path):
                yield path, status.st_size

    def _add_binaries(self, limit):
        taken = 0
        for path, byte_count in self._binaries():
            if taken >= limit:
                break
            # The share is kept with whole files of all sizes; a large one comes where it fits.
            if byte_count > limit - taken and limit - taken > BINARY_BYTES[0]:
                continue
            self._used.add(path)
            taken += self._add("binaries", path.removeprefix("/"), Path(path).read_bytes())

    def _make_dumps(self, limit, given):
        """The dump of the corpus, and a kdump whose pages zlib has: that one does not compress."""
        core = self.folder / "core.elf"
        pages = write_core(core, (path for path, _ in self._binaries()), limit * PAGES_PER_DUMP)
        words = f"an ELF core file with {pages:,} pages of other binaries, none of them zero"
        self.packed_dump = self._converted(core, "zlib", limit, is_end=True)
        if given:
            self._dump_of(Path(given), limit)
        else:
            self.parts["dump"] = [self._converted(core, "zstd", limit)]
            self.notes.append(f"its dump: `dump convert` (zstd, its default) of {words}; cut")
        self.notes.append("what does not compress: the last bytes, pages alone, of "
                          f"`dump convert --compress zlib` of {words}")
        core.unlink()

    def _dump_of(self, path, limit):
        try:
            self.parts["dump"] = [self._dump_member(path, limit)]
        except OSError as reason:
            raise measure.Unmeasured(f"the dump cannot be read: {reason}") from reason
        cut = limit < path.stat().st_size
        self.notes.append(f"its dump: {'the first bytes of ' if cut else ''}{path.name}")

    def _dump_member(self, path, limit, is_end=False):
        with open(path, "rb") as file:
            # At the start is what compresses: bitmaps, and the descriptors of all pages.
            file.seek(max(0, path.stat().st_size - limit) if is_end else 0)
            data = file.read(limit)
        self._number += 1
        target = self.source / str(self._number)
        target.write_bytes(data)
        return Member("bench-dump/LiveDump.kdump", target, len(data),
                      hashlib.sha256(data).hexdigest(), "bench-dump", KDUMP)

    def _converted(self, core, compression, limit, is_end=False):
        dump = self.folder / "dump.kdump"
        done = subprocess.run(
            [str(self.program), "dump", "convert", "--progress", "none", "--compress", compression,
             str(core), str(dump)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        if done.returncode != 0:
            said = done.stdout.decode(errors="replace").strip()[-300:]
            raise measure.Broken(f"dump convert ended with {done.returncode}: {said}")
        member = self._dump_member(dump, limit, is_end)
        dump.unlink()
        return member

    def _filled(self, part, members, byte_count):
        taken, left, turn = [], byte_count, 0
        while left > 0:
            turn += 1
            for member in members:
                if left <= 0:
                    break
                if not member.byte_count:
                    continue
                place = dataclasses.replace(
                    member, path=f"{part}-{turn:03}/{member.path}", collector=f"{part}-{turn:03}")
                if member.byte_count > left:
                    place = self._cut(place, left)
                taken.append(place)
                left -= place.byte_count
        return taken

    def _cut(self, member, byte_count):
        with open(member.source, "rb") as file:
            data = file.read(byte_count)
        self._number += 1
        target = self.source / str(self._number)
        target.write_bytes(data)
        return dataclasses.replace(member, source=target, byte_count=byte_count,
                                   sha256=hashlib.sha256(data).hexdigest())


def write_core(target, paths, byte_count):
    """An ELF core file of a kernel that says little of itself; the number of its pages."""
    information = b"OSRELEASE=6.1.0\nPAGESIZE=4096\n"
    note = struct.pack("<III", 11, len(information), 0) + b"VMCOREINFO\0\0" + information
    note += bytes(-len(note) % 4)
    size = 0
    with open(target, "wb") as file:
        file.seek(PAGE)
        for path in paths:
            if size >= byte_count:
                break
            data = Path(path).read_bytes()
            for start in range(0, len(data) - PAGE + 1, PAGE):
                page = data[start:start + PAGE]
                if page.strip(b"\0"):
                    size += file.write(page)
        front = 64 + 2 * 56
        file.seek(0)
        file.write(b"\x7fELF\2\1\1" + bytes(9) + struct.pack(
            "<HHIQQQIHHHHHH", 4, 62, 1, 0, 64, 0, 0, 64, 56, 2, 0, 0, 0))
        file.write(struct.pack("<IIQQQQQQ", 4, 0, front, 0, 0, len(note), 0, 0))
        file.write(struct.pack("<IIQQQQQQ", 1, 7, PAGE, 0xFFFF888000000000, 0, size, size, 0))
        file.write(note)
    return size // PAGE
