"""Reading a bundle at random: list, cat, extract of some, grep; and saving what is left of one."""

import io
import json
import lzma
import os
import random
import re
import shutil
import subprocess
import tarfile
import tempfile
import unittest

import harness
from harness import FAILED, INPUT_OUTPUT, PARTIAL, UNAVAILABLE, USAGE


# Names that the collector of logs knows.
LOGS = ("daemon.log", "mail.log", "messages", "user.log")


class Reading(unittest.TestCase):
    """One bundle with logs of several blocks, and what other programs make of it."""

    @classmethod
    def setUpClass(cls):
        cls.base = tempfile.mkdtemp(prefix="diagbundle-e2e-")
        cls.addClassCleanup(shutil.rmtree, cls.base, ignore_errors=True)
        root = harness.fixture_root(cls.base)
        source = random.Random(7)
        for log in LOGS:
            lines = ["Jan 12 03:04:05 host app[1]: request %d took %d ms\n"
                     % (index, source.randrange(10 ** 9)) for index in range(20000)]
            harness.write(os.path.join(root, "var/log", log), "".join(lines))
        harness.write(os.path.join(root, "var/log/syslog"),
                      b"one\n\x1b[31mneedle\x1b[0m in red\nNEEDLE again\nthe end")
        output = os.path.join(cls.base, "logs")
        outcome = harness.run("collect", "--output", output, "--root", root, "--only", "logs,system")
        assert outcome.status in (0, PARTIAL), str(outcome)
        cls.bundle = harness.bundle(output)
        cls.host = harness.host_folder(output)
        cls.top = os.path.basename(cls.host)
        cls.names = harness.files_below(cls.host)
        cls.plain = os.path.join(cls.base, "plain.tar")
        with open(cls.plain, "wb") as file:
            file.write(lzma.decompress(harness.content(cls.bundle)))
        cls.foreign = os.path.join(cls.base, "foreign.tar.gz")
        with tarfile.open(cls.foreign, "w:gz") as archive:
            names = [name for name in cls.names if name != "manifest.json"] + ["manifest.json"]
            for name in names:
                archive.add(os.path.join(cls.host, name), "%s/%s" % (cls.top, name))

    def setUp(self):
        self.folder = tempfile.mkdtemp(dir=self.base)

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def in_host(self, name):
        return harness.content(os.path.join(self.host, name))

    def test_every_member_by_itself(self):
        for bundle in (self.bundle, self.plain):
            for name in self.names:
                outcome = harness.run("cat", bundle, name)
                self.assertEqual((outcome.status, outcome.err), (0, ""), str(outcome))
                self.assertEqual(outcome.out_bytes, self.in_host(name), name)

    def test_listing_as_json_has_what_the_index_knows(self):
        with tarfile.open(self.plain) as archive:
            offsets = {member.name: member.offset for member in archive if member.isfile()}
        offsets.pop("%s/members.index" % self.top)
        for bundle, has_blocks in ((self.bundle, True), (self.plain, False)):
            lines = [json.loads(line)
                     for line in harness.run("list", "--json", bundle).out.splitlines()]
            self.assertEqual({one["path"]: one["offset"] for one in lines}, offsets)
            self.assertEqual([one["path"] for one in lines],
                             sorted((one["path"] for one in lines), key=str.encode))
            for one in lines:
                data = self.in_host(one["path"][len(self.top) + 1:])
                self.assertEqual((one["byteCount"], one["sha256"]),
                                 (len(data), harness.sha256(data)), one)
                self.assertEqual("block" in one, has_blocks, one)

    def test_index_is_not_shown_and_not_unpacked(self):
        self.assertNotIn("members.index", harness.run("list", self.bundle).out)
        self.assertEqual(harness.run("cat", self.bundle, "members.index").status, UNAVAILABLE)
        harness.run("extract", self.bundle, "-C", self.folder)
        self.assertFalse(os.path.exists(self.path(self.top, "members.index")))

    def test_folder_unpacked_by_tar_verifies_and_gives_the_same_bundle(self):
        subprocess.run(["tar", "-xJf", self.bundle, "-C", self.folder], check=True)
        self.assertTrue(os.path.exists(self.path(self.top, "members.index")))
        outcome = harness.run("verify", self.path(self.top))
        self.assertEqual(outcome.status, 0, str(outcome))
        outcome = harness.run("archive", self.path(self.top), "-o", self.path("again.tar.xz"))
        self.assertEqual((outcome.status, outcome.err), (0, ""), str(outcome))
        self.assertEqual(harness.content(self.path("again.tar.xz")),
                         harness.content(self.bundle))

    def test_some_members_are_unpacked(self):
        wanted = [name for name in self.names if name.startswith("logs/")]
        outcome = harness.run("extract", self.bundle, "logs", "summary.txt", "-C", self.folder)
        self.assertEqual(outcome.status, 0, str(outcome))
        self.assertEqual(harness.files_below(self.path(self.top)), sorted(wanted + ["summary.txt"]))
        for name in wanted:
            self.assertEqual(harness.content(self.path(self.top, name)), self.in_host(name))
        outcome = harness.run("extract", self.bundle, "nothing", "-C", self.folder)
        self.assertEqual(outcome.status, UNAVAILABLE, str(outcome))
        self.assertIn("nothing", outcome.told)

    def wanted_lines(self, pattern, name):
        text = self.in_host(name).decode("utf-8", "replace")
        return [line for line in text.splitlines() if re.search(pattern, line)]

    def test_grep_finds_what_is_there_in_every_form_of_bundle(self):
        names = ["logs/syslog/" + log for log in LOGS]
        pattern = "request 1999[0-9] took [0-9]*7 ms$"
        wanted = sorted("%s/%s:%s" % (self.top, name, line)
                        for name in names for line in self.wanted_lines(pattern, name))
        self.assertTrue(wanted)
        for bundle in (self.bundle, self.plain, self.foreign):
            outcome = harness.run("grep", pattern, bundle)
            self.assertEqual(outcome.status, 0, str(outcome))
            self.assertEqual("no index of members" in outcome.err, bundle == self.foreign)
            self.assertEqual(len(outcome.err.splitlines()), bundle == self.foreign)
            self.assertEqual(sorted(outcome.out.splitlines()), wanted)

    def test_grep_options(self):
        def grep(*arguments):
            return harness.run("grep", *arguments)
        path = "%s/logs/syslog/syslog" % self.top
        where = [self.bundle, "logs/syslog"]
        self.assertEqual(grep("-n", "^NEEDLE", *where).out, "%s:3:NEEDLE again\n" % path)
        self.assertEqual(grep("-ic", "needle", *where).out, "%s:2\n" % path)
        self.assertEqual(grep("-il", "needle", *where).out, path + "\n")
        self.assertEqual(grep("-F", "[31mneedle", *where).out_bytes,
                         path.encode() + b":\x1b[31mneedle\x1b[0m in red\n")
        self.assertEqual(grep("end$", *where).out, "%s:the end\n" % path)
        terminal = harness.Terminal("grep", "red", *where)
        self.assertEqual(terminal.end(), 0)
        self.assertIn(b"\\x1B[31mneedle", terminal.data)
        self.assertNotIn(b"\x1b", terminal.data)

    def test_grep_exit_codes(self):
        for status, arguments in (
                (FAILED, ("no such thing", self.bundle, "logs")),
                (USAGE, ("(", self.bundle)),
                (USAGE, ("-lc", "x", self.bundle)),
                (UNAVAILABLE, ("x", self.bundle, "nothing")),
                (UNAVAILABLE, ("x", self.path("nothing")))):
            with self.subTest(arguments):
                outcome = harness.run("grep", *arguments)
                self.assertEqual((outcome.status, outcome.out), (status, ""), str(outcome))
                self.assertEqual(outcome.err == "", status == FAILED, str(outcome))
        damaged = self.path("damaged.tar.xz")
        data = bytearray(harness.content(self.bundle))
        data[len(data) // 2] ^= 0x55
        harness.write(damaged, bytes(data))
        outcome = harness.run("grep", "no such thing", damaged)
        self.assertEqual(outcome.status, INPUT_OUTPUT, str(outcome))
        self.assertIn(damaged, outcome.err)

    def test_flipped_byte_gives_an_error_or_the_right_content(self):
        data = harness.content(self.bundle)
        copy = self.path("copy.tar.xz")
        name = "logs/syslog/messages"
        failures = 0
        for part in range(60):
            position = min(len(data) - 1, len(data) * part // 59)
            harness.write(copy, data[:position] + bytes([data[position] ^ 0x10])
                          + data[position + 1:])
            outcome = harness.run("cat", copy, name)
            if outcome.status == 0:
                self.assertEqual(outcome.out_bytes, self.in_host(name), position)
            else:
                failures += 1
                self.assertEqual(outcome.status, FAILED, str(outcome))
                self.assertIn(copy, outcome.err)
        self.assertTrue(failures)

    def salvage(self, data):
        """Saves what is in `data`; the outcome and the files."""
        damaged, target = self.path("damaged"), self.path("saved")
        harness.write(damaged, data)
        shutil.rmtree(target, ignore_errors=True)
        outcome = harness.run("extract", "--salvage", damaged, "-C", target)
        names = harness.files_below(os.path.join(target, self.top)) \
            if os.path.isdir(os.path.join(target, self.top)) else []
        for name in names:
            self.assertEqual(harness.content(os.path.join(target, self.top, name)),
                             self.in_host(name), name)
        return outcome, names

    def test_salvage_of_a_whole_bundle(self):
        outcome, names = self.salvage(harness.content(self.bundle))
        self.assertEqual((outcome.status, outcome.err), (0, ""), str(outcome))
        self.assertEqual(names, self.names)

    def test_salvage_of_a_damaged_bundle(self):
        data = harness.content(self.bundle)
        most = 0
        for part in range(1, 20):
            position = len(data) * part // 20
            outcome, names = self.salvage(
                data[:position] + bytes([data[position] ^ 0x55]) + data[position + 1:])
            self.assertEqual(outcome.status, PARTIAL, str(outcome))
            for name in set(self.names) - set(names):
                self.assertIn("lost: %s/%s\n" % (self.top, name), outcome.err)
            self.assertIn("%d files" % len(names), outcome.out)
            most = max(most, len(names))
        self.assertGreater(most, len(self.names) // 2)

    def test_salvage_of_a_bundle_that_was_cut(self):
        data = harness.content(self.bundle)
        before = -1
        for length in (0, 1, 11, 40, len(data) // 3, len(data) * 2 // 3, len(data) - 12,
                       len(data) - 1):
            with self.subTest(length=length):
                outcome, names = self.salvage(data[:length])
                self.assertEqual(outcome.status, PARTIAL if names else FAILED, str(outcome))
                self.assertGreaterEqual(len(names), before)
                before = len(names)
        self.assertEqual(names, self.names)

    def test_salvage_takes_no_paths(self):
        outcome = harness.run("extract", "--salvage", self.bundle, "logs")
        self.assertEqual(outcome.status, USAGE, str(outcome))

    def test_bundle_without_an_index_is_said_to_be_slow(self):
        path = self.path("small.tar")
        with tarfile.open(path, "w") as archive:
            for name in ("top/a", "top/b"):
                member = tarfile.TarInfo(name)
                member.size = 10
                archive.addfile(member, io.BytesIO(bytes(10)))
        for arguments in (("list", path), ("cat", path, "a"), ("grep", "x", path, "a"),
                          ("extract", path, "a", "-C", self.folder), ("verify", path)):
            outcome = harness.run(*arguments)
            self.assertEqual(outcome.err.count("has no index of members"), 1, str(outcome))
        self.assertEqual(harness.run("list", self.bundle).err, "")


if __name__ == "__main__":
    unittest.main()
