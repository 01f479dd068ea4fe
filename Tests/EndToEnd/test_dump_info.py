"""`dump info`: what it prints, and how it ends."""

import json
import os
import socket
import struct

import harness
from harness import FAILED, NOT_PERMITTED, UNAVAILABLE, USAGE


def windows_dump(kind=6, pages=3, code=0x161, first=0x005461736B6D6772):
    """A 64-bit Windows bitmap dump; the rest of its header is the filler that Windows leaves."""
    header = bytearray(b"PAGE" * 0x800)
    header[4:8] = b"DU64"
    struct.pack_into("<II", header, 8, 15, 22621)
    struct.pack_into("<II", header, 0x30, 0x8664, 8)
    struct.pack_into("<IIQQQQ", header, 0x38, code, 0, first, 0, 0, 0)
    struct.pack_into("<I", header, 0xF98, kind)
    struct.pack_into("<Q", header, 0xFA8, 116444736000000000 + 1795298400 * 10 ** 7)
    table = bytearray(0x40)
    table[0:8] = b"SDMPDUMP"
    struct.pack_into("<QQQ", table, 0x20, 0x2040, pages, 8)
    table[0x38] = (1 << pages) - 1
    data = header + table + bytes(4096 * pages)
    struct.pack_into("<Q", data, 0xFA0, len(data))
    return bytes(data)


