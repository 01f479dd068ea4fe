"""What a person or a program sees of a run."""

import json
import os
import re

import harness
from harness import PARTIAL
from hung_file_system import HungFileSystem

SGR = re.compile(rb"\x1b\[[0-9;]*m")
CURSOR_UP = re.compile(rb"\x1b\[\d+A")


class Streams(harness.Case):
    """Progress that goes to a pipe or file."""

    def test_without_a_terminal_one_plain_line_for_each_change(self):
        for arguments in ((), ("--progress", "plain")):
            outcome = self.collect(*arguments, expected=(0, PARTIAL))
            self.assertNotIn("\x1b", outcome.err)
            self.assertNotIn("\r", outcome.err)
            lines = outcome.err.splitlines()
            for line in lines:
                self.assertRegex(line, r"^\d\d:\d\d:\d\d [a-z-]+: \S")
            for name in harness.default_collectors() + ["seal"]:
                own = [line.split(" ", 1)[1] for line in lines
                       if line.split(" ", 1)[1].startswith(name + ": ")]
                self.assertEqual(len(own), 2, own)
                self.assertEqual(own[0], name + ": started")
                self.assertRegex(own[1], "^%s: (complete|partial), .*\\d" % name)
            # The probes are one of their own.
            count = len(harness.default_collectors()) + 2
            self.assertRegex(lines[0], "run: started, %d operations$" % count)
            self.assertEqual(len(lines), len(set(lines)))

    def test_json_lines_are_as_their_schema_says(self):
        outcome = self.collect("--progress", "json", expected=(0, PARTIAL))
        events = [json.loads(line) for line in outcome.err.splitlines()]
        if not harness.why_no_jsonschema():
            for event in events:
                self.assert_schema(event, "progress")
        self.assertEqual(events[0]["kind"], "runStarted")
        self.assertEqual([event["kind"] for event in events].count("runEnded"), 1)
        last = events[-1]
        self.assertEqual(last["kind"], "runEnded")
        path = harness.bundle(self.output)
        result = last["result"]
        self.assertEqual(result["exitCode"], outcome.status)
        self.assertEqual(result["bundlePath"], path)
        self.assertEqual(result["bundleByteCount"], os.path.getsize(path))
        self.assertEqual(result["bundleSHA256"], harness.sha256(harness.content(path)))
        self.assertEqual(result["folderPath"], harness.host_folder(self.output))
        manifest = harness.manifest(self.output)
        self.assertEqual(result["completeness"], manifest["completeness"])
        self.assertEqual(len(result["missing"]), len(manifest["missing"]))
        self.assertEqual(result["artifactCount"], len(manifest["artifacts"]))
        self.assertEqual(outcome.out, path + "\n")
        times = [event["time"] for event in events]
        self.assertEqual(times, sorted(times))
        started = [event["operation"]["name"] for event in events
                   if event["kind"] == "operationStarted"]
        ended = [event["operation"]["name"] for event in events
                 if event["kind"] == "operationEnded"]
        self.assertEqual(sorted(started), sorted(ended))
        self.assertLessEqual(set(harness.COLLECTORS + ["seal"]), set(ended))

    def test_progress_never_goes_back_and_ends_at_the_whole(self):
        outcome = self.collect("--progress", "json", expected=(0, PARTIAL))
        runs = [json.loads(line)["run"] for line in outcome.err.splitlines()]
        self.assertEqual((runs[-1]["fraction"], runs[-1]["done"]), (1, runs[-1]["total"]),
                         "the last event says how far the run is")
        self.assertGreaterEqual(runs[-1]["total"], 5)
        fractions = [run["fraction"] for run in runs]
        self.assertEqual(fractions, sorted(fractions), "progress went back")

    def test_json_tells_an_error_too(self):
        harness.write(self.output, "a file")
        outcome = self.collect("--progress", "json", expected=harness.CANNOT_CREATE)
        events = [json.loads(line) for line in outcome.err.splitlines()]
        self.assertEqual(events[-1]["kind"], "runEnded")
        self.assertEqual(events[-1]["result"]["exitCode"], harness.CANNOT_CREATE)
        self.assertIn(self.output, events[-1]["result"]["error"])
        self.assertEqual(outcome.out, "")

    def test_none_says_nothing_on_the_error_stream(self):
        outcome = self.collect("--progress", "none", expected=(0, PARTIAL))
        self.assertEqual(outcome.err, "")
        self.assertIn(harness.bundle(self.output), outcome.out.splitlines())

    def test_a_reader_that_does_not_read_holds_up_nothing_for_ever(self):
        """A full pipe behind the progress does not stop collecting."""
        process = harness.start("collect", "--progress", "json", "--skip", "logs", "--output",
                                self.output)
        harness.wait_until(
            lambda: os.path.isdir(self.output) and harness.bundles(self.output), 120,
            "the bundle, with nobody reading the progress")
        outcome = harness.finish(process)
        self.assertIn(outcome.status, (0, PARTIAL), str(outcome))


