"""What verify finds, what extract refuses, and what cat shows."""

import io
import json
import lzma
import os
import shutil
import socket
import tarfile
import tempfile
import unittest

import harness
from harness import CANNOT_CREATE, FAILED, PARTIAL, UNAVAILABLE, USAGE


class Damage(unittest.TestCase):
    """Changes to a bundle and a host folder, each of a copy."""

    @classmethod
    def setUpClass(cls):
        cls.base = tempfile.mkdtemp(prefix="diagbundle-e2e-")
        cls.addClassCleanup(shutil.rmtree, cls.base, ignore_errors=True)
        output = os.path.join(cls.base, "logs")
        outcome = harness.run("collect", "--output", output, "--skip", "logs")
        assert outcome.status in (0, PARTIAL), str(outcome)
        cls.original_bundle = harness.bundle(output)
        cls.original_host = harness.host_folder(output)

    def setUp(self):
        self.folder = tempfile.mkdtemp(dir=self.base)
        self.bundle = os.path.join(self.folder, "copy.tar.xz")
        self.host = os.path.join(self.folder, "host")
        shutil.copyfile(self.original_bundle, self.bundle)
        shutil.copytree(self.original_host, self.host)

    def assert_differs(self, path, *words):
        outcome = harness.run("verify", path)
        self.assertEqual(outcome.status, FAILED, str(outcome))
        for word in words:
            self.assertIn(word, outcome.out + outcome.err)
        document = json.loads(harness.run("verify", "--json", path).out)
        self.assertFalse(document["isWhole"])
        self.assertTrue(document["differences"])
        return outcome

    def change_manifest(self, change):
        path = os.path.join(self.host, "manifest.json")
        document = harness.read_json(path)
        change(document)
        with open(path, "w") as file:
            json.dump(document, file, sort_keys=True)

    def test_flipped_byte_anywhere_in_the_bundle(self):
        data = harness.content(self.bundle)
        missed = []
        for part in range(0, 24):
            position = min(len(data) - 1, len(data) * part // 23)
            with open(self.bundle, "wb") as file:
                file.write(data[:position] + bytes([data[position] ^ 0x10]) + data[position + 1:])
            outcome = harness.run("verify", self.bundle)
            if outcome.status != FAILED or not outcome.out.strip():
                missed.append((position, str(outcome)))
        self.assertEqual(missed, [])

    def test_bundle_cut_short(self):
        data = harness.content(self.bundle)
        for length in (0, 1, 11, 12, 13, 100, len(data) // 2, len(data) - 12, len(data) - 1):
            with open(self.bundle, "wb") as file:
                file.write(data[:length])
            with self.subTest(length=length):
                outcome = harness.run("verify", self.bundle)
                self.assertEqual(outcome.status, FAILED, str(outcome))
                self.assertIn(self.bundle, outcome.out + outcome.err)

    def test_bytes_behind_the_bundle(self):
        with open(self.bundle, "ab") as file:
            file.write(b"something more")
        self.assert_differs(self.bundle)

    def test_file_that_was_changed(self):
        path = os.path.join(self.host, "system/version")
        data = bytearray(harness.content(path))
        data[0] ^= 1
        harness.write(path, bytes(data))
        outcome = self.assert_differs(self.host, "system/version", "SHA-256")
        self.assertIn("DIFFERS in 1 place;", outcome.out)

    def test_file_that_was_cut(self):
        path = os.path.join(self.host, "system/version")
        with open(path, "r+b") as file:
            file.truncate(5)
        self.assert_differs(self.host, "system/version", "5 bytes")

    def test_file_that_was_removed(self):
        os.unlink(os.path.join(self.host, "system/version"))
        self.assert_differs(self.host, "system/version", "not there")

    def test_file_that_was_added(self):
        harness.write(os.path.join(self.host, "system/planted"), "new")
        self.assert_differs(self.host, "system/planted", "does not list it")

    def test_file_that_became_a_link(self):
        path = os.path.join(self.host, "system/version")
        os.rename(path, os.path.join(self.folder, "away"))
        os.symlink(os.path.join(self.folder, "away"), path)
        self.assert_differs(self.host, "system/version")

    def test_file_that_became_a_fifo(self):
        path = os.path.join(self.host, "system/version")
        os.unlink(path)
        os.mkfifo(path)
        self.assert_differs(self.host, "system/version")

    def test_summary_and_findings_that_were_changed(self):
        for name in ("summary.txt", "findings.json"):
            with open(os.path.join(self.host, name), "ab") as file:
                file.write(b"\n")
            self.assert_differs(self.host, name)

    def test_manifest_with_a_wrong_hash(self):
        def change(document):
            [one for one in document["artifacts"]
             if one["path"] == "system/version"][0]["sha256"] = "0" * 64
        self.change_manifest(change)
        self.assert_differs(self.host, "system/version", "0" * 64)

    def test_manifest_that_calls_itself_complete(self):
        def change(document):
            document["missing"].append({"collector": "system", "what": "x", "why": "y"})
            document["completeness"] = "complete"
        self.change_manifest(change)
        self.assert_differs(self.host, "manifest.json", "complete")

    def test_manifest_that_is_no_manifest(self):
        for text in ("", "{}", "[]", "nothing", '{"schema":"diagbundle.manifest/9"}', "[" * 100000):
            harness.write(os.path.join(self.host, "manifest.json"), text)
            with self.subTest(text=text[:40]):
                self.assert_differs(self.host, "manifest.json")

    def test_manifest_that_is_gone(self):
        os.unlink(os.path.join(self.host, "manifest.json"))
        self.assert_differs(self.host, "manifest.json")

    def test_a_changed_folder_is_not_archived(self):
        harness.write(os.path.join(self.host, "system/version"), "changed")
        target = os.path.join(self.folder, "sealed.tar.xz")
        outcome = harness.run("archive", self.host, "-o", target)
        self.assertEqual(outcome.status, FAILED, str(outcome))
        self.assertIn("system/version: it has 7 bytes, the manifest says ", outcome.told)
        self.assertEqual(sorted(os.listdir(self.folder)), ["copy.tar.xz", "host"])

    def test_bundle_made_by_another_tar(self):
        """A tar.xz of the same folder that tar wrote verifies, or says what is not ours."""
        target = os.path.join(self.folder, "other.tar.xz")
        with tarfile.open(target, "w:xz") as archive:
            for name in harness.files_below(self.host):
                if name != "manifest.json":
                    archive.add(os.path.join(self.host, name), "host/" + name)
            archive.add(os.path.join(self.host, "manifest.json"), "host/manifest.json")
        outcome = harness.run("verify", target)
        self.assertEqual(outcome.status, 0, str(outcome))

    def test_archive_of_the_same_folder_however_it_is_named(self):
        made = []
        for number, (name, place) in enumerate((
                (self.host, "/"), (self.host + "/", "/"), ("host", self.folder),
                ("../host/.", self.host), (".", self.host))):
            target = os.path.join(self.folder, "made%d.tar.xz" % number)
            outcome = harness.run("archive", name, "-o", target, cwd=place)
            self.assertEqual(outcome.status, 0, str(outcome))
            made.append(harness.sha256(harness.content(target)))
        self.assertEqual(len(set(made)), 1, made)

    def test_archive_replaces_nothing_that_is_no_file(self):
        folder = os.path.join(self.folder, "no-files")
        kinds = harness.no_files(folder)
        before = {name: os.lstat(os.path.join(folder, name)).st_ino for name in kinds}
        for name, word in kinds.items():
            with self.subTest(name):
                path = os.path.join(folder, name)
                outcome = harness.run("archive", self.host, "-o", path, timeout=60)
                self.assertEqual(outcome.status, CANNOT_CREATE, str(outcome))
                self.assertIn("write the bundle %s: it is a %s; name a" % (path, word),
                              outcome.told)
        self.assertEqual({name: os.lstat(os.path.join(folder, name)).st_ino
                          for name in os.listdir(folder)}, before)

    def test_archive_of_what_is_no_folder(self):
        folder = os.path.join(self.folder, "no-folders")
        kinds = harness.no_files(folder)
        del kinds["folder"]
        harness.write(os.path.join(folder, "file"), "mine")
        for name, word in dict(kinds, file="regular file").items():
            with self.subTest(name):
                path = os.path.join(folder, name)
                target = os.path.join(self.folder, "none.tar.xz")
                outcome = harness.run("archive", path, "-o", target, timeout=60)
                self.assertEqual(outcome.status, USAGE, str(outcome))
                self.assertIn("read %s: it is a %s, and a host folder is a directory"
                              % (path, word), outcome.told)
                self.assertFalse(os.path.exists(target))

    def test_output_that_is_a_link_is_refused(self):
        """It would be replaced, and what it leads to would stay as it was."""
        target, link = (os.path.join(self.folder, name) for name in ("target", "link"))
        os.symlink("target", link)
        for command in (("archive", self.host, "-o", link),
                        ("plan", "--only", "system", "--output", link)):
            for exists in (False, True):
                with self.subTest(command=command[0], exists=exists):
                    if exists:
                        harness.write(target, "mine")
                    outcome = harness.run(*command, timeout=60)
                    self.assertEqual(outcome.status, CANNOT_CREATE, str(outcome))
                    self.assertIn("%s: it is a symbolic link; name the file that it leads to"
                                  % link, outcome.told)
                    self.assertEqual(os.readlink(link), "target")
                    self.assertEqual(os.path.exists(target), exists)
                    if exists:
                        self.assertEqual(harness.content(target), b"mine")
                        os.unlink(target)

    def test_what_is_not_there_or_no_bundle(self):
        outcome = harness.run("verify", os.path.join(self.folder, "nothing"))
        self.assertEqual(outcome.status, UNAVAILABLE, str(outcome))
        self.assertIn("nothing", outcome.told)
        text = os.path.join(self.folder, "text")
        harness.write(text, "no archive\n" * 100)
        for command in (("verify", text), ("list", text), ("cat", text, "x"), ("extract", text)):
            outcome = harness.run(*command, cwd=self.folder)
            self.assertEqual(outcome.status, FAILED, str(outcome))
            self.assertIn("text", outcome.out + outcome.err)
        fifo = os.path.join(self.folder, "fifo")
        os.mkfifo(fifo)
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(os.path.join(self.folder, "socket"))
        for name, word in (("fifo", "FIFO"), ("socket", "socket"), (".", "directory"),
                           ("/dev/zero", "character device")):
            path = os.path.join(self.folder, name)
            for command in (("verify", path), ("list", path), ("cat", path, "x"),
                            ("extract", path)):
                if command[0] == "verify" and name == ".":
                    continue  # A folder can be verified.
                with self.subTest(command):
                    outcome = harness.run(*command, timeout=20, cwd=self.folder)
                    self.assertEqual(outcome.status, USAGE, str(outcome))
                    self.assertIn("read %s: it is a %s, and a bundle is a regular file"
                                  % (path, word), outcome.told)


class HostileArchives(harness.Case):
    """Archives that were made to write where they should not."""

    def archive(self, *members):
        """Writes a tar.xz of (TarInfo, bytes)."""
        path = self.path("hostile.tar.xz")
        with tarfile.open(path, "w:xz") as archive:
            for member, data in members:
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))
        return path

    @staticmethod
    def file(name, data=b"planted"):
        return tarfile.TarInfo(name), data

    @staticmethod
    def special(name, kind, link=""):
        member = tarfile.TarInfo(name)
        member.type, member.linkname = kind, link
        member.devmajor, member.devminor = 1, 5
        return member, b""

    def assert_refused(self, path, word):
        target = self.path("target")
        os.makedirs(target, exist_ok=True)
        harness.write(self.path("victim"), "as it was")
        os.makedirs(self.path("outside"), exist_ok=True)
        outcome = harness.run("extract", path, "-C", target, timeout=60)
        self.assertNotEqual(outcome.status, 0, str(outcome))
        self.assertIn(word, outcome.told)
        self.assertNotIn("\x1b", outcome.err)
        outside = [name for name in harness.files_below(self.folder)
                   if not name.startswith("target/")]
        self.assertEqual(sorted(outside), ["hostile.tar.xz", "victim"])
        self.assertEqual(harness.content(self.path("victim")), b"as it was")
        for place, folders, files in os.walk(target):
            for name in folders + files:
                full = os.path.join(place, name)
                self.assertFalse(os.path.islink(full), full)
                self.assertTrue(os.path.isfile(full) or os.path.isdir(full), full)

    def test_absolute_name(self):
        name = self.path("planted")
        self.assert_refused(self.archive(self.file(name)), "absolute")

    def test_name_that_climbs(self):
        for name in ("../planted", "top/../../planted", "top/x/../../../victim", ".."):
            with self.subTest(name=name):
                self.assert_refused(self.archive(self.file(name)), "..")

    def test_link_and_a_file_behind_it(self):
        for target in ("..", self.path("outside"), "../outside"):
            with self.subTest(target=target):
                path = self.archive(self.special("top", tarfile.SYMTYPE, target),
                                    self.file("top/planted"))
                self.assert_refused(path, "top")

    def test_hard_link_and_a_file_through_it(self):
        path = self.archive(self.special("top/link", tarfile.LNKTYPE, "../victim"),
                            self.file("top/link"))
        self.assert_refused(path, "top/link")

    def test_devices_and_fifos(self):
        for kind in (tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE):
            with self.subTest(kind=kind):
                self.assert_refused(self.archive(self.special("top/node", kind)), "top/node")

    def test_names_with_control_characters_are_told_escaped(self):
        path = self.archive(self.special("top/\x1b]0;pwned\x07", tarfile.FIFOTYPE))
        self.assert_refused(path, "pwned")

    def test_link_that_stands_in_the_target_is_not_followed(self):
        os.makedirs(self.path("target"))
        os.makedirs(self.path("outside"))
        os.symlink("../outside", self.path("target", "top"))
        path = self.archive(self.file("top/planted"))
        outcome = harness.run("extract", path, "-C", self.path("target"), "--replace")
        self.assertNotEqual(outcome.status, 0, str(outcome))
        self.assertEqual(os.listdir(self.path("outside")), [])

    def test_file_that_is_a_link_in_the_target_is_replaced_not_followed(self):
        os.makedirs(self.path("target", "top"))
        harness.write(self.path("victim"), "as it was")
        os.symlink("../../victim", self.path("target", "top", "planted"))
        path = self.archive(self.file("top/planted"))
        planted = self.path("target", "top", "planted")
        outcome = harness.run("extract", path, "-C", self.path("target"))
        self.assertEqual(outcome.status, harness.CANNOT_CREATE, str(outcome))
        self.assertIn("top/planted: File exists", outcome.told)
        self.assertTrue(os.path.islink(planted))
        outcome = harness.run("extract", path, "-C", self.path("target"), "--replace")
        self.assertEqual(outcome.status, 0, str(outcome))
        self.assertFalse(os.path.islink(planted))
        self.assertEqual(harness.content(planted), self.file("")[1])
        self.assertEqual(harness.content(self.path("victim")), b"as it was")

    def test_set_user_id_and_owner_are_not_taken(self):
        member, data = self.file("top/program")
        member.mode, member.uid, member.gid = 0o6777, 12345, 12345
        outcome = harness.run("extract", self.archive((member, data)), "-C", self.path("target"))
        self.assertEqual(outcome.status, 0, str(outcome))
        status = os.stat(self.path("target", "top", "program"))
        self.assertEqual((oct(status.st_mode & 0o7777), status.st_uid), ("0o600", os.geteuid()))

    def test_archive_that_unpacks_to_very_much_is_read_in_little_memory(self):
        """Compressed zeros; listing them takes no memory that grows with them."""
        path = self.path("bomb.tar.xz")
        member = tarfile.TarInfo("top/zeros")
        member.size = 1 << 29
        with lzma.open(path, "wb", preset=0) as file:
            file.write(member.tobuf())
            block = bytes(1 << 20)
            for _ in range(1 << 9):
                file.write(block)
            file.write(bytes(1024))

        def limit():
            import resource
            resource.setrlimit(resource.RLIMIT_DATA, (256 << 20, 256 << 20))
        outcome = harness.run("list", path, before=limit)
        self.assertEqual(outcome.status, 0, str(outcome))
        self.assertIn(str(1 << 29), outcome.out)

    def test_verify_refuses_what_extract_refuses(self):
        for members in ([self.file("/absolute")], [self.file("../up")],
                        [self.special("top/link", tarfile.SYMTYPE, "/etc/passwd")]):
            outcome = harness.run("verify", self.archive(*members))
            self.assertEqual(outcome.status, FAILED, str(outcome))