class DumpInfo(harness.Case):
    """Files made here."""

    def info(self, data, *arguments, name="memory.dmp"):
        with open(self.path(name), "wb") as file:
            file.write(data)
        return harness.run("dump", "info", self.path(name), *arguments)

    def test_live_dump_of_the_task_manager(self):
        outcome = self.info(windows_dump())
        self.assertEqual(outcome.status, 0, str(outcome))
        for text in ("LIVE_SYSTEM_DUMP (0x161)", "0x005461736b6d6772  Taskmgr", "build 22621",
                     "2026-11-21T22:00:00.000000Z", "complete", "windbg"):
            self.assertIn(text, outcome.out)
        self.assertEqual(outcome.err, "")

    def test_each_parameter_that_is_text_is_spelt(self):
        data = bytearray(windows_dump())
        struct.pack_into("<Q", data, 0x50, 0x005461736B6D6772)
        outcome = self.info(bytes(data))
        lines = [line.split() for line in outcome.out.splitlines() if "parameter" in line]
        self.assertEqual([line[3:] for line in lines], [["Taskmgr"], [], ["Taskmgr"], []])

    def test_kernel_of_a_lime_file_is_found_in_its_memory(self):
        release = "6.1.0-56-cloud-amd64"
        text = (f"OSRELEASE={release}\nBUILD-ID={'3b' * 20}\nPAGESIZE=4096\n"
                "SYMBOL(init_uts_ns)=ffffffff9b020000\nOFFSET(uts_namespace.name)=4\n"
                "NUMBER(phys_base)=-402653184\nKERNELOFFSET=1a000000\n").encode()
        memory = bytearray(0x40000)
        memory[0x5000:0x5000 + len(text)] = text
        names = ("Linux", "lab", release, "#1 SMP Debian 6.1", "x86_64", "(none)")
        for index, name in enumerate(names):
            place = 0x20004 + 65 * index
            memory[place:place + len(name)] = name.encode()
        head = struct.pack("<IIQQQ", 0x4C694D45, 1, 0x3000000, 0x3000000 + len(memory) - 1, 0)
        outcome = self.info(head + bytes(memory), name="memory.lime")
        self.assertEqual(outcome.status, 0, str(outcome))
        for word in ("Linux " + release, "lab", f"linux-image-{release}-dbg",
                     "crash --kaslr=0x1a000000 -m phys_base=0xffffffffe8000000 ",
                     "range1.raw@3000000"):
            self.assertIn(word, outcome.out)
        document = json.loads(self.info(head + bytes(memory), "--json", name="memory.lime").out)
        self.assert_schema(document, "dump-info")
        self.assertEqual(document["buildIdentifier"], "3b" * 20)
        # Without the kernel's page nothing is guessed.
        memory[0x5000] = 0
        outcome = self.info(head + bytes(memory), name="memory.lime")
        self.assertIn("The kernel cannot be told", outcome.out)
        self.assertRegex(outcome.out, "Host +the file does not tell")
        self.assertNotIn("\n  crash --", outcome.out)

    def test_live_dump_of_powershell(self):
        outcome = self.info(windows_dump(first=0))
        self.assertIn("Get-StorageDiagnosticInfo", outcome.out)

    def test_json_keeps_the_schema(self):
        outcome = self.info(windows_dump(), "--json")
        document = json.loads(outcome.out)
        self.assert_schema(document, "dump-info")
        self.assertEqual(document["code"]["name"], "LIVE_SYSTEM_DUMP")
        self.assertEqual(document["pages"], {"dumped": 3})

    def test_steps_are_told_only_when_asked_for(self):
        words = "Where the time went is not told"
        self.assertNotIn(words, self.info(windows_dump()).out)
        outcome = self.info(windows_dump(), "--steps")
        self.assertEqual(outcome.status, 0, str(outcome))
        self.assertIn(words, outcome.out)

    def test_dump_that_is_cut_is_partial_and_no_failure(self):
        outcome = self.info(windows_dump()[:-5000])
        self.assertEqual(outcome.status, 0, str(outcome))
        self.assertIn("partial", outcome.out)
        self.assertIn("of 3 pages it has room for 1", outcome.out)
        rows = [line.split() for line in outcome.out.splitlines() if line.startswith("all ")]
        self.assertEqual([row[1] for row in rows], ["1"], outcome.out)
        told = json.loads(self.info(windows_dump()[:-5000], "--json").out)
        self.assert_schema(told, "dump-info")
        self.assertEqual(told["pages"], {"dumped": 3, "missing": 2})

    def test_folder_stands_for_the_one_dump_in_it(self):
        dump = self.path("LiveDump.dmp")
        harness.write(self.path("LiveDump.json"), "{}")
        self.info(windows_dump(), name="LiveDump.dmp")
        outcome = harness.run("dump", "info", self.folder)
        self.assertEqual(outcome.status, 0, str(outcome))
        self.assertTrue(outcome.out.startswith(dump + ": "), outcome.out)
        self.assertEqual(
            json.loads(harness.run("dump", "info", "--json", self.folder).out)["file"], dump)
        harness.write(self.path("LiveDump.kdump"), "x")
        outcome = harness.run("dump", "info", self.folder)
        self.assertEqual(outcome.status, UNAVAILABLE, str(outcome))
        self.assertIn("more than one dump: LiveDump.kdump, LiveDump.dmp", outcome.told)
        os.remove(dump)
        os.remove(self.path("LiveDump.kdump"))
        harness.write(self.path("vmcore"), "x")
        outcome = harness.run("dump", "info", self.folder)
        self.assertEqual(outcome.status, UNAVAILABLE, str(outcome))
        self.assertIn("without a dump", outcome.told)
        self.assertIn("LiveDump.json, vmcore", outcome.told)

    def test_damaged_header(self):
        outcome = self.info(windows_dump()[:0x1800])
        self.assertEqual(outcome.status, FAILED, str(outcome))
        self.assertIn("damaged or cut", outcome.told)

    def test_what_is_no_dump(self):
        for data in (b"", b"hello", os.urandom(10000)):
            self.assertEqual(self.info(data).status, UNAVAILABLE)
        self.assertEqual(
            harness.run("dump", "info", self.path("none")).status, UNAVAILABLE)

    def test_what_is_no_file_does_not_hold_it_up(self):
        os.mkfifo(self.path("fifo"))
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(self.path("socket"))
        for path, word, status in ((self.path("fifo"), "FIFO", USAGE),
                                   (self.path("socket"), "socket", USAGE),
                                   ("/dev/zero", "character device", USAGE),
                                   (self.folder, "directory", UNAVAILABLE)):
            outcome = harness.run("dump", "info", path, timeout=20)
            self.assertEqual(outcome.status, status, str(outcome))
            self.assertIn(word, outcome.told)

    def test_names_and_texts_are_escaped(self):
        data = bytearray(windows_dump())
        data[0xFB0:0xFC0] = b"\x1b]0;pwned\x07 end\0\0\0"[:16]
        outcome = self.info(bytes(data), name="a\x1b[31m.dmp")
        self.assertEqual(outcome.status, 0, str(outcome))
        self.assertNotIn("\x1b", outcome.out)
        self.assertIn("pwned", outcome.out)

    def test_sparse_file_with_lying_headers(self):
        data = bytearray(windows_dump())
        struct.pack_into("<QQ", data, 0x2028, 1 << 60, 1 << 60)
        with open(self.path("sparse.dmp"), "wb") as file:
            file.write(data)
            file.truncate(1 << 40)
        outcome = harness.run("dump", "info", self.path("sparse.dmp"), timeout=60)
        self.assertEqual(outcome.status, 0, str(outcome))
        self.assertIn("The file is cut", outcome.out)

    @harness.needs_root
    def test_file_that_must_not_be_read(self):
        with open(self.path("secret.dmp"), "wb") as file:
            file.write(windows_dump())
        os.chmod(self.path("secret.dmp"), 0)
        os.chmod(self.folder, 0o755)
        program = harness.binary_for_everybody(self.folder)
        outcome = harness.run(
            "dump", "info", self.path("secret.dmp"), binary=program,
            before=lambda: os.setuid(65534))
        self.assertEqual(outcome.status, NOT_PERMITTED, str(outcome))
