"""Bundles as other programs read them: what they list and unpack is what we packed and list."""

import functools
import io
import lzma
import os
import shutil
import subprocess
import tarfile
import tempfile
import unittest

import harness
import samples


def why_no(*programs):
    """Why one of the programs cannot be asked; empty when all are installed."""
    lacking = [name for name in programs if shutil.which(name) is None]
    return "%s not installed" % " and ".join(lacking) if lacking else ""


def needs(*programs):
    """Skips a test where one of the programs is not installed."""
    def decorate(function):
        @functools.wraps(function)
        def wrapper(self):
            if why_no(*programs):
                self.skipTest(why_no(*programs))
            return function(self)
        return wrapper
    return decorate


#: Names in ASCII: plain headers, and pax headers where these are too narrow.
PLAIN = [
    ("logs/messages", samples.log(5 << 20)), ("logs/empty", b""), ("logs/one", b"1"),
    ("logs/" + "n" * 150, b"long name"), ("logs/" + "/".join(["d" * 200] * 5), b"longer"),
    ("storage/" + "/".join("%d" % number for number in range(60)), b"deep"),
    ("system/noise", samples.noise(700_000)), ("system/512", samples.noise(512)),
    ("LiveDump.kdump", samples.noise(4_500_000, 2))]
#: Names as the kernel takes them: GNU headers.
RAW = [
    ("logs/messages", samples.log(5 << 20, 2)), ("logs/new\nline", b"two lines"),
    ("logs/grün", b"composed"), ("logs/gru\u0308n", b"decomposed"),
    (b"logs/\xff\\\xfe", b"no UTF-8"), ("logs/esc\x1b[31m", b"red"), ("logs/tab\t", b"tab"),
    ("logs/-rf", b"option"), ("logs/" + "ü" * 100, b"long"), ("logs/ space ", b"")]


