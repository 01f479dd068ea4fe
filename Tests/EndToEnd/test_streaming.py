"""The bundle that is begun while collectors run: its bytes, how it is compressed, what a run leaves
that is interrupted, killed or finds its disk full, and runs that keep the bundle alone."""

import json
import os
import shutil
import signal
import subprocess

import harness
from harness import COMPLETE, INPUT_OUTPUT, INTERRUPTED, PARTIAL
from test_plugins import DESCRIPTION, PYTHON, Plugins

# Plugins of the tests: one that sends what does not compress, so that it can be seen in the size of
# the bundle, and one that ends when the test lets it, and what it sends then.
BULK = """
say('artifact', {'path': 'bulk.bin'})
for _ in range(9):
    raw((B + ' data 1000000\\n').encode() + os.urandom(1000000) + b'\\n')
say('end')
"""
GATE = """
while not os.path.exists(%r):
    time.sleep(0.02)
say('artifact', {'path': 'late.txt'})
for _ in range(%d):
    raw((B + ' data 1000000\\n').encode() + b'x' * 1000000 + b'\\n')
say('end')
"""

ENDINGS = {"xz": ".tar.xz", "zstd": ".tar.zst", "none": ".tar"}


class Streaming(Plugins):
    """Runs of a plugin that ends early and of one behind a gate."""

    def setUp(self):
        super().setUp()
        self.gate = self.path("gate-is-open")
        self.process = None

    def begin(self, *arguments, late=1, output=None):
        """Starts a run whose last collector waits; returns when the bundle has begun."""
        self.python("bulk", BULK)
        self.add("gate", PYTHON + GATE % (self.gate, late),
                 description=DESCRIPTION.replace("20s", "120s"))
        output = output or self.output
        self.arguments = ("collect", "--output", output, "--plugins", self.plugins, "--only",
                          "bulk,gate", "--jobs", "2") + arguments
        self.process = harness.start(*self.arguments)

        def size():
            if self.process.poll() is not None:
                return True
            return os.path.isdir(output) and [
                name for name in os.listdir(output) if self.is_half(name)
                and os.path.getsize(os.path.join(output, name)) > 1 << 20]
        harness.wait_until(size, 120, "the beginning of the bundle")
        if self.process.poll() is not None:
            self.fail("it ended early: %s" % harness.finish(self.process, self.arguments))

    @staticmethod
    def is_half(name):
        """Whether that is the name of a bundle that is not whole."""
        return name.startswith(".") and name.endswith(".tar.xz.partial")

    def open_gate(self):
        harness.write(self.gate, "")

    def end(self, *statuses):
        outcome = harness.finish(self.process, self.arguments)
        self.assertIn(outcome.status, statuses, str(outcome))
        return outcome

    def assert_same_as_archive(self, bundle, *options):
        """`archive` makes the same bytes of the host folder."""
        again = self.path("again")
        outcome = harness.run("archive", harness.host_folder(self.output), "-o", again, *options)
        self.assertEqual(outcome.status, 0, str(outcome))
        self.assertEqual(harness.sha256(harness.content(again)),
                         harness.sha256(harness.content(bundle)))


