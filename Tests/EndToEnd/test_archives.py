"""Zip and sparse members: what other programs make of ours, and what we make of theirs."""

import gzip
import hashlib
import io
import json
import lzma
import os
import shutil
import subprocess
import tarfile
import tempfile
import unittest
import zipfile

import harness
from harness import COMPLETE, FAILED, PARTIAL, USAGE

MIB = 1 << 20
NOTE = "has no index of members"


def host_folder(base):
    """A small host folder, and its name."""
    root = harness.fixture_root(base)
    harness.write(os.path.join(root, "var/log/syslog"), "one\nneedle\nthe end\n")
    output = os.path.join(base, "logs")
    outcome = harness.run("collect", "--output", output, "--root", root, "--only", "logs,system")
    assert outcome.status in (0, PARTIAL), str(outcome)
    return harness.host_folder(output)


def digest(path):
    """SHA-256 of a file, read in parts."""
    total = hashlib.sha256()
    with open(path, "rb") as file:
        while part := file.read(MIB):
            total.update(part)
    return total.hexdigest()


def add(host, name, write):
    """Adds a file of the collector logs, which `write` fills, to a host folder and its manifest."""
    path = os.path.join(host, name)
    with open(path, "wb") as file:
        write(file)
    manifest = os.path.join(host, "manifest.json")
    document = harness.read_json(manifest)
    artifact = dict(next(one for one in document["artifacts"]
                         if one["collector"] == "logs" and one["path"].endswith("syslog")))
    artifact.update(path=name, byteCount=os.path.getsize(path), sha256=digest(path))
    document["artifacts"] = sorted(document["artifacts"] + [artifact],
                                   key=lambda one: one["path"])
    for report in document["reports"]:
        if report["collector"] == "logs":
            report["artifactCount"] += 1
            report["byteCount"] += artifact["byteCount"]
    with open(manifest, "w", encoding="utf-8") as file:
        json.dump(document, file, sort_keys=True)


def tell(*arguments, **options):
    """Runs another program; what it printed. It must end well."""
    done = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env=harness.environment(), check=False, timeout=harness.PATIENCE,
                          **options)
    told = done.stdout.decode("utf-8", "replace")
    assert done.returncode == 0, "%s: %s" % (" ".join(arguments), told)
    return told


class Archives(unittest.TestCase):
    """A host folder with a file that does not compress, one of several MiB and one beyond ASCII."""

    @classmethod
    def setUpClass(cls):
        cls.base = tempfile.mkdtemp(prefix="diagbundle-e2e-")
        cls.addClassCleanup(shutil.rmtree, cls.base, ignore_errors=True)
        cls.host = host_folder(cls.base)
        cls.top = os.path.basename(cls.host)
        cls.noise = os.urandom(3 * MIB)
        add(cls.host, "logs/noise", lambda file: file.write(cls.noise))
        add(cls.host, "logs/large.txt", lambda file: file.write(
            b"".join(b"request %d\n" % number for number in range(200000))))
        add(cls.host, "logs/gr\u00fcn.txt", lambda file: file.write(b"green\n"))
        cls.names = harness.files_below(cls.host)

    def setUp(self):
        self.folder = tempfile.mkdtemp(dir=self.base)

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def archive(self, name, *options, host=None):
        target = self.path(name)
        outcome = harness.run("archive", host or self.host, "-o", target, *options)
        self.assertEqual(outcome.status, 0, str(outcome))
        return target

    def same(self, folder, names=None):
        """Whether `folder` holds the files of the host folder, and no more."""
        self.assertEqual(harness.files_below(folder), names or self.names)
        for name in names or self.names:
            self.assertEqual(harness.content(os.path.join(folder, name)),
                             harness.content(os.path.join(self.host, name)), name)


