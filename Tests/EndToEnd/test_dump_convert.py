"""`dump convert`: what becomes of the file that it writes, and how it ends."""

import json
import os
import resource
import signal
import struct

import harness
from harness import (CANNOT_CREATE, COMPLETE, INPUT_OUTPUT, INTERRUPTED, NOT_PERMITTED,
                     UNAVAILABLE, USAGE)

PAGE = 4096


def note(name, kind, content):
    """One ELF note."""
    pad = lambda data: data + bytes(-len(data) % 4)
    return struct.pack("<III", len(name) + 1, len(content), kind) + pad(
        name.encode() + b"\0") + pad(content)


def write_core(path, pages, empty=(), information=b"OSRELEASE=6.1.0\nPAGESIZE=4096\n"):
    """An ELF core file of a kernel that says little of itself; no page compresses.

    `empty` has the virtual and the physical address of each LOAD more, which holds nothing.
    """
    notes = note("VMCOREINFO", 0, information)
    start = 0x1000
    with open(path, "wb") as file:
        file.write(b"\x7fELF\2\1\1" + bytes(9) + struct.pack(
            "<HHIQQQIHHHHHH", 4, 62, 1, 0, 64, 0, 0, 64, 56, 2 + len(empty), 0, 0, 0))
        front = 64 + 56 * (2 + len(empty))
        file.write(struct.pack("<IIQQQQQQ", 4, 0, front, 0, 0, len(notes), 0, 0))
        for virtual, physical in empty:
            file.write(struct.pack("<IIQQQQQQ", 1, 7, start, virtual, physical, 0, 0, 0))
        size = pages * PAGE
        file.write(struct.pack("<IIQQQQQQ", 1, 7, start, 0xFFFF888000000000, 0, size, size, 0))
        file.write(notes)
        file.seek(start)
        block = os.urandom(256 * PAGE)
        while size > 0:
            size -= file.write(block[:size])