class WhileCollecting(Streaming):
    """Collectors that have ended are in the bundle before the others end."""

    def test_bundle_is_begun_and_has_the_bytes_of_archive(self):
        self.begin()
        self.assertEqual(harness.bundles(self.output), [])
        self.open_gate()
        self.end(COMPLETE, PARTIAL)
        bundle = harness.bundle(self.output)
        self.assert_verifies(bundle)
        self.assert_no_leftovers(self.output)
        self.assert_same_as_archive(bundle)
        for threads in ("1", "2", "5"):
            self.assert_same_as_archive(bundle, "--threads", threads)
        listed = [json.loads(line)
                  for line in harness.run("list", "--json", bundle).out.splitlines()]
        offsets = {one["path"].partition("/")[2]: one["offset"] for one in listed}
        late = offsets.pop("gate/late.txt")
        for name, offset in offsets.items():
            if name.startswith("bulk/"):
                self.assertLess(offset, late, name)

    def test_who_waits_for_others_stands_behind_them(self):
        self.begin()
        self.open_gate()
        self.end(COMPLETE, PARTIAL)
        document = harness.manifest(self.output)
        self.assertEqual(sorted(document["memberOrder"]),
                         sorted(one["collector"] for one in document["reports"]))
        self.collect("--root", harness.fixture_root(self.folder), "--only", "storage,system,logs",
                     output=self.path("two"), expected=(COMPLETE, PARTIAL))
        order = harness.manifest(self.path("two"))["memberOrder"]
        self.assertEqual(order[-1], "storage")

    def test_interrupted(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number.name):
                shutil.rmtree(self.output, ignore_errors=True)
                self.begin()
                self.process.send_signal(number)
                self.end(INTERRUPTED)
                bundle = harness.bundle(self.output)
                self.assert_verifies(bundle)
                self.assertTrue(harness.manifest(self.output)["isInterrupted"])
                self.assert_same_as_archive(bundle)
                self.assert_no_leftovers(self.output)

    def test_deadline(self):
        self.begin("--deadline", "20s")
        self.end(PARTIAL)
        bundle = harness.bundle(self.output)
        self.assert_verifies(bundle)
        self.assert_same_as_archive(bundle)

    def test_killed(self):
        self.begin()
        for identifier in harness.descendants(self.process.pid):
            os.kill(identifier, signal.SIGSTOP)
        harness.kill_tree(self.process.pid)
        harness.finish(self.process)
        left = os.listdir(self.output)
        self.assertEqual([name for name in left if not name.startswith(".")], [])
        self.assertEqual(len([name for name in left if self.is_half(name)]), 1)
        self.collect("--only", "boot", expected=(COMPLETE, PARTIAL))
        self.assert_no_leftovers(self.output)

    @harness.in_namespace()
    def test_disk_that_the_begun_bundle_fills(self):
        """What is collected comes first: the bundle gives its room back."""
        place = self.path("small")
        os.mkdir(place)
        harness.mount("small-disk", place, "tmpfs", 0, "size=20m")
        output = os.path.join(place, "logs")
        self.begin(late=7, output=output)
        self.open_gate()
        outcome = self.end(INPUT_OUTPUT)
        self.assertIn("No space left", outcome.told)
        host = harness.host_folder(output)
        self.assertIn(host, outcome.told)
        self.assert_verifies(host)
        self.assertEqual(os.path.getsize(os.path.join(host, "gate", "late.txt")), 7000000)
        self.assertEqual(os.listdir(output), [os.path.basename(host)])