class OtherReaders(unittest.TestCase):
    """Two host folders, each sealed in every compression."""

    @classmethod
    def setUpClass(cls):
        cls.base = tempfile.mkdtemp(prefix="diagbundle-e2e-")
        cls.addClassCleanup(shutil.rmtree, cls.base, ignore_errors=True)
        cls.content, cls.bundles = {}, {}
        for top, files in (("plain", PLAIN), ("raw", RAW)):
            folder = os.path.join(cls.base, "made", top)
            cls.content[top] = samples.host_folder(folder, files, dumps=("LiveDump.kdump",))
            for name, compression in (("tar.xz", "xz"), ("tar.zst", "zstd"), ("tar", "none")):
                cls.bundles[top, compression] = samples.seal(
                    folder, os.path.join(cls.base, "%s.%s" % (top, name)),
                    "--compression", compression)
            # The index is a member for everybody but us.
            with tarfile.open(cls.bundles[top, "none"], encoding="utf-8") as archive:
                index = archive.extractfile(top + "/members.index").read()
                cls.content[top]["members.index"] = index

    def setUp(self):
        self.folder = tempfile.mkdtemp(dir=self.base)

    def ask(self, *command, **options):
        """What a program says; it must end well and complain of nothing."""
        outcome = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                 env=harness.environment(), **options)
        self.assertEqual((outcome.returncode, outcome.stderr), (0, b""), command)
        return outcome.stdout

    def listing(self, top):
        """The names of all members as they stand in the stream, a directory's with a slash."""
        folders = {top + "/"}
        for path in self.content[top]:
            parts = path.split("/")[:-1]
            folders.update("/".join([top] + parts[:end]) + "/" for end in range(len(parts) + 1))
        return sorted(folders | {"%s/%s" % (top, path) for path in self.content[top]})

    def assert_unpacked(self, top, folder=None):
        """All files below the folder are those that were packed."""
        folder = os.path.join(folder or self.folder, top)
        self.assertEqual(harness.files_below(folder), sorted(self.content[top]))
        for path, data in self.content[top].items():
            self.assertEqual(harness.content(os.path.join(folder, path)), data, path)

    def each(self, *compressions):
        """Every bundle of these compressions, with an empty folder to unpack it into."""
        for (top, compression), path in self.bundles.items():
            if compression in compressions:
                yield top, path, tempfile.mkdtemp(dir=self.folder)

    def test_ours_is_what_was_packed(self):
        for top, path, folder in self.each("xz", "zstd", "none"):
            listed = {one["path"]: (one["byteCount"], one["sha256"])
                      for one in samples.members(path)}
            self.assertEqual(listed, {
                "%s/%s" % (top, name): (len(data), harness.sha256(data))
                for name, data in self.content[top].items() if name != "members.index"})
            outcome = harness.run("verify", path)
            self.assertEqual(outcome.status, 0, str(outcome))

    @needs("xz")
    def test_xz(self):
        for top, path, folder in self.each("xz"):
            self.ask("xz", "-t", path)
            self.assertIn(b"CRC64", self.ask("xz", "-lvv", path))
            rows = [line.split("\t")
                    for line in self.ask("xz", "--robot", "-lvv", path).decode().splitlines()]
            blocks = [row for row in rows if row[0] == "block"]
            streams = [row for row in rows if row[0] == "stream"]
            self.assertEqual(len(streams), 1)
            self.assertGreater(len(blocks), 3)
            # Name of the check, and that both sizes stand in the header of each block.
            self.assertEqual({(row[9], row[12]) for row in blocks}, {("CRC64", "cu")})
            for one in samples.members(path):
                block = blocks[one["block"]]
                start, count = int(block[5]), int(block[7])
                # The header, and what goes before it, may end the block before.
                self.assertLess(one["offset"], start + count, one)
                self.assertGreaterEqual(one["offset"] + 8192, start, one)
            data = lzma.decompress(harness.content(path))
            self.assertEqual(data, harness.content(self.bundles[top, "none"]))

    @needs("zstd")
    def test_zstd(self):
        for top, path, folder in self.each("zstd"):
            self.ask("zstd", "-tq", path)
            self.assertEqual(self.ask("zstd", "-dcq", path),
                             harness.content(self.bundles[top, "none"]))

    @needs("tar", "zstd")
    def test_gnu_tar(self):
        for top, path, folder in self.each("xz", "zstd", "none"):
            listed = self.ask("tar", "--quoting-style=literal", "--show-transformed-names",
                              "-tf", path).decode("utf-8", "surrogateescape")
            self.assertEqual(sorted(listed.splitlines()),
                             sorted("\n".join(self.listing(top)).splitlines()))
            self.ask("tar", "-xf", path, "-C", folder)
            self.assert_unpacked(top, folder)

    @needs("bsdtar")
    def test_bsdtar(self):
        for top, path, folder in self.each("xz", "zstd", "none"):
            listed = self.ask("bsdtar", "-tf", path).decode("utf-8", "surrogateescape")
            # It writes a control character as an escape, and a backslash twice.
            wanted = [name.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")
                      .replace("\x1b", "\\033") for name in self.listing(top)]
            self.assertEqual(sorted(listed.splitlines()), sorted(wanted))
            self.ask("bsdtar", "-xf", path, "-C", folder)
            self.assert_unpacked(top, folder)

    @needs("busybox", "zstd")
    def test_busybox_tar(self):
        for top, path, folder in self.each("xz", "zstd", "none"):
            data, option = None, "J" if path.endswith("xz") else ""
            if path.endswith("zst"):  # It does not know zstd.
                data, path = self.ask("zstd", "-dcq", path), "-"
            listed = self.ask("busybox", "tar", "-t%sf" % option, path, input=data).decode(
                "utf-8", "surrogateescape")
            self.assertEqual(sorted(listed.splitlines()),
                             sorted("\n".join(self.listing(top)).splitlines()))
            self.ask("busybox", "tar", "-x%sf" % option, path, "-C", folder, input=data)
            self.assert_unpacked(top, folder)

    def test_python(self):
        for top, path, folder in self.each("xz", "zstd", "none"):
            data = harness.content(path)
            if path.endswith("zst"):
                if why_no("zstd"):
                    continue
                data = self.ask("zstd", "-dcq", path)
            with tarfile.open(fileobj=io.BytesIO(data), encoding="utf-8") as archive:
                found = list(archive)
                self.assertEqual(sorted(one.name + "/" * one.isdir() for one in found),
                                 self.listing(top))
                for one in found:
                    self.assertEqual((one.uid, one.gid, one.uname, one.gname, one.mode),
                                     (0, 0, "root", "root", 0o700 if one.isdir() else 0o600))
                    if one.isfile():
                        self.assertEqual(archive.extractfile(one).read(),
                                         self.content[top][one.name[len(top) + 1:]], one.name)

    @needs("7z", "zstd")
    def test_7zip(self):
        for top, path, folder in self.each("xz", "none"):
            self.ask("7z", "t", path)
            data = lzma.decompress(harness.content(path)) if path.endswith("xz") else \
                harness.content(path)
            if path.endswith("xz"):
                self.assertEqual(self.ask("7z", "e", "-so", path), data)
            tar = os.path.join(folder, "plain.tar")
            harness.write(tar, data)
            self.ask("7z", "t", tar)
            if top == "raw":
                continue  # It takes names for UTF-8, and changes what is none.
            self.ask("7z", "x", "-o" + folder, tar)
            self.assert_unpacked(top, folder)

    @needs("tar", "bsdtar")
    def test_longest_names(self):
        """4,096 bytes below the top folder: nobody may unpack that by one path, all may list it.

        busybox does not take names of so many bytes with the top folder.
        """
        for letter, top in (("n", "plain"), ("ü", "raw")):
            length = len(letter.encode())
            # 16 components of 254 bytes, and one more.
            name = "/".join([letter * (254 // length)] * 16)
            name += "/" + "x" * (4095 - len(name.encode()))
            self.assertEqual(len(name.encode()), 4096)
            folder = os.path.join(self.folder, top)
            samples.host_folder(folder, [(name, b"found")])
            self.addCleanup(subprocess.run, ["rm", "-rf", self.folder])
            path = samples.seal(folder, os.path.join(self.folder, top + ".tar.xz"))
            outcome = harness.run("cat", path, name)
            self.assertEqual((outcome.status, outcome.out), (0, "found"), str(outcome))
            outcome = harness.run("verify", path)
            self.assertEqual(outcome.status, 0, str(outcome))
            whole = "%s/%s" % (top, name)
            for program in (["tar", "--quoting-style=literal"], ["bsdtar"]):
                with self.subTest(program=program, top=top):
                    listed = self.ask(*program, "-tf", path).decode("utf-8", "surrogateescape")
                    self.assertIn(whole, listed.splitlines())
                    self.assertEqual(self.ask(*program, "-xOf", path, whole), b"found")
            with tarfile.open(path, encoding="utf-8") as archive:
                self.assertEqual(archive.extractfile(whole).read(), b"found")


if __name__ == "__main__":
    unittest.main()