class DumpConvert(harness.Case):
    """Files made here."""

    def setUp(self):
        super().setUp()
        self.core, self.out = self.path("core.elf"), self.path("out.kdump")
        self.partial = self.out + ".partial"

    def convert(self, *arguments, source=None, target=None, expected=COMPLETE, **options):
        options.setdefault("timeout", 120)
        outcome = harness.run("dump", "convert", source or self.core, target or self.out,
                              *arguments, **options)
        self.assertEqual(outcome.status, expected, str(outcome))
        return outcome

    def info(self, path):
        outcome = harness.run("dump", "info", "--json", path)
        self.assertEqual(outcome.status, 0, str(outcome))
        return json.loads(outcome.out)

    def test_nothing_is_left_out_unless_it_is_asked_for(self):
        write_core(self.core, 300)
        outcome = self.convert("--compress", "zlib")
        self.assertIn("300 of 300 pages (level 0)", outcome.out)
        told = self.info(self.out)
        self.assertEqual((told["level"], told["pages"]["dumped"], told["completeness"]),
                         (0, 300, "complete"))
        self.assertNotIn("time", told)
        self.assertNotIn("processorCount", told)
        page = harness.run("dump", "info", self.out).out
        self.assertIn("the file does not tell", page)
        self.assertNotIn("Processors", page)
        self.convert("--format", "elf", source=self.out, target=self.path("back.elf"))
        with open(self.core, "rb") as first, open(self.path("back.elf"), "rb") as last:
            self.assertEqual(first.read()[-300 * PAGE:], last.read()[-300 * PAGE:])
        self.assertEqual(self.info(self.path("back.elf"))["level"], 0)

    def test_level_that_cannot_be_applied_is_refused(self):
        write_core(self.core, 300)
        outcome = self.convert("--level", "31", expected=UNAVAILABLE)
        for text in ("filter " + self.core, "pages of processes", "struct page", "--level 0"):
            self.assertIn(text, outcome.told)
        self.assertEqual(os.listdir(self.folder), ["core.elf"])
        self.convert("--level", "1")
        self.convert("--level", "8", source=self.out, target=self.path("again.kdump"),
                     expected=UNAVAILABLE)
        self.assertEqual(sorted(os.listdir(self.folder)), ["core.elf", "out.kdump"])

    def test_symbols_are_told_by_build_identifier(self):
        identifier = "3b43fad5034874490492495d552c0af6a5fab235"
        write_core(self.core, 4, information=(
            "OSRELEASE=6.8.0-45-generic\nPAGESIZE=4096\nBUILD-ID=%s\n" % identifier).encode())
        command = ("DEBUGINFOD_URLS=https://debuginfod.elfutils.org/ debuginfod-find debuginfo "
                   + identifier)
        told = self.info(self.core)
        self.assert_schema(told, "dump-info")
        self.assertNotIn("debugPackage", told)
        self.assertEqual(told["symbols"]["fetchCommand"], command)
        self.assertEqual(told["openWith"][0], "crash vmlinux " + self.core)
        page = harness.run("dump", "info", self.core).out
        for line in ("  Symbols        by Build ID; no package is known", "  " + command,
                     "  crash vmlinux " + self.core):
            self.assertIn(line, page.splitlines())

    def test_load_that_holds_nothing_may_lie_anywhere(self):
        """A snapshot of crash tells the physical base so, which may be below zero."""
        write_core(self.core, 300, empty=[(0xFFFFFFFF80000000, 0xFFFFFFFFF0A00000)])
        self.assertIn("300 of 300 pages (level 0)", self.convert().out)
        told = self.info(self.out)
        self.assertEqual((told["pages"]["dumped"], told["completeness"]), (300, "complete"))

    def test_progress_is_told_on_standard_error(self):
        write_core(self.core, 300)
        outcome = self.convert("--progress", "json")
        events = [json.loads(line) for line in outcome.err.splitlines()
                  if line.startswith("{")]
        for event in events:
            self.assert_schema(event, "progress")
        self.assertEqual(events[0]["kind"], "runStarted")
        self.assertEqual(events[-1]["kind"], "runEnded")
        self.assertEqual(events[-1]["result"]["exitCode"], 0)
        self.assertEqual(outcome.out, self.out + "\n")
        os.unlink(self.out)
        outcome = self.convert("--progress", "plain")
        self.assertIn("convert: complete, 300 pages", outcome.err.replace("/300", ""))
        os.unlink(self.out)
        self.assertNotIn("convert:", self.convert("--progress", "none").err)
        os.unlink(self.out)
        self.convert("--progress", "loud", expected=USAGE)

    def test_interruption_leaves_nothing_and_the_next_attempt_succeeds(self):
        write_core(self.core, 131072)
        for number in (signal.SIGINT, signal.SIGTERM):
            process = harness.start("dump", "convert", self.core, self.out, "--compress", "zlib",
                                    "--threads", "1", "--progress", "none")
            harness.wait_until(lambda: os.path.exists(self.partial)
                               and os.path.getsize(self.partial) > 4 << 20)
            process.send_signal(number)
            outcome = harness.finish(process, timeout=30)
            self.assertEqual(outcome.status, INTERRUPTED, str(outcome))
            self.assertIn("nothing was kept", outcome.told)
            self.assertEqual(os.listdir(self.folder), ["core.elf"])
        # One that is killed leaves its file, which opens, and which the next one replaces.
        process = harness.start("dump", "convert", self.core, self.out, "--compress", "zlib",
                                "--threads", "1", "--progress", "none")
        harness.wait_until(lambda: os.path.exists(self.partial)
                           and os.path.getsize(self.partial) > 4 << 20)
        self.assertIn("another conversion writes it",
                      self.convert(expected=CANNOT_CREATE).told)
        process.kill()
        harness.finish(process)
        self.assertEqual(self.info(self.partial)["completeness"], "partial")
        self.convert("--compress", "none")
        self.assertEqual(sorted(os.listdir(self.folder)), ["core.elf", "out.kdump"])

    def test_full_disk_leaves_a_partial_file_that_says_so(self):
        write_core(self.core, 1024)
        for form in ("elf", "kdump"):
            with self.subTest(form):
                limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
                arguments = ("--format", form)
                outcome = self.convert(*arguments, expected=INPUT_OUTPUT, before=limit)
                if "is kept as" in outcome.told:
                    self.assertEqual(self.info(self.partial)["completeness"], "partial")
                    self.convert(*arguments)
                    os.unlink(self.out)
                self.assertEqual(os.listdir(self.folder), ["core.elf"])

    def test_file_of_somebody_else_is_not_replaced(self):
        write_core(self.core, 16)
        harness.write(self.partial, "notes of mine\n")
        outcome = self.convert(expected=CANNOT_CREATE)
        self.assertIn("remove it", outcome.told)
        self.assertEqual(harness.content(self.partial), b"notes of mine\n")
        os.unlink(self.partial)
        os.mkdir(self.partial)
        self.convert(expected=CANNOT_CREATE)
        os.rmdir(self.partial)
        harness.write(self.out, "")
        self.assertIn("File exists", self.convert(expected=CANNOT_CREATE).told)

    def test_folder_is_not_made(self):
        write_core(self.core, 16)
        outcome = self.convert(target=self.path("none", "out"), expected=CANNOT_CREATE)
        self.assertIn("No such file or directory", outcome.told)
        self.assertEqual(os.listdir(self.folder), ["core.elf"])

    def test_what_is_no_dump_is_told_as_dump_info_tells_it(self):
        os.mkfifo(self.path("fifo"))
        harness.write(self.path("text"), "hello\n")
        harness.write(self.path("lime"), struct.pack("<IIQQQ", 0x4C694D45, 1, 0, 4095, 0)
                      + bytes(4096))
        for name, word, status in (("fifo", "FIFO", USAGE), (".", "directory", USAGE),
                                   ("none", "No such file", UNAVAILABLE),
                                   ("text", "not a memory dump", UNAVAILABLE),
                                   ("lime", "LiME", UNAVAILABLE)):
            with self.subTest(name):
                outcome = self.convert(source=self.path(name), timeout=20, expected=status)
                self.assertIn(word, outcome.told)
                # A folder is where dump info looks for a dump.
                if name not in ("lime", "."):
                    described = harness.run("dump", "info", self.path(name), timeout=20)
                    self.assertEqual(described.status, outcome.status)
                self.assertFalse(os.path.exists(self.partial))

    @harness.needs_root
    def test_file_that_must_not_be_read(self):
        write_core(self.core, 16)
        os.chmod(self.core, 0)
        os.chmod(self.folder, 0o777)
        program = harness.binary_for_everybody(self.folder)
        self.convert(expected=NOT_PERMITTED, binary=program, before=lambda: os.setuid(65534))