class Zip(Archives):
    """`archive --format zip`."""

    def test_python_reads_it_and_every_field_is_as_it_should_be(self):
        started = harness.schema_time(harness.read_json(self.host, "manifest.json")["started"])
        with zipfile.ZipFile(self.archive("b.zip")) as bundle:
            self.assertIsNone(bundle.testzip())
            members = bundle.infolist()
            files = [one for one in members if not one.is_dir()]
            self.assertEqual(sorted(one.filename for one in files),
                             sorted("%s/%s" % (self.top, name) for name in self.names))
            self.assertEqual(members[-1].filename, self.top + "/manifest.json")
            for one in members:
                self.assertEqual(one.external_attr >> 16, 0o40700 if one.is_dir() else 0o100600)
                self.assertEqual(one.create_system, 3)
                self.assertEqual(one.flag_bits & 0x800 != 0, not one.filename.isascii())
                self.assertEqual(one.extra[:5], b"UT\x05\x00\x01")
                self.assertEqual(int.from_bytes(one.extra[5:9], "little"), int(started))
            for name in self.names:
                self.assertEqual(bundle.read("%s/%s" % (self.top, name)),
                                 harness.content(os.path.join(self.host, name)), name)
            by_name = {one.filename[len(self.top) + 1:]: one for one in files}
            self.assertEqual(by_name["logs/noise"].compress_type, zipfile.ZIP_STORED)
            # What is stored has its checksum and sizes before it.
            self.assertEqual(by_name["logs/noise"].flag_bits & 8, 0)
            large = by_name["logs/large.txt"]
            self.assertEqual(large.compress_type, zipfile.ZIP_DEFLATED)
            self.assertLess(large.compress_size, large.file_size // 2)

    def test_other_programs_read_it(self):
        path = self.archive("b.zip")
        for number, (program, *arguments) in enumerate((
                ("unzip", "-q", path, "-d"), ("bsdtar", "-xf", path, "-C"),
                ("7z", "x", "-y", "-bso0", path, "-o"), ("busybox", "unzip", "-q", path, "-d"))):
            with self.subTest(program):
                if not shutil.which(program):
                    self.skipTest("%s is not installed" % program)
                target = self.path(str(number))
                os.mkdir(target)
                if program == "7z":
                    arguments[-1] += target
                else:
                    arguments.append(target)
                tell(program, *arguments)
                self.same(os.path.join(target, self.top))

    def test_the_same_bytes_each_time_and_at_any_number_of_threads(self):
        made = {harness.sha256(harness.content(self.archive("%d.zip" % number, *options)))
                for number, options in enumerate(((), ("--threads", "1"), ("--threads", "5"),
                                                  ("--memory", "24M", "--format", "zip")))}
        self.assertEqual(len(made), 1)

    def test_in_volumes_it_has_the_same_bytes(self):
        whole = self.archive("b.zip")
        path = self.archive("v.zip", "--split", "1M")
        self.assertFalse(os.path.exists(path))
        volumes = sorted(name for name in os.listdir(self.folder) if name.startswith("v.zip."))
        self.assertEqual(volumes[0], "v.zip.001")
        self.assertEqual(
            b"".join(harness.content(self.path(name)) for name in volumes),
            harness.content(whole))
        for name in ("v.zip", volumes[-1]):
            outcome = harness.run("verify", self.path(name))
            self.assertEqual(outcome.status, COMPLETE, str(outcome))

    def test_collect_makes_one(self):
        root = harness.fixture_root(self.folder)
        output = self.path("logs")
        outcome = harness.run("collect", "--output", output, "--root", root, "--only",
                              "logs,system", "--format", "zip", "--archive-only")
        self.assertIn(outcome.status, (COMPLETE, PARTIAL), str(outcome))
        self.assertEqual(len(os.listdir(output)), 1)
        path = os.path.join(output, os.listdir(output)[0])
        self.assertTrue(path.endswith("Z.zip"), path)
        with zipfile.ZipFile(path) as bundle:
            self.assertIsNone(bundle.testzip())
        outcome = harness.run("verify", path)
        self.assertEqual(outcome.status, COMPLETE, str(outcome))

    def test_nothing_is_deflated_when_nothing_is_to_be(self):
        with zipfile.ZipFile(self.archive("b.zip", "--compression", "none")) as bundle:
            self.assertIsNone(bundle.testzip())
            self.assertEqual({one.compress_type for one in bundle.infolist()},
                             {zipfile.ZIP_STORED})
            self.assertEqual({one.flag_bits & 8 for one in bundle.infolist()}, {0})

    def test_options_that_contradict_each_other(self):
        for arguments, words in (
                (("-o", "b.tar.xz", "--format", "zip"), "the name of a zip ends in .zip"),
                (("-o", "b.zip", "--format", "tar"), "is that of a zip"),
                (("-o", "b.zip", "--compression", "zstd"), "it has no zstd"),
                (("-o", "b.zip", "--level", "0"), "a number from 1 to 9 is needed for zip"),
                (("-o", "b.rar", "--format", "rar"), "--format: tar or zip is needed")):
            outcome = harness.run("archive", self.host, *arguments, cwd=self.folder)
            self.assertEqual(outcome.status, USAGE, str(outcome))
            self.assertIn(words, outcome.told)
        self.assertEqual(os.listdir(self.folder), [])

    def test_flipped_byte_in_a_member(self):
        path = self.archive("b.zip")
        data = bytearray(harness.content(path))
        place = data.index(self.noise[:64]) + 1000
        data[place] ^= 1
        harness.write(path, bytes(data))
        outcome = harness.run("verify", path)
        self.assertEqual(outcome.status, FAILED, str(outcome))

    def test_cut(self):
        path = self.archive("b.zip")
        data = harness.content(path)
        for count in (1000, len(data) // 2, len(data) - 1, len(data) - 30):
            harness.write(path, data[:count])
            outcome = harness.run("verify", path)
            self.assertEqual(outcome.status, FAILED, "%d bytes: %s" % (count, outcome))


class Foreign(Archives):
    """Archives that other programs made are read from start to end, and a note says so."""

    def made(self):
        """One archive of each form, by its name."""
        plain = self.path("b.tar")
        with tarfile.open(plain, "w", format=tarfile.PAX_FORMAT) as archive:
            for name in [one for one in self.names if one != "manifest.json"] + ["manifest.json"]:
                archive.add(os.path.join(self.host, name), "%s/%s" % (self.top, name))
        data = harness.content(plain)
        harness.write(plain + ".gz", gzip.compress(data))
        harness.write(plain + ".xz", lzma.compress(data))
        forms = [plain, plain + ".gz", plain + ".xz", self.path("b.zip")]
        with zipfile.ZipFile(forms[-1], "w", zipfile.ZIP_DEFLATED) as archive:
            for name in self.names:
                archive.write(os.path.join(self.host, name), "%s/%s" % (self.top, name))
        if shutil.which("zstd"):
            tell("zstd", "-q", plain)
            forms.append(plain + ".zst")
        forms.append(self.archive("own.zip"))
        return forms

    def test_every_command_reads_every_form(self):
        expected = sorted((name, os.path.getsize(os.path.join(self.host, name)),
                           digest(os.path.join(self.host, name))) for name in self.names)
        syslog = next(name for name in self.names if name.endswith("syslog"))
        for form in self.made():
            with self.subTest(os.path.basename(form)):
                listed = harness.run("list", "--json", form)
                members = [json.loads(line) for line in listed.out.splitlines()]
                self.assertEqual(sorted((one["path"][len(self.top) + 1:], one["byteCount"],
                                         one["sha256"]) for one in members), expected)
                green = harness.run("cat", form, "logs/gr\u00fcn.txt")
                self.assertEqual(green.out, "green\n", str(green))
                found = harness.run("grep", "needle", form)
                self.assertEqual(found.out, "%s/%s:needle\n" % (self.top, syslog))
                target = form + ".out"
                some = harness.run("extract", form, syslog, "-C", target)
                self.same(os.path.join(target, self.top), [syslog])
                verified = harness.run("verify", form)
                self.assertEqual(verified.status, 0, str(verified))
                for outcome in (listed, green, found, some, verified):
                    self.assertEqual(outcome.err.count(NOTE), 1, str(outcome))
                whole = harness.run("extract", form, "-C", target + "2")
                self.assertEqual(whole.status, 0, str(whole))
                self.same(os.path.join(target + "2", self.top))

    def test_own_bundle_is_not_said_to_be_slow(self):
        path = self.archive("b.tar.xz")
        for command in (("list", path), ("verify", path), ("cat", path, "logs/noise")):
            outcome = harness.run(*command)
            self.assertEqual(outcome.status, 0, str(outcome))
            self.assertNotIn(NOTE, outcome.err)


class Sparse(Archives):
    """Files with holes."""

    SIZE = 300 * MIB
    NAME = "logs/sparse.bin"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()

        def write(file):
            for place in (0, 100 * MIB + 5, cls.SIZE - 40 * MIB):
                file.seek(place)
                file.write(b"data at %d\n" % place)
            file.truncate(cls.SIZE)
        add(cls.host, cls.NAME, write)
        cls.names = harness.files_below(cls.host)

    def same_sparse(self, path):
        """Whether the file has the content and the holes."""
        self.assertEqual(os.path.getsize(path), self.SIZE)
        self.assertEqual(digest(path), digest(os.path.join(self.host, self.NAME)))
        self.assertLess(os.stat(path).st_blocks * 512, 8 * MIB)

    def test_holes_survive(self):
        for name in ("b.tar.xz", "b.tar.zst", "b.tar"):
            with self.subTest(name):
                form = {"b.tar.zst": "zstd", "b.tar": "none"}.get(name, "xz")
                path = self.archive(name, "--compression", form)
                whole, some = self.path(form), self.path(form + "-some")
                for outcome in (harness.run("extract", path, "-C", whole),
                                harness.run("extract", path, self.NAME, "-C", some),
                                harness.run("verify", path)):
                    self.assertEqual(outcome.status, 0, str(outcome))
                self.same_sparse(os.path.join(whole, self.top, self.NAME))
                self.same_sparse(os.path.join(some, self.top, self.NAME))
                listed = [json.loads(line)
                          for line in harness.run("list", "--json", path).out.splitlines()]
                member = next(one for one in listed if one["path"].endswith(self.NAME))
                self.assertEqual(member["byteCount"], self.SIZE)
                self.assertEqual(member["sha256"], digest(os.path.join(self.host, self.NAME)))
                found = harness.run("grep", "-F", "data at 104857605", path, self.NAME)
                self.assertIn(b"data at 104857605", found.out_bytes)
        self.assertLess(os.path.getsize(self.path("b.tar")), 100 * MIB)

    def test_content_is_mapped_back(self):
        path = self.archive("b.tar.xz")
        with open(self.path("content"), "wb") as file:
            outcome = harness.run("cat", path, self.NAME, stdout=file)
        self.assertEqual(outcome.status, 0, str(outcome))
        self.assertEqual(digest(self.path("content")),
                         digest(os.path.join(self.host, self.NAME)))

    def test_holes_survive_salvage(self):
        path = self.archive("b.tar.xz")
        data = harness.content(path)
        harness.write(path, data[:len(data) - 400])  # Neither a table of blocks nor an index.
        target = self.path("saved")
        outcome = harness.run("extract", "--salvage", path, "-C", target)
        self.assertEqual(outcome.status, PARTIAL, str(outcome))
        self.same_sparse(os.path.join(target, self.top, self.NAME))

    def test_other_programs_read_it(self):
        path = self.archive("b.tar.xz")
        for program in ("tar", "bsdtar"):
            with self.subTest(program):
                if not shutil.which(program):
                    self.skipTest("%s is not installed" % program)
                target = self.path(program)
                os.mkdir(target)
                tell(program, "-xf", path, "-C", target)
                self.same_sparse(os.path.join(target, self.top, self.NAME))
                os.unlink(os.path.join(target, self.top, "members.index"))
                self.assertEqual(harness.files_below(os.path.join(target, self.top)), self.names)
        with tarfile.open(path) as archive:
            member = archive.getmember("%s/%s" % (self.top, self.NAME))
            self.assertEqual(member.size, self.SIZE)
            self.assertTrue(member.issparse())
            content = archive.extractfile(member)
            content.seek(100 * MIB + 5)
            self.assertEqual(content.read(8), b"data at ")

    def test_content_decides_and_not_the_file_system(self):
        """A copy of the folder whose file has no holes gives the same bytes."""
        copy = self.path("copy", self.top)
        shutil.copytree(self.host, copy)
        full = os.path.join(copy, self.NAME)
        with open(os.path.join(self.host, self.NAME), "rb") as source, open(full, "wb") as target:
            while part := source.read(MIB):
                target.write(part)
        self.assertGreater(os.stat(full).st_blocks * 512, 200 * MIB)
        made = {harness.sha256(harness.content(self.archive("%s.tar.xz" % name, host=host)))
                for name, host in (("holes", self.host), ("full", copy))}
        self.assertEqual(len(made), 1)

    def test_written_full_for_programs_without_it(self):
        path = self.archive("b.tar.xz", "--no-sparse")
        with tarfile.open(path) as archive:
            self.assertFalse(any(one.issparse() for one in archive))
        self.assertEqual(harness.run("verify", path).status, 0)
        if not shutil.which("busybox"):
            self.skipTest("busybox is not installed")
        target = self.path("busybox")
        os.mkdir(target)
        tell("busybox", "tar", "-xJf", path, "-C", target)
        self.assertEqual(digest(os.path.join(target, self.top, self.NAME)),
                         digest(os.path.join(self.host, self.NAME)))

    def test_holes_of_other_programs(self):
        """GNU tar writes four forms of them."""
        for form in (("--format=gnu",), ("--format=pax", "--sparse-version=0.0"),
                     ("--format=pax", "--sparse-version=0.1"),
                     ("--format=pax", "--sparse-version=1.0")):
            with self.subTest(" ".join(form)):
                path = self.path("gnu.tar")
                tell("tar", "-cSf", path, *form, "--exclude=manifest.json", "-C",
                     os.path.dirname(self.host), self.top)
                tell("tar", "-rf", path, form[0], "-C", os.path.dirname(self.host),
                     self.top + "/manifest.json")
                self.assertLess(os.path.getsize(path), 100 * MIB)
                outcome = harness.run("verify", path)
                self.assertEqual(outcome.status, 0, str(outcome))
                target = self.path("out")
                shutil.rmtree(target, ignore_errors=True)
                outcome = harness.run("extract", path, self.NAME, "-C", target)
                self.assertEqual(outcome.status, 0, str(outcome))
                self.same_sparse(os.path.join(target, self.top, self.NAME))

    def test_map_that_lies(self):
        """A pax archive of one sparse file whose map is not as it should be."""
        million = b"1000000\n" + b"".join(b"%d\n1\n" % (2 * index) for index in range(10 ** 6))
        for number, (text, size, data) in enumerate((
                (b"2\n0\n1000\n500\n1000\n", 4000, bytes(2000)),
                (b"2\n500\n1000\n0\n100\n", 4000, bytes(1100)),
                (b"2\n0\n1000\n5000\n1000\n", 4000, bytes(2000)),
                (b"1\n0\n4000\n", 8000, bytes(10)),
                (b"abc\n1\n2\n", 4000, bytes(10)),
                (b"1\n-5\n10\n", 4000, bytes(10)),
                (b"99999999999999999999999\n0\n10\n", 4000, bytes(10)),
                (b"9000000\n0\n10\n", 4000, bytes(10)),
                (million, 4 * MIB, bytes(10 ** 6)))):
            for command in ("extract", "verify", "list"):
                with self.subTest(number, command=command):
                    path = self.path("lies.tar")
                    content = text + bytes(-len(text) % 512) + data
                    member = tarfile.TarInfo("h/GNUSparseFile.0/x")
                    member.size = len(content)
                    member.pax_headers = {
                        "GNU.sparse.major": "1", "GNU.sparse.minor": "0",
                        "GNU.sparse.name": "h/x", "GNU.sparse.realsize": str(size)}
                    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as archive:
                        archive.addfile(member, io.BytesIO(content))
                    arguments = ("-C", self.path("out")) if command == "extract" else ()
                    outcome = harness.run(command, path, *arguments, timeout=60)
                    self.assertEqual(outcome.status, FAILED, str(outcome))
                    self.assertFalse(os.path.exists(self.path("out", "h", "x")))

    def test_20_gib_of_holes(self):
        """Only what is data is read; the file's hash takes the time."""
        host = self.path(self.top)
        shutil.copytree(self.host, host, ignore=shutil.ignore_patterns("sparse.bin"))
        path = os.path.join(host, self.NAME)
        with open(path, "wb") as file:
            file.truncate(20 << 30)
            file.seek(7 << 30)
            file.write(b"here")
        manifest = os.path.join(host, "manifest.json")
        document = harness.read_json(manifest)
        for artifact in document["artifacts"]:
            if artifact["path"] == self.NAME:
                document_size = artifact["byteCount"]
                artifact["byteCount"] = 20 << 30
                del artifact["sha256"]  # Sealing finds it.
        for report in document["reports"]:
            if report["collector"] == "logs":
                report["byteCount"] += (20 << 30) - document_size
        with open(manifest, "w", encoding="utf-8") as file:
            json.dump(document, file, sort_keys=True)
        bundle = self.archive("b.tar", "--compression", "none", host=host)
        self.assertLess(os.path.getsize(bundle), 100 * MIB)
        target = self.path("out")
        os.mkdir(target)
        tell("tar", "-xf", bundle, "-C", target)
        copy = os.path.join(target, self.top, self.NAME)
        self.assertEqual(os.path.getsize(copy), 20 << 30)
        self.assertLess(os.stat(copy).st_blocks * 512, 8 * MIB)


if __name__ == "__main__":
    unittest.main()
