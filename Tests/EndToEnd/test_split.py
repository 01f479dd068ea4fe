"""Bundles in volumes: archive --split, joining them with cat, and reading them as they are."""

import glob
import json
import lzma
import os
import random
import shutil
import signal
import subprocess
import tempfile
import unittest

import harness
from harness import CANNOT_CREATE, FAILED, INPUT_OUTPUT, PARTIAL, UNAVAILABLE, USAGE
from test_old_kernels import why_no_injection

MIB = 1 << 20
# Names that the collector of logs knows.
LOGS = ("daemon.log", "mail.log", "messages", "user.log", "kern.log")
FORMATS = ("xz", "zstd", "none")


def noise(source, count):
    """Lines that do not compress."""
    lines = []
    while count > 0:
        lines.append(source.randbytes(99).replace(b"\n", b".") + b"\n")
        count -= 100
    return b"".join(lines)


class Split(unittest.TestCase):
    """A host folder whose bundle has several MiB, whatever compresses it."""

    @classmethod
    def setUpClass(cls):
        cls.base = tempfile.mkdtemp(prefix="diagbundle-e2e-")
        cls.addClassCleanup(shutil.rmtree, cls.base, ignore_errors=True)
        cls.host = cls.host_folder("large", 1500000)
        cls.small = cls.host_folder("small", 300000)
        cls.top = os.path.basename(cls.host)
        cls.names = harness.files_below(cls.host)
        cls.whole, cls.volumes = {}, {}
        for compression in FORMATS:
            place = os.path.join(cls.base, compression)
            cls.whole[compression] = cls.archive(
                cls.host, os.path.join(place, "whole"), "--compression", compression)
            cls.volumes[compression] = os.path.join(place, "b.tar")
            cls.archive(cls.host, cls.volumes[compression], "--compression", compression,
                        "--split", "1M")

    @classmethod
    def host_folder(cls, name, count):
        place = os.path.join(cls.base, name)
        root = harness.fixture_root(place)
        source = random.Random(count)
        for log in LOGS:
            harness.write(os.path.join(root, "var/log", log), noise(source, count))
        outcome = harness.run("collect", "--output", os.path.join(place, "logs"), "--root", root,
                              "--only", "logs,system")
        assert outcome.status in (0, PARTIAL), str(outcome)
        return harness.host_folder(os.path.join(place, "logs"))

    @staticmethod
    def archive(host, path, *options):
        outcome = harness.run("archive", host, "-o", path, *options)
        assert (outcome.status, outcome.err) == (0, ""), str(outcome)
        return path

    def setUp(self):
        self.folder = tempfile.mkdtemp(dir=self.base)

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def copy(self, compression):
        """A copy of the volumes; the name of the whole, and the paths of the volumes."""
        place = tempfile.mkdtemp(dir=self.folder)
        for path in self.set_of(self.volumes[compression]):
            shutil.copyfile(path, os.path.join(place, os.path.basename(path)))
        whole = os.path.join(place, "b.tar")
        return whole, self.set_of(whole)

    @staticmethod
    def set_of(path):
        return sorted(glob.glob(glob.escape(path) + ".*"))

    @staticmethod
    def joined(path):
        """What cat makes of a set, by the shell's own glob."""
        return subprocess.run(["sh", "-c", 'cat "$1".*', "sh", path], check=True,
                              stdout=subprocess.PIPE).stdout

    # --- writing

    def test_joined_by_cat_they_are_the_bundle(self):
        tests = {"xz": ["xz", "-t"], "zstd": ["zstd", "-q", "-t"], "none": ["tar", "-tf", "-"]}
        for compression in FORMATS:
            whole = harness.content(self.whole[compression])
            for text, size in (("1M", MIB), ("1048577", MIB + 1), ("1500KB", 1500000),
                               ("3MiB", 3 * MIB), ("1G", 1 << 30)):
                with self.subTest("%s %s" % (compression, text)):
                    path = self.path("b-%s-%s" % (compression, text))
                    self.archive(self.host, path, "--compression", compression, "--split", text)
                    volumes = self.set_of(path)
                    count = -(-len(whole) // size)
                    self.assertEqual(volumes, ["%s.%03d" % (path, number + 1)
                                               for number in range(count)])
                    sizes = [os.stat(volume).st_size for volume in volumes]
                    self.assertEqual(set(sizes[:-1]) - {size}, set())
                    self.assertTrue(0 < sizes[-1] <= size, sizes)
                    joined = self.joined(path)
                    self.assertTrue(joined == whole)
                    if shutil.which(tests[compression][0]):
                        subprocess.run(tests[compression], input=joined, check=True,
                                       stdout=subprocess.DEVNULL)
        self.assertEqual([name for name in os.listdir(self.folder) if name.startswith(".")], [])

    def test_all_volumes_are_told_with_their_hashes(self):
        path = self.path("b.tar.xz")
        outcome = harness.run("archive", self.host, "-o", path, "--split", "1M", "--json")
        self.assertEqual((outcome.status, outcome.err), (0, ""), str(outcome))
        document = json.loads(outcome.out)
        volumes = self.set_of(path)
        whole = self.joined(path)
        self.assertEqual(document, {
            "path": path, "byteCount": len(whole), "sha256": harness.sha256(whole),
            "volumes": [{"path": volume, "byteCount": os.stat(volume).st_size,
                         "sha256": harness.sha256(harness.content(volume))}
                        for volume in volumes]})
        outcome = harness.run("archive", self.host, "-o", path, "--split", "1M")
        for volume in document["volumes"]:
            self.assertIn("%s\n" % volume["path"], outcome.out)
            self.assertIn(volume["sha256"], outcome.out)
        self.assertIn("%d volumes" % len(volumes), outcome.out.splitlines()[-1])
        self.assertIn(document["sha256"], outcome.out.splitlines()[-1])
        outcome = harness.run("archive", self.host, "-o", path, "--json")
        self.assertEqual(json.loads(outcome.out), {
            "path": path, "byteCount": len(whole), "sha256": harness.sha256(whole)})

    def test_sizes_that_are_refused(self):
        for size, word in (("1048575", "1.0 MiB (1048576 bytes)"), ("0", "1.0 MiB"),
                           ("25K", "1.0 MiB"), ("many", "a byte count"), ("-1", "--split")):
            outcome = harness.run("archive", self.host, "-o", self.path("b"), "--split=" + size)
            self.assertEqual(outcome.status, USAGE, str(outcome))
            self.assertIn(word, outcome.told)
        self.assertEqual(os.listdir(self.folder), [])

    def test_nothing_of_an_older_set_is_left(self):
        path = self.path("b.tar")
        options = ("--compression", "none", "--split")
        self.archive(self.host, path, *options, "1M")
        many = len(self.set_of(path))
        harness.write(path, "of another name")
        harness.write(path + ".sha256", "of another name, too")
        self.archive(self.small, path, *options, "1M")
        os.unlink(path + ".sha256")
        self.assertLess(len(self.set_of(path)), many)
        self.assertEqual(harness.content(path), b"of another name")
        os.unlink(path)
        self.archive(self.small, self.path("whole"), "--compression", "none")
        self.assertEqual(self.joined(path), harness.content(self.path("whole")))
        self.assertEqual(harness.run("verify", path).status, 0)

    def test_what_is_no_file_is_not_replaced(self):
        os.mkdir(self.path("b.tar.002"))
        os.symlink("/dev/null", self.path("c.tar.001"))
        os.mkdir(self.path("d"))
        outcome = harness.run("archive", self.host, "-o", self.path("d"), "--split", "1M")
        self.assertEqual(outcome.status, CANNOT_CREATE, str(outcome))
        os.rmdir(self.path("d"))
        for name, word in (("b.tar", "directory"), ("c.tar", "symbolic link")):
            outcome = harness.run("archive", self.host, "-o", self.path(name), "--split", "1M")
            self.assertEqual(outcome.status, CANNOT_CREATE, str(outcome))
            self.assertIn(word, outcome.told)
            self.assertIn(self.path(name + ".00"), outcome.told)
        self.assertEqual(sorted(os.listdir(self.folder)), ["b.tar.002", "c.tar.001"])

    @harness.in_namespace()
    def test_full_disk_leaves_the_older_set(self):
        place = self.path("disk")
        os.mkdir(place)
        harness.mount("small-disk", place, "tmpfs", 0, "size=6m")
        path = os.path.join(place, "b.tar")
        options = ("--compression", "none", "--split", "1M")
        self.archive(self.small, path, *options)
        before = {name: harness.content(os.path.join(place, name)) for name in os.listdir(place)}
        outcome = harness.run("archive", self.host, "-o", path, *options)
        self.assertEqual(outcome.status, INPUT_OUTPUT, str(outcome))
        self.assertIn("No space left", outcome.told)
        self.assertIn(place, outcome.told)
        after = {name: harness.content(os.path.join(place, name)) for name in os.listdir(place)}
        self.assertEqual(sorted(after), sorted(before))
        self.assertTrue(after == before)

    def injected(self, injection, *arguments):
        """Runs the program under strace, which injects; strace ends as the program does."""
        if why_no_injection():
            self.skipTest(why_no_injection())
        return harness.run("-f", "-qq", "-o", self.path("trace"), "-e",
                           "trace=" + injection.split(":")[0], "-e", "inject=" + injection,
                           harness.BINARY, *arguments, binary=shutil.which("strace"), timeout=120)

    def test_killed_at_any_name_no_set_looks_whole_that_is_not(self):
        place, path = self.path("set"), self.path("set", "b.tar")
        options = ("--compression", "none", "--split", "1M")
        self.archive(self.host, path, *options)
        old = self.joined(path)
        kept = {name: harness.content(os.path.join(place, name)) for name in os.listdir(place)}
        self.archive(self.small, self.path("new"), "--compression", "none")
        new = harness.content(self.path("new"))
        killed, kinds = 0, set()
        # strace counts each call for itself.
        for calls in ("unlink,unlinkat", "rename,renameat,renameat2"):
            for number in range(1, 60):
                shutil.rmtree(place)
                for name, data in kept.items():
                    harness.write(os.path.join(place, name), data)
                outcome = self.injected(
                    "%s:signal=SIGKILL:when=%d" % (calls, number),
                    "archive", self.small, "-o", path, *options)
                if outcome.status == 0:
                    break
                self.assertIn(outcome.status, (-signal.SIGKILL, 128 + signal.SIGKILL),
                              str(outcome))
                killed += 1
                if os.path.exists(path + ".001"):
                    joined = self.joined(path)
                    self.assertTrue(joined in (old, new), sorted(os.listdir(place)))
                    self.assertEqual(harness.run("verify", path).status, 0)
                    kinds.add("old" if joined == old else "new")
                else:
                    outcome = harness.run("list", path)
                    self.assertIn(outcome.status, (FAILED, UNAVAILABLE), str(outcome))
                    kinds.add("none")
            else:
                self.fail("it was killed each time")
        # Older volumes go one by one, and new names come one by one.
        self.assertGreater(killed, len(kept))
        self.assertLessEqual({"old", "none"}, kinds)
        # The next run removes what the last one left.
        shutil.rmtree(place)
        harness.write(os.path.join(place, ".b.tar.0009.partial"), "left")
        self.archive(self.small, path, *options)
        self.assertEqual([name for name in os.listdir(place) if name.startswith(".")], [])
        self.assertTrue(self.joined(path) == new)

    def test_names_that_cannot_be_given_leave_nothing(self):
        path = self.path("b.tar")
        outcome = self.injected("rename,renameat,renameat2:error=EIO:when=2", "archive", self.host,
                                "-o", path, "--compression", "none", "--split", "1M")
        self.assertEqual(outcome.status, INPUT_OUTPUT, str(outcome))
        self.assertIn("Input/output error", outcome.told)
        self.assertEqual([name for name in os.listdir(self.folder) if "b.tar" in name], [])

    # --- reading

    def test_every_command_reads_the_volumes_as_the_bundle(self):
        wanted = [name for name in self.names if name.startswith("logs/")]
        for compression in FORMATS:
            volumes = self.set_of(self.volumes[compression])
            self.assertGreater(len(volumes), 5)
            whole = self.whole[compression]
            for path in (volumes[0], volumes[3], volumes[-1], self.volumes[compression]):
                for arguments in (("list", None), ("list", "--json", None),
                                  ("cat", None, "summary.txt"), ("cat", None, "manifest.json"),
                                  ("grep", "-c", "[a-z]{4}", None),
                                  ("grep", "first line", None, "logs")):
                    one, other = (
                        harness.run(*[place if part is None else part for part in arguments])
                        for place in (path, whole))
                    self.assertEqual((one.status, one.err), (0, ""), str(one))
                    self.assertEqual((one.status, one.out_bytes), (other.status, other.out_bytes))
                outcome = harness.run("verify", path)
                self.assertEqual((outcome.status, outcome.err), (0, ""), str(outcome))
            for name in self.names:
                outcome = harness.run("cat", volumes[0], name)
                self.assertEqual((outcome.status, outcome.err), (0, ""), str(outcome))
                self.assertTrue(
                    outcome.out_bytes == harness.content(os.path.join(self.host, name)), name)
            for paths, expected in (((), self.names), (("logs",), wanted)):
                target = self.path("%s-%d" % (compression, len(paths)))
                outcome = harness.run("extract", volumes[0], *paths, "-C", target)
                self.assertEqual((outcome.status, outcome.err), (0, ""), str(outcome))
                self.assertEqual(harness.files_below(os.path.join(target, self.top)), expected)
                for name in expected:
                    self.assertTrue(
                        harness.content(os.path.join(target, self.top, name))
                        == harness.content(os.path.join(self.host, name)), name)

    def test_volumes_of_another_program(self):
        """Any archive that split(1) cut into parts with such names is read, too."""
        for suffix, data in (("tar.xz", lzma.compress(harness.content(self.whole["none"]))),
                             ("tar", harness.content(self.whole["none"]))):
            path = self.path("foreign." + suffix)
            for number, start in enumerate(range(0, len(data), 900001)):
                harness.write("%s.%03d" % (path, number + 1), data[start:start + 900001])
            for place in (path, path + ".002"):
                outcome = harness.run("verify", place)
                self.assertEqual((outcome.status, outcome.err), (0, ""), str(outcome))

    def test_what_is_wrong_with_a_volume_is_said(self):
        def missing(volumes, number):
            os.unlink(volumes[number])

        def cut(volumes, number):
            os.truncate(volumes[number], os.stat(volumes[number]).st_size // 2)

        def swapped(volumes, number):
            os.rename(volumes[number], self.path("aside"))
            os.rename(volumes[number + 2], volumes[number])
            os.rename(self.path("aside"), volumes[number + 2])

        def doubled(volumes, number):
            shutil.copyfile(volumes[0], volumes[number])

        cases = [
            (missing, 0, 0, "volume 1 of the set is missing"),
            (missing, 3, 3, "volume 4 of the set is missing"),
            (missing, -1, -2, "is missing"),
            (cut, 0, 0, "volume 1 of the set is shorter"),
            (cut, 3, 3, "volume 4 of the set is shorter"),
            (cut, -1, -1, "it is cut"),
            (swapped, 0, 0, "volume 1 does not begin the bundle: volume 3 does"),
            (doubled, 1, 1, "volume 1 once more"),
        ]
        for compression in FORMATS:
            for change, number, culprit, word in cases:
                with self.subTest("%s %s %d" % (compression, change.__name__, number)):
                    whole, volumes = self.copy(compression)
                    self.assertGreater(len(volumes), 5)
                    change(volumes, number)
                    for arguments, status in (
                            (("list", whole), FAILED), (("cat", whole, "summary.txt"), FAILED),
                            (("grep", "x", whole), INPUT_OUTPUT),
                            (("extract", whole, "-C", self.path("out")), FAILED),
                            (("extract", whole, "logs", "-C", self.path("out")), FAILED),
                            (("verify", whole), FAILED), (("list", volumes[3]), FAILED)):
                        outcome = harness.run(*arguments)
                        self.assertEqual(outcome.status, status, str(outcome))
                        said = " ".join((outcome.out + outcome.err).split())
                        self.assertIn(volumes[culprit], said)
                        self.assertIn(word, said)
                    self.assertFalse(os.path.exists(self.path("out")))

    def test_swapped_inside_one_member_is_never_taken_for_right(self):
        for compression in FORMATS:
            for one, other in ((1, 2), (2, 4), (3, 4)):
                whole, volumes = self.copy(compression)
                os.rename(volumes[one], self.path("aside"))
                os.rename(volumes[other], volumes[one])
                os.rename(self.path("aside"), volumes[other])
                outcome = harness.run("verify", whole)
                self.assertEqual(outcome.status, FAILED, str(outcome))
                for name in self.names:
                    outcome = harness.run("cat", whole, name)
                    if outcome.status == 0:
                        self.assertTrue(outcome.out_bytes
                                        == harness.content(os.path.join(self.host, name)), name)

    def test_salvage_of_the_volumes_that_are_there(self):
        for compression in FORMATS:
            for gone in ([0], [3], [-1], [1, 4]):
                with self.subTest("%s %s" % (compression, gone)):
                    whole, volumes = self.copy(compression)
                    for number in gone:
                        os.unlink(volumes[number])
                    target = os.path.join(os.path.dirname(whole), "saved")
                    outcome = harness.run("extract", "--salvage", whole, "-C", target)
                    self.assertEqual(outcome.status, PARTIAL, str(outcome))
                    self.assertIn("volume", outcome.err)
                    self.assertIn("is missing", outcome.told)
                    names = harness.files_below(os.path.join(target, self.top))
                    self.assertTrue(names)
                    for name in names:
                        self.assertTrue(
                            harness.content(os.path.join(target, self.top, name))
                            == harness.content(os.path.join(self.host, name)), name)

    def test_no_set_is_told_as_no_file(self):
        for arguments in (("list", self.path("b")), ("list", self.path("b.001")),
                          ("cat", self.path("b"), "x"), ("verify", self.path("b"))):
            outcome = harness.run(*arguments)
            self.assertEqual(outcome.status, UNAVAILABLE, str(outcome))
            self.assertIn(self.path("b"), outcome.told)

    def test_a_file_with_a_number_in_its_name_is_read_alone(self):
        for name in ("case.4711", "case.123", "case.001"):
            shutil.copyfile(self.whole["xz"], self.path(name))
            outcome = harness.run("verify", self.path(name))
            self.assertEqual((outcome.status, outcome.err), (0, ""), str(outcome))
            os.unlink(self.path(name))


if __name__ == "__main__":
    unittest.main()
