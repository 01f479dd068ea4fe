"""Bundles that are damaged or lie: a clear error, little memory, and what is whole is saved."""

import os
import shutil
import tempfile
import unittest

import blocks
import harness
import samples
from harness import FAILED, INPUT_OUTPUT, PARTIAL

MEBI = 1 << 20
#: Whatever a bundle claims, no command takes more. Of one that gives what it says, a block's
#: dictionary, its bytes and those that wait to be read are well below.
MOST_BYTES = 256 * MEBI
NAMES = ("logs/messages", "logs/user.log", "system/dmesg")


class Lies(unittest.TestCase):
    """One host folder with several blocks, and what becomes of its bundle."""

    @classmethod
    def setUpClass(cls):
        cls.base = tempfile.mkdtemp(prefix="diagbundle-e2e-")
        cls.addClassCleanup(shutil.rmtree, cls.base, ignore_errors=True)
        folder = os.path.join(cls.base, "host")
        cls.content = samples.host_folder(
            folder, [(name, samples.log(600_000, seed)) for seed, name in enumerate(NAMES)]
            + [("logs/empty", b""), ("logs/small", b"small"), ("system/noise",
                                                               samples.noise(5 * MEBI))])
        cls.paths = {name: samples.seal(folder, os.path.join(cls.base, "host." + name),
                                        "--compression", name) for name in ("xz", "zstd", "none")}
        cls.members = {name: samples.members(path) for name, path in cls.paths.items()}

    def setUp(self):
        self.folder = tempfile.mkdtemp(dir=self.base)
        self.damaged = os.path.join(self.folder, "damaged")

    def ask(self, *arguments):
        """Runs a command over the damaged bundle; it must end by itself, in little memory."""
        output = os.path.join(self.folder, "output")
        with open(output, "wb") as file:
            process = harness.start(*arguments, stdout=file, stderr=file)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        told = harness.content(output)
        what = "%s: exit %d\n%s" % (arguments, process.returncode,
                                    told[-2000:].decode("utf-8", "replace"))
        self.assertIn(process.returncode, (0, FAILED, PARTIAL, INPUT_OUTPUT), what)
        self.assertLess(usage.ru_maxrss << 10, MOST_BYTES, what)
        if process.returncode != 0 and arguments[0] != "grep":
            self.assertTrue(told.strip(), what)
        return process.returncode, told, what

    def untouched(self, compression, numbers):
        """The files that lie in none of the blocks with these numbers."""
        parts = blocks.of(compression, harness.content(self.paths[compression])).blocks
        starts = [0]
        for block in parts:
            starts.append(starts[-1] + block.uncompressed)
        names = set()
        for one in self.members[compression]:
            start, end = one["offset"], one["offset"] + 512 + one["byteCount"]
            touched = {number for number in range(len(parts))
                       if starts[number] < end and start < starts[number + 1]}
            if not touched & set(numbers):
                names.add(one["path"][len("host/"):])
        return names

    def salvage(self, wanted):
        """Saves what is whole: the files `wanted` at least, and no other bytes than were packed."""
        target = os.path.join(self.folder, "saved")
        shutil.rmtree(target, ignore_errors=True)
        status, told, what = self.ask("extract", "--salvage", self.damaged, "-C", target)
        place = os.path.join(target, "host")
        saved = set(harness.files_below(place)) if os.path.isdir(place) else set()
        self.assertEqual(wanted - saved, set(), what)
        for name in saved:
            self.assertEqual(harness.content(os.path.join(place, name)), self.content[name], name)
        if saved != set(self.content):
            self.assertIn(status, (FAILED, PARTIAL), what)
        return status

    def commands(self):
        """Every other command that reads a bundle."""
        target = os.path.join(self.folder, "out")
        for command in (("verify",), ("list",), ("list", "--json"), ("extract",), ("grep",)) \
                + tuple(("cat", name) for name in NAMES):
            path = [self.damaged]
            shutil.rmtree(target, ignore_errors=True)
            if command[0] == "extract":
                path += ["-C", target]
            elif command[0] == "grep":
                path = ["no such text", self.damaged]
            elif command[0] == "cat":
                path = [self.damaged, command[1]]
                command = command[:1]
            yield command + tuple(path)

    def check(self, wanted, finds=True):
        """Whatever reads the damaged bundle ends well or says why; `verify` finds the damage."""
        for command in self.commands():
            status, told, what = self.ask(*command)
            if command[0] == "verify" and finds:
                self.assertEqual(status, FAILED, what)
                self.assertIn(self.damaged.encode(), told)
            if command[0] == "cat" and status == 0:
                self.assertEqual(told, self.content[command[2]], what)
            if command[0] == "extract":
                place = os.path.join(self.folder, "out", "host")
                for name in harness.files_below(place) if os.path.isdir(place) else []:
                    self.assertEqual(harness.content(os.path.join(place, name)),
                                     self.content[name], what)
        self.salvage(wanted)

    # --- damage --------------------------------------------------------------------------------

    def test_every_whole_member_survives_a_flipped_byte(self):
        for compression in ("xz", "zstd"):
            data = harness.content(self.paths[compression])
            parts = blocks.of(compression, data)
            for number, block in enumerate(parts.blocks):
                # Header, content and check of each block.
                for place in (1, len(block.data) // 2, block.listed - 1):
                    position = parts.start(number) + place
                    harness.write(self.damaged, data[:position]
                                  + bytes([data[position] ^ 0x55]) + data[position + 1:])
                    with self.subTest(compression=compression, block=number, place=place):
                        self.salvage(self.untouched(compression, [number]))
            # The first bytes, the table of blocks and the end.
            tail = parts.start(len(parts.blocks))
            head = range(0, 12) if compression == "xz" else []
            for position in [*head, *range(tail, len(data))][::3]:
                harness.write(self.damaged, data[:position] + bytes([data[position] ^ 0x55])
                              + data[position + 1:])
                with self.subTest(compression=compression, position=position):
                    self.salvage(set(self.content))

    def test_every_whole_member_survives_a_cut(self):
        for compression in ("xz", "zstd"):
            data = harness.content(self.paths[compression])
            parts = blocks.of(compression, data)
            count = len(parts.blocks)
            for number in range(count):
                for place in (0, 1, len(parts.blocks[number].data) // 2):
                    harness.write(self.damaged, data[:parts.start(number) + place])
                    with self.subTest(compression=compression, block=number, place=place):
                        self.salvage(self.untouched(compression, range(number, count)))

    def test_plain_tar_that_is_damaged(self):
        data = harness.content(self.paths["none"])
        for one in self.members["none"]:
            name = one["path"][len("host/"):]
            for place in (0, 130, 500):  # Name, size and padding of its header.
                position = one["offset"] + place
                harness.write(self.damaged, data[:position] + bytes([data[position] ^ 0x55])
                              + data[position + 1:])
                with self.subTest(name=name, place=place):
                    self.salvage(set(self.content) - {name})
            harness.write(self.damaged, data[:one["offset"] + 512 + one["byteCount"]])
            with self.subTest(name=name, cut=True):
                self.salvage({other["path"][len("host/"):] for other in self.members["none"]
                              if other["offset"] <= one["offset"]})

    # --- lies ----------------------------------------------------------------------------------

    def lies(self, compression, parts):
        """(name, records, count) of tables that claim something else than is there."""
        true = [(block.listed, block.uncompressed) for block in parts.blocks]
        last = len(true) - 1
        huge = (1 << 62) if compression == "xz" else (1 << 32) - 1
        for number in (0, 1, last):
            listed, uncompressed = true[number]
            for value in (0, 1, uncompressed - 1, uncompressed + 1, 1 << 31, huge):
                yield ("block %d gives %d" % (number, value),
                       true[:number] + [(listed, value)] + true[number + 1:], None)
            for value in (0, 4, listed - 4, listed + 4, 1 << 31, huge):
                yield ("block %d has %d bytes" % (number, value),
                       true[:number] + [(value, uncompressed)] + true[number + 1:], None)
        first, second = true[0], true[1]
        # The places of the blocks are sums of the sizes: so two overlap.
        yield ("two blocks overlap", [(first[0] + 4, first[1]), (second[0] - 4, second[1])]
               + true[2:], None)
        yield ("two blocks overlap in the stream", [(first[0], first[1] + 512),
                                                    (second[0], second[1] - 512)] + true[2:], None)
        yield "one block twice", true[:1] + true, None
        yield "one block fewer", true[1:], None
        yield "no blocks", [], None
        yield "two blocks exchanged", [second, first] + true[2:], None
        for count in (0, last, last + 2, 1 << 31, huge):
            yield "%d blocks" % count, true, count

    def test_a_table_that_lies(self):
        """Each field of it; the blocks are whole, so all members are saved."""
        for compression in ("xz", "zstd"):
            parts = blocks.of(compression, harness.content(self.paths[compression]))
            for name, records, count in self.lies(compression, parts):
                if compression == "zstd" and any(max(one) >= 1 << 32 for one in records):
                    continue
                harness.write(self.damaged, parts.bytes(records, count))
                with self.subTest(compression=compression, lie=name):
                    status, told, what = self.ask("verify", self.damaged)
                    self.assertEqual(status, FAILED, what)
                    self.assertIn(self.damaged.encode(), told)
                    self.ask("list", self.damaged)
                    status, told, what = self.ask("cat", self.damaged, NAMES[1])
                    if status == 0:
                        # A note may stand before it: with such a table it is read sequentially.
                        self.assertTrue(told.endswith(self.content[NAMES[1]]), what)
                    self.salvage(self.untouched(compression, []))

    def test_a_block_that_gives_more_than_the_table_says(self):
        for compression in ("xz", "zstd"):
            for number in (0, 1):
                parts = blocks.of(compression, harness.content(self.paths[compression]))
                claimed = parts.blocks[number].uncompressed
                bomb = blocks.bomb(compression, 320 * MEBI)
                parts.blocks[number] = blocks.Block(bomb.data, bomb.listed, claimed)
                harness.write(self.damaged, parts.bytes())
                with self.subTest(compression=compression, block=number):
                    self.check(self.untouched(compression, [number]))

    def test_a_block_that_gives_what_no_memory_holds(self):
        """The table says how much, and it is true: nothing is held that is not asked for."""
        for compression in ("xz", "zstd"):
            parts = blocks.of(compression, harness.content(self.paths[compression]))
            parts.blocks[1] = blocks.bomb(compression, 320 * MEBI)
            harness.write(self.damaged, parts.bytes())
            with self.subTest(compression=compression):
                # Salvage holds a block of 64 MiB at most: this one is lost.
                self.check(self.untouched(compression, [1]))


if __name__ == "__main__":
    unittest.main()