class OnTerminal(harness.Case):
    """Progress on a terminal."""

    def run_on(self, *arguments, **options):
        resize = options.pop("resize", None)
        terminal = harness.Terminal("collect", "--output", self.output, *arguments, **options)
        if resize:
            for size in resize:
                terminal.read_until(lambda: False, 0.15)
                terminal.resize(*size)
        status = terminal.end()
        self.assertIn(status, (0, PARTIAL), terminal.data)
        return terminal.data

    def test_bars_are_drawn_in_place(self):
        data = self.run_on()
        self.assertRegex(data, CURSOR_UP)
        self.assertIn(b"\x1b[K", data)
        self.assertIn(b"Collecting", data)
        self.assertIn(b" % ", data)
        self.assertRegex(data, SGR)
        # All that is sent is cursor up, erase and colour: nothing else a terminal acts on.
        rest = re.sub(rb"\x1b\[\d*[AKJ]|\x1b\[[0-9;]*m|[\r\n]", b"", data)
        self.assertNotIn(b"\x1b", rest)
        self.assertEqual([byte for byte in rest if byte < 0x20], [])
        # The end: the colour is reset, and the summary stands last.
        self.assertEqual(SGR.findall(data)[-1], b"\x1b[0m")
        self.assertIn(harness.bundle(self.output).encode(), data.split(b"\x1b[J")[-1])

    def test_summary_has_at_most_fifteen_lines(self):
        data = self.run_on()
        summary = data.split(b"\x1b[J")[-1].strip(b"\r\n").split(b"\r\n")
        self.assertLessEqual(len(summary), 15)
        self.assertGreaterEqual(len(summary), 3)

    def test_summary_of_much_that_is_wrong_has_at_most_fifteen_lines(self):
        root = harness.fixture_root(self.folder)
        lines = ["25 1 254:1 / / rw - ext4 /dev/vda1 rw\n"]
        for number in range(60):
            lines.append("%d 25 254:%d / /mnt/%d rw - ext4 /dev/vdb%d ro\n" % (
                number + 30, number + 2, number, number))
            os.symlink("loop%d" % number, os.path.join(root, "var/log/loop%d" % number))
            os.symlink("syslog.%d" % number, os.path.join(root, "var/log/syslog.%d" % number))
        harness.write(os.path.join(root, "proc/1/mountinfo"), "".join(lines))
        outcome = self.collect("--root", root, expected=PARTIAL)
        self.assertGreater(len(harness.manifest(self.output)["missing"]), 50)
        self.assertLessEqual(len(outcome.out.splitlines()), 15)
        self.assertIn("more: see summary.txt", outcome.out)

    def test_no_colour_when_not_wanted(self):
        data = self.run_on(env=harness.environment(NO_COLOR="1"))
        self.assertNotRegex(data, SGR)
        self.assertRegex(data, CURSOR_UP)

    def test_dumb_terminal_gets_plain_lines(self):
        for term in ("dumb", None):
            with self.subTest(TERM=term):
                data = self.run_on(env=harness.environment(TERM=term))
                self.assertNotIn(b"\x1b", data)
                self.assertIn(b"storage: started", data)

    def test_c_locale_gets_ascii(self):
        data = self.run_on(env=harness.environment(LC_ALL="C"))
        self.assertEqual([byte for byte in data if byte > 0x7e], [])
        self.assertIn(b"Collecting", data)

    def test_twenty_columns(self):
        data = self.run_on("--skip", "logs", columns=20, rows=6)
        frames = data.split(b"\x1b[J")
        self.assertGreaterEqual(len(frames), 2, "no frame was drawn")
        for frame in frames[:-1]:
            for line in re.sub(rb"\x1b\[[0-9;]*[A-Za-z]", b"", frame).split(b"\r\n"):
                text = line.replace(b"\r", b"").decode("utf-8")
                self.assertLess(len(text), 20, text)

    def test_one_column_and_no_size_at_all(self):
        for columns, rows in ((1, 1), (0, 0), (65535, 65535)):
            with self.subTest(columns=columns):
                output = self.path("out%d" % columns)
                terminal = harness.Terminal("collect", "--only", "storage", "--output", output,
                                            columns=columns, rows=rows)
                self.assertIn(terminal.end(), (0, PARTIAL), terminal.data)
                self.assertLess(len(terminal.data), 1 << 20)
                self.assert_verifies(harness.bundle(output))

    def test_terminal_that_goes_away(self):
        """SIGHUP: the run ends as after Ctrl-C, with a bundle, and nothing is left running."""
        terminal = harness.Terminal("collect", "--output", self.output)
        terminal.read_until(lambda: b"Collecting" in terminal.data, 30)
        os.close(terminal.master)
        terminal.master = -1
        status = terminal.process.wait(timeout=60)
        self.assertIn(status, (0, PARTIAL, harness.INTERRUPTED))
        harness.wait_until(lambda: not harness.descendants(os.getpid()), 30,
                           "the end of all processes")
        self.assert_verifies(harness.bundle(self.output))

    @harness.needs_fuse
    @harness.in_namespace()
    def test_resizing_while_bars_are_drawn(self):
        with HungFileSystem(*(self.path("hung%d" % number) for number in range(3))):
            terminal = harness.Terminal("collect", "--skip", "logs", "--jobs", "1", "--output",
                                        self.output)
            self.assertTrue(terminal.read_until(lambda: b"robing" in terminal.data, 60))
            for columns, rows in ((40, 10), (20, 5), (10, 3), (200, 50), (1, 1), (80, 24)):
                terminal.resize(columns, rows)
                seen = len(terminal.data)
                terminal.read_until(lambda: len(terminal.data) > seen, 5)
                self.assertGreater(len(terminal.data), seen,
                                   "nothing was drawn anew at %d columns" % columns)
                self.assertIsNone(terminal.process.poll())
            self.assertEqual(terminal.end(), PARTIAL, terminal.data)
            self.assertIn(b"hung", terminal.data)
            self.assert_verifies(harness.bundle(self.output))
        self.assertEqual(harness.reap_orphans(30), [])