class Cat(harness.Case):
    """Content with control characters."""

    def setUp(self):
        super().setUp()
        self.data = (b"plain\ttab\n\x1b]0;pwned\x07 \x1b[31mred\r\b\x7f C1 \xc2\x9b31m bad \xff\xfe"
                     b" reorder \xe2\x80\xae \xc3\xbc end\n")
        root = harness.fixture_root(self.folder)
        harness.write(os.path.join(root, "var/log/syslog"), self.data)
        self.collect("--root", root, "--only", "logs", expected=(0, PARTIAL))
        self.bundle = harness.bundle(self.output)

    def test_into_a_pipe_the_bytes_go_as_they_are(self):
        outcome = harness.run("cat", self.bundle, "logs/syslog/syslog")
        self.assertEqual((outcome.status, outcome.out_bytes), (0, self.data))
        with open(self.path("file"), "wb") as file:
            harness.run("cat", self.bundle, "logs/syslog/syslog", stdout=file)
        self.assertEqual(harness.content(self.path("file")), self.data)

    def test_on_a_terminal_controls_are_escaped(self):
        terminal = harness.Terminal("cat", self.bundle, "logs/syslog/syslog")
        self.assertEqual(terminal.end(), 0)
        shown = terminal.data.replace(b"\r\n", b"\n")
        for part in (b"\x1b", b"\x07", b"\r", b"\b", b"\x7f", b"\xc2\x9b", b"\xff", b"\xe2\x80\xae"):
            self.assertNotIn(part, shown)
        for part in (b"\\x1B]0;pwned\\x07", b"\\x1B[31mred", b"\\xFF\\xFE", "ü".encode(),
                     b" end\n"):
            self.assertIn(part, shown)
        self.assertEqual(shown.count(b"\n"), 2)

    def test_disk_that_is_full_is_no_reader_that_has_seen_enough(self):
        """A copy that was cut must not look like a whole one."""
        with open("/dev/full", "wb") as full:
            outcome = harness.run("cat", self.bundle, "manifest.json", stdout=full)
        self.assertEqual(outcome.status, harness.INPUT_OUTPUT, str(outcome))
        self.assertIn("No space left", outcome.told)

    def test_reader_that_has_seen_enough(self):
        process = harness.start("cat", self.bundle, "manifest.json")
        process.stdout.read(10)
        process.stdout.close()
        self.assertEqual(process.wait(timeout=60), 0)
        process.stderr.close()