class Compression(harness.Case):
    """The options of the bundle."""

    def setUp(self):
        super().setUp()
        self.root = harness.fixture_root(self.folder)
        harness.write(os.path.join(self.root, "var/log/syslog"),
                      b"".join(os.urandom(63).replace(b"\n", b".") + b"\n"
                               for _ in range(9 << 14)))

    assert_same_as_archive = Streaming.assert_same_as_archive

    @harness.in_namespace()
    def test_archive_only_keeps_the_folder_when_there_is_no_bundle(self):
        place = self.path("small")
        os.mkdir(place)
        harness.mount("small-disk", place, "tmpfs", 0, "size=16m")
        output = os.path.join(place, "logs")
        outcome = self.collect("--root", self.root, "--only", "logs", "--archive-only",
                               output=output)
        self.assertEqual(outcome.status, INPUT_OUTPUT, str(outcome))
        self.assertIn("No space left", outcome.told)
        self.assert_verifies(os.path.join(output, "fixture-host"))
        self.assertEqual(sorted(os.listdir(output)), ["fixture-host"])


    def test_each_compression_has_its_ending_and_the_bytes_of_archive(self):
        for name, options in (("xz", ()), ("xz", ("--level", "0", "--threads", "3")),
                              ("zstd", ("--threads", "1")), ("zstd", ("--level", "1")),
                              ("none", ()), ("xz", ("--memory", "16M"))):
            with self.subTest(name, options=options):
                shutil.rmtree(self.output, ignore_errors=True)
                options = ("--compression", name) + options
                outcome = self.collect("--root", self.root, "--only", "logs,system", *options,
                                       expected=(COMPLETE, PARTIAL))
                found = [one for one in os.listdir(self.output) if one != "fixture-host"]
                self.assertEqual(len(found), 1, found)
                self.assertRegex(found[0], r"^fixture-host-\d{8}T\d{6}Z%s$" % ENDINGS[name])
                bundle = os.path.join(self.output, found[0])
                self.assertIn(bundle, outcome.out.splitlines())
                self.assert_verifies(bundle)
                self.assert_same_as_archive(bundle, *options)

    def test_lowered_memory_is_told(self):
        outcome = self.collect("--root", self.root, "--only", "system", "--memory", "16M",
                               "--threads", "4", "--progress", "plain",
                               expected=(COMPLETE, PARTIAL))
        self.assertIn("For the memory's sake", outcome.told)
        self.assertIn("1 thread instead of 4", outcome.told)

    def test_too_little_memory_names_what_is_enough(self):
        for command in (("collect", "--output", self.output, "--only", "system"),
                        ("archive", self.root, "-o", self.path("no"))):
            for compression in ENDINGS:
                with self.subTest(command=command[0], compression=compression):
                    outcome = harness.run(*command, "--compression", compression,
                                          "--memory", "1M")
                    self.assertEqual(outcome.status, harness.USAGE, str(outcome))
                    self.assertRegex(outcome.told, "--memory: 1M: .*%s, which needs \\d+M"
                                     % compression)
        self.assertFalse(os.path.exists(self.output))

    def test_configuration_says_it(self):
        config = self.path("config.yaml")
        harness.write(config, "compression: zstd\nlevel: 9\narchive-only: yes\n")
        outcome = self.collect("--root", self.root, "--only", "system", "--config", config,
                               "--level", "12", expected=(COMPLETE, PARTIAL))
        found = os.listdir(self.output)
        self.assertEqual(len(found), 1, found)
        self.assertTrue(found[0].endswith(".tar.zst"), outcome.out)
        # That level is not for what is not compressed.
        self.collect("--root", self.root, "--only", "system", "--config", config,
                     "--compression", "none", output=self.path("two"),
                     expected=(COMPLETE, PARTIAL))


class ArchiveOnly(Streaming):
    """Runs that keep the bundle alone."""

    def setUp(self):
        super().setUp()
        self.root = harness.fixture_root(self.folder)

    def test_folder_goes_when_the_bundle_is_whole(self):
        outcome = self.collect("--root", self.root, "--only", "logs,system", "--archive-only",
                               expected=(COMPLETE, PARTIAL))
        found = os.listdir(self.output)
        self.assertEqual(found, [os.path.basename(harness.bundle(self.output))])
        self.assertIn(harness.bundle(self.output), outcome.out.splitlines())
        self.assert_verifies(harness.bundle(self.output))

    def test_folder_of_an_earlier_run_stays(self):
        self.collect("--root", self.root, "--only", "system", expected=(COMPLETE, PARTIAL))
        before = harness.content(os.path.join(harness.host_folder(self.output), "manifest.json"))
        self.collect("--root", self.root, "--only", "system", "--archive-only",
                     expected=(COMPLETE, PARTIAL))
        self.assertEqual(
            harness.content(os.path.join(harness.host_folder(self.output), "manifest.json")),
            before)
        self.assertEqual(len(harness.bundles(self.output)), 2)
        self.assert_no_leftovers(self.output)

    def test_interrupted(self):
        self.begin("--archive-only")
        self.process.send_signal(signal.SIGINT)
        self.end(INTERRUPTED)
        self.assertEqual(os.listdir(self.output),
                         [os.path.basename(harness.bundle(self.output))])
        self.assert_verifies(harness.bundle(self.output))
        if shutil.which("xz"):
            subprocess.run(["xz", "-t", harness.bundle(self.output)], check=True, timeout=60)
