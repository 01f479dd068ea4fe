"""Two runs at once, runs that are killed or interrupted, and deadlines."""

import os
import shutil
import signal
import subprocess
import time

import harness
from harness import INTERRUPTED, PARTIAL, REFUSED
from hung_file_system import HungFileSystem

LOCK = ".diagbundle.lock"


class SlowRun:
    """A run that takes long because mounts hang; for use inside a mount namespace."""

    def __init__(self, case, *arguments, mounts=8, **options):
        self.case = case
        self.hung = HungFileSystem(*(case.path("hung%d" % number) for number in range(mounts)))
        arguments = ("collect", "--output", case.output, "--profile", "minimal", "--jobs", "2",
                     "--progress", "plain") + arguments
        self.arguments = arguments
        self.errors = open(case.path("stderr"), "wb")
        self.began = time.monotonic()
        self.process = harness.start(*arguments, stderr=self.errors, **options)
        harness.wait_until(
            lambda: "probes: started" in self.said() or self.process.poll() is not None,
            60, "the start of the probes")
        case.assertIsNone(self.process.poll(), "it ended before a probe hung:\n" + self.said())
        harness.wait_until(self.waits_in_kernel, 60, "the hang of a probe")

    def waits_in_kernel(self):
        for identifier in harness.descendants(self.process.pid):
            try:
                if b"fuse" in harness.content("/proc/%d/stack" % identifier):
                    return True
            except OSError:
                pass
        return False

    def said(self):
        with open(self.case.path("stderr"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def orchestrator(self):
        """The process id of the orchestrator."""
        found = [one for one, parent, _, _ in harness.process_table()
                 if parent == self.process.pid]
        self.case.assertEqual(len(found), 1, found)
        return found[0]

    def own(self):
        """Ids of all processes of the program that are left, of any parent."""
        binary = os.path.realpath(harness.BINARY)
        found = []
        for identifier in harness.descendants(os.getpid()):
            try:
                if os.readlink("/proc/%d/exe" % identifier) == binary:
                    found.append(identifier)
            except OSError:
                pass
        return found

    def end(self, timeout=harness.PATIENCE):
        """The exit code."""
        outcome = harness.finish(self.process, self.arguments, timeout, self.began)
        self.errors.close()
        outcome.err = self.said()
        self.out = outcome.out
        return outcome

    def free(self):
        """Lets the mounts go; nothing of the program may be left then."""
        self.hung.close()
        left = harness.reap_orphans(30)
        self.case.assertEqual(left, [], "processes left after the mounts are gone")


class OneOutput(harness.Case):
    """Who may write to an output."""

    @harness.needs_fuse
    @harness.in_namespace()
    def test_second_run_is_refused_and_told_who_is_there(self):
        first = SlowRun(self)
        holder = first.orchestrator()
        began = time.monotonic()
        outcome = self.collect("--only", "boot", expected=REFUSED)
        self.assertLess(time.monotonic() - began, 15)
        self.assertIn("process %d" % holder, outcome.told)
        self.assertIn(self.output, outcome.told)
        self.assertIn("--output", outcome.told)
        self.assertEqual(outcome.out, "")
        other = self.collect("--only", "boot", output=self.path("other"), expected=(0, PARTIAL))
        self.assert_verifies(harness.bundle(self.path("other")))
        self.assertIsNone(first.process.poll(), "the first run ended too early for this test")
        self.assertEqual(first.end().status, PARTIAL)
        first.free()
        self.assertEqual(len(harness.bundles(self.output)), 1)
        self.collect("--only", "boot", expected=(0, PARTIAL))
        self.assertEqual(len(harness.bundles(self.output)), 2)
        self.assert_no_leftovers(self.output)

    def test_lock_file_of_a_run_that_was_killed_blocks_nobody(self):
        harness.write(os.path.join(self.output, LOCK),
                      "diagbundle, process 1, since 2026-01-01T00:00:00.000000Z")
        self.collect("--only", "boot", expected=(0, PARTIAL))
        self.assert_no_leftovers(self.output)

    def test_staging_of_a_run_that_was_killed_is_cleaned_up(self):
        root = harness.fixture_root(self.folder)
        self.collect("--root", root, "--only", "storage", expected=(0, PARTIAL))
        host = harness.host_folder(self.output)
        # Two runs were killed: one while it collected, one while it removed the older folder.
        shutil.copytree(host, os.path.join(self.output, ".fixture-host.old"))
        for name in (".fixture-host.partial", ".fixture-host.old"):
            harness.write(os.path.join(self.output, name, "deep", "file"), "left behind")
        self.collect("--root", root, "--only", "storage", expected=(0, PARTIAL))
        self.assert_no_leftovers(self.output)
        self.assert_verifies(harness.host_folder(self.output))

    def test_half_a_bundle_of_a_run_that_was_killed_is_cleaned_up(self):
        """Sealing killed by SIGKILL leaves no half bundle behind for ever."""
        root = harness.fixture_root(self.folder)
        harness.write(os.path.join(root, "var/log/syslog"),
                      b"".join(os.urandom(63).replace(b"\n", b".") + b"\n"
                               for _ in range(1 << 17)))
        process = harness.start("collect", "--root", root, "--only", "logs", "--output",
                                self.output, "--progress", "none")

        def unfinished():
            if process.poll() is not None:
                return True
            return os.path.isdir(self.output) and [
                one for one in os.listdir(self.output) if ".tar.xz" in one]
        harness.wait_until(unfinished, 60, "sealing")
        for identifier in harness.descendants(process.pid):
            os.kill(identifier, signal.SIGSTOP)
        half = [one for one in os.listdir(self.output) if ".tar.xz" in one]
        if process.poll() is not None or harness.bundles(self.output):
            self.skipTest("sealing was too fast to be caught")
        harness.kill_tree(process.pid)
        harness.finish(process)
        self.assertEqual(len(half), 1)
        self.assertTrue(half[0].startswith("."), half)
        self.assertEqual(harness.bundles(self.output), [])
        self.collect("--root", root, "--only", "storage", expected=(0, PARTIAL))
        self.assert_no_leftovers(self.output)


class Killed(harness.Case):
    """SIGKILL ends a process of a run."""

    def go_on(self, slow):
        """Nothing of the killed run is left, and the next one succeeds and cleans up."""
        slow.free()
        self.assertEqual(slow.own(), [])
        self.collect("--only", "boot", expected=(0, PARTIAL))
        self.assert_no_leftovers(self.output)
        self.assert_verifies(harness.host_folder(self.output))

    @harness.needs_fuse
    @harness.in_namespace()
    def test_front(self):
        slow = SlowRun(self)
        os.kill(slow.process.pid, signal.SIGKILL)
        self.assertEqual(slow.end().status, -signal.SIGKILL)
        # The orchestrator ends by itself, before the mounts answer.
        harness.wait_until(
            lambda: not [one for one in slow.own()
                         if harness.command_line(one).endswith(" orchestrate")],
            60, "the end of the orchestrator")
        self.go_on(slow)

    @harness.needs_fuse
    @harness.in_namespace()
    def test_orchestrator(self):
        slow = SlowRun(self)
        os.kill(slow.orchestrator(), signal.SIGKILL)
        outcome = slow.end(30)
        self.assertEqual(outcome.status, harness.FAILED, str(outcome))
        self.assertIn("orchestrator", outcome.told)
        self.assertEqual(outcome.out, "")
        self.assertEqual(harness.bundles(self.output), [])
        self.go_on(slow)

    def test_worker(self):
        """A collector whose process is killed costs that collector only."""
        for _ in range(10):
            output = self.path("try%d" % _)
            process = harness.start("collect", "--output", output, "--progress", "none",
                                    *harness.ONLY_CODE)
            killed = False
            while process.poll() is None and not killed:
                for identifier in harness.descendants(process.pid):
                    if harness.command_line(identifier).endswith(" worker system"):
                        os.kill(identifier, signal.SIGKILL)
                        killed = True
            outcome = harness.finish(process)
            self.assertIn(outcome.status, (0, PARTIAL), str(outcome))
            reports = harness.reports(harness.manifest(output))
            if reports["system"]["outcome"] != "complete":
                break
        else:
            self.skipTest("the worker was too fast to be caught")
        self.assertEqual(outcome.status, PARTIAL)
        self.assertEqual({name: one["outcome"] for name, one in reports.items()},
                         {"storage": "complete", "system": "crashed", "boot": "complete",
                          "logs": "complete"})
        self.assertIn("SIGKILL", reports["system"]["reason"])
        self.assertIn("system", [one["collector"]
                                 for one in harness.manifest(output)["missing"]])
        self.assert_verifies(harness.bundle(output))


class Interrupted(harness.Case):
    """Signals to a run."""

    def check(self, slow, outcome):
        self.assertEqual(outcome.status, INTERRUPTED, str(outcome))
        manifest = harness.manifest(self.output)
        self.assertTrue(manifest["isInterrupted"])
        self.assertEqual(manifest["completeness"], "partial")
        path = harness.bundle(self.output)
        self.assert_verifies(path)
        self.assertIn(path, slow.out.splitlines())
        self.assertEqual(sorted(harness.reports(manifest)), ["boot", "storage", "system"])
        with open(os.path.join(harness.host_folder(self.output), "summary.txt")) as file:
            self.assertIn("interrupted", file.read())
        self.assert_no_leftovers(self.output)
        slow.free()

    def interrupt(self, number):
        slow = SlowRun(self)
        sent = time.monotonic()
        os.kill(slow.process.pid, number)
        outcome = slow.end(60)
        self.assertLess(time.monotonic() - sent, 12, "it took too long to stop")
        self.check(slow, outcome)

    @harness.needs_fuse
    @harness.in_namespace()
    def test_sigint(self):
        self.interrupt(signal.SIGINT)

    @harness.needs_fuse
    @harness.in_namespace()
    def test_sigterm(self):
        self.interrupt(signal.SIGTERM)

    @harness.needs_fuse
    @harness.in_namespace()
    def test_sighup(self):
        self.interrupt(signal.SIGHUP)

    @harness.needs_fuse
    @harness.in_namespace()
    def test_control_c_on_a_terminal(self):
        """The terminal signals the whole foreground group; workers must not die of that alone."""
        with HungFileSystem(*(self.path("hung%d" % number) for number in range(8))):
            terminal = harness.Terminal("collect", "--output", self.output, "--skip", "logs",
                                        "--jobs", "2", "--progress", "plain")
            self.assertTrue(terminal.read_until(lambda: b"probes: started" in terminal.data),
                            terminal.data)
            sent = time.monotonic()
            os.write(terminal.master, b"\x03")
            status = terminal.end(60)
            self.assertEqual(status, INTERRUPTED, terminal.data)
            self.assertLess(time.monotonic() - sent, 12)
            manifest = harness.manifest(self.output)
            self.assertTrue(manifest["isInterrupted"])
            self.assertEqual(
                {name: one["outcome"] for name, one in harness.reports(manifest).items()
                 if name in ("storage", "system")},
                {"storage": "complete", "system": "complete"})
            self.assert_verifies(harness.bundle(self.output))
        self.assertEqual(harness.reap_orphans(30), [])

    @harness.needs_fuse
    @harness.in_namespace()
    def test_second_signal_leaves_at_once(self):
        slow = SlowRun(self)
        # Held still, so that the first signal has no effect before the second comes.
        os.kill(slow.orchestrator(), signal.SIGSTOP)
        os.kill(slow.process.pid, signal.SIGINT)
        harness.wait_until(lambda: "nterrupt again" in slow.said(), 20, "the notice")
        sent = time.monotonic()
        os.kill(slow.process.pid, signal.SIGINT)
        outcome = slow.end(30)
        self.assertLess(time.monotonic() - sent, 5)
        self.assertEqual(outcome.status, INTERRUPTED, str(outcome))
        self.assertIn("no bundle was made", outcome.told)
        self.assertEqual(outcome.out, "")
        self.assertEqual(harness.bundles(self.output), [])
        slow.free()
        self.collect("--only", "boot", expected=(0, PARTIAL))
        self.assert_no_leftovers(self.output)


class Deadlines(harness.Case):
    """Collecting and sealing end in time."""

    @harness.needs_fuse
    @harness.in_namespace()
    def test_collecting_ends_at_the_deadline(self):
        slow = SlowRun(self, "--deadline", "4s", mounts=12)
        outcome = slow.end()
        self.assertEqual(outcome.status, PARTIAL, str(outcome))
        manifest = harness.manifest(self.output)
        self.assertEqual(manifest["options"]["deadlineSeconds"], 4)
        self.assertFalse(manifest["isInterrupted"], "a deadline is no interruption by a person")
        self.assertEqual(manifest["completeness"], "partial")
        probes = harness.read_json(harness.host_folder(self.output),
                                   "storage/mount-health.json")["probes"]
        hung = [one for one in probes if one["target"].startswith(self.path("hung"))]
        self.assertEqual(len(hung), 12)
        self.assertEqual({one["outcome"] for one in hung} - {"hung", "skipped"}, set())
        skipped = [one for one in hung if one["outcome"] == "skipped"]
        self.assertTrue(skipped)
        for one in skipped:
            self.assertIn("deadline", one["reason"])
        said = harness.schema_time(manifest["collected"]) - harness.schema_time(
            manifest["started"])
        self.assertGreaterEqual(said, 3.9)
        self.assertLess(said, 4 + 2 + 3)
        self.assert_verifies(harness.bundle(self.output))
        slow.free()

    @harness.needs_fuse
    @harness.in_namespace()
    def test_orchestrator_that_does_nothing_is_left_at_the_deadline(self):
        slow = SlowRun(self, "--deadline", "6s")
        os.kill(slow.orchestrator(), signal.SIGSTOP)
        outcome = slow.end(60)
        self.assertLess(outcome.seconds, 6 + 4 + 8)
        self.assertEqual(outcome.status, harness.INPUT_OUTPUT, str(outcome))
        self.assertIn(self.output, outcome.told)
        self.assertIn("no answer", outcome.told)
        self.assertEqual(outcome.out, "")
        slow.free()
        self.collect("--only", "boot", expected=(0, PARTIAL))
        self.assert_no_leftovers(self.output)

    def test_a_deadline_that_is_over_at_once(self):
        outcome = self.collect("--deadline", "1ms", expected=PARTIAL)
        manifest = harness.manifest(self.output)
        self.assertEqual(sorted(harness.reports(manifest)), sorted(harness.default_collectors()))
        self.assertFalse(manifest["isInterrupted"])
        cut = {one["collector"] for one in manifest["reports"] if one["outcome"] != "complete"}
        # Those that cannot have started by then.
        self.assertLessEqual({"boot", "logs"}, cut)
        self.assertEqual({one["collector"] for one in manifest["missing"]}, cut)
        for one in manifest["missing"]:
            self.assertIn("deadline", one["why"])
        self.assert_verifies(harness.bundle(self.output))

    def test_sealing_stores_what_is_not_compressed_in_time(self):
        root = harness.fixture_root(self.folder)
        # What was compressed while collectors ran stays so.
        harness.write(os.path.join(root, "var/log/syslog"), "the same line again\n" * (1 << 21))
        self.collect("--root", root, "--only", "logs", "--seal-deadline", "1ms",
                     expected=(0, PARTIAL))
        path = harness.bundle(self.output)
        self.assertGreater(os.path.getsize(path), 1 << 20, "it was compressed all the same")
        self.assert_verifies(path)
        if shutil.which("xz"):
            subprocess.run(["xz", "-t", path], check=True, timeout=60)
        self.collect("--root", root, "--only", "logs", output=self.path("two"),
                     expected=(0, PARTIAL))
        self.assertLess(os.path.getsize(harness.bundle(self.path("two"))), 1 << 20)
