"""Commands of declared collectors: those that do not end, and those that run for several things."""

import errno
import glob
import json
import os
import signal
import sqlite3
import sys
import time

import harness
from harness import COMPLETE, INPUT_OUTPUT, PARTIAL

OWN = """schema: diagbundle.collector/1
name: mine
subject: commands of a test
description: For the tests.
deadline: %s
items:
%s"""
# Numbers that no other process sleeps for.
SLEEP, STRAY = "98761", "98762"


def sleepers(seconds):
    """(id, parent) of the processes that sleep for so long."""
    return [(identifier, parent) for identifier, parent, state, name in harness.process_table()
            if name == "sleep" and state != "Z"
            and harness.command_line(identifier).endswith("sleep " + seconds)]


class DeclaredCommandTest(harness.Case):
    """Commands that do not end by themselves."""

    def declare(self, items, deadline="60s"):
        """A folder with one collector."""
        folder = self.path("collectors.d")
        os.makedirs(folder)
        with open(os.path.join(folder, "mine.yaml"), "w", encoding="utf-8") as file:
            file.write(OWN % (deadline, items))
        return folder

    def program(self, text, interpreter="/bin/sh"):
        """A program that root may run."""
        path = self.path("program")
        with open(path, "w", encoding="utf-8") as file:
            file.write("#!%s\n%s" % (interpreter, text))
        os.chmod(path, 0o755)
        os.chmod(os.path.dirname(path), 0o755)
        return path

    def test_a_last_command_that_hangs_keeps_the_list_of_commands(self):
        program = self.program("trap '' TERM\necho begun\nwhile :; do sleep 1; done\n")
        folder = self.declare(
            "  - command: [echo, first]\n    to: first.txt\n"
            "  - command: [%s]\n    to: last.txt\n    limits: {seconds: 8}\n" % program,
            deadline="8s")
        self.collect("--collectors", folder, "--only", "mine", expected=(PARTIAL,))
        report, = harness.manifest(self.output)["reports"]
        self.assertEqual(report["outcome"], "complete", report)
        host = harness.host_folder(self.output)
        first, last = harness.read_json(host, "mine", "commands.json")["commands"]
        self.assertEqual((first["exitCode"], first["isLate"]), (0, False))
        self.assertEqual((last["isLate"], last["artifact"]), (True, "mine/last.txt"))
        self.assertEqual(harness.content(os.path.join(host, "mine", "last.txt")), b"begun\n")

    def test_one_line_of_a_gigabyte_takes_no_memory(self):
        program = self.program("head -c 1073741824 /dev/zero | tr '\\000' x\n")
        limits = "    limits: {bytes: 1MiB, lines: 5, newest: %s, seconds: 300}\n"
        folder = self.declare(
            "  - command: [%s]\n    to: first.txt\n%s" % (program, limits % "false")
            + "  - command: [%s, again]\n    to: last.txt\n%s" % (program, limits % "true"),
            deadline="10m")
        self.collect("--collectors", folder, "--only", "mine", expected=(PARTIAL,))
        host = harness.host_folder(self.output)
        for name in ("first.txt", "last.txt"):
            self.assertEqual(harness.content(os.path.join(host, "mine", name)), b"x" * (1 << 20))
        _, last = harness.read_json(host, "mine", "commands.json")["commands"]
        self.assertEqual(last["outputByteCount"], 1 << 30)
        report, = harness.manifest(self.output)["reports"]
        self.assertEqual(report["outcome"], "complete", report)
        # The worker's, and that of each program that it waited for.
        self.assertGreater(report["peakResidentByteCount"], 1 << 20)
        self.assertLess(report["peakResidentByteCount"], 32 << 20)

    def test_what_came_to_the_place_of_the_folder_stays_when_sealing_fails(self):
        go = self.path("go")
        program = self.program("echo begun\nwhile ! test -e %s; do sleep 0.1; done\n" % go)
        folder = self.declare("  - command: [%s]\n    to: a\n" % program)
        process = harness.start(
            "collect", "--output", self.output, "--collectors", folder, "--only", "mine")
        staging, = harness.wait_until(
            lambda: glob.glob(os.path.join(self.output, ".*.partial")), what="the new folder")
        name = os.path.basename(staging)[1:-len(".partial")]
        host = os.path.join(self.output, name)
        harness.write(host, "mine")
        # A folder in the place of the bundle while it is written: of whichever second it is.
        now = int(time.time())
        for second in range(now - 120, now + 2):
            moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(second))
            os.makedirs(os.path.join(self.output, ".%s-%s.tar.xz.partial" % (name, moment), "x"))
        harness.write(go, "")
        outcome = harness.finish(process)
        self.assertEqual(outcome.status, INPUT_OUTPUT, str(outcome))
        kept, = [one for one in os.listdir(self.output) if one.startswith(name + "-")]
        kept = os.path.join(self.output, kept)
        for words in ("create the host folder %s: a regular file is there" % host,
                      "What was collected is in %s." % kept):
            self.assertIn(words, outcome.told)
        self.assertEqual(harness.content(host), b"mine")
        self.assert_verifies(kept)

    def test_a_command_that_the_kernel_does_not_start_is_in_the_list_of_commands(self):
        program = self.program("", interpreter="/no/such/interpreter")
        folder = self.declare("  - command: [%s]\n    to: none.txt\n"
                              "  - command: [echo, second]\n    to: second.txt\n" % program)
        self.collect("--collectors", folder, "--only", "mine", expected=(PARTIAL,))
        host = harness.host_folder(self.output)
        commands = harness.read_json(host, "mine", "commands.json")
        self.assert_schema(commands, "commands")
        failed, second = commands["commands"]
        self.assertEqual((failed["arguments"], failed["failure"]),
                         ([program], os.strerror(errno.ENOENT)))
        self.assertNotIn("exitCode", failed)
        self.assertNotIn("failure", second)
        self.assert_verifies(host)

    @harness.needs_root
    def test_a_command_that_could_not_fill_its_temporary_file_is_missing(self):
        # In the worker no file may grow; a script may go on, and end as if all were well.
        program = self.program("file=$(mktemp)\n(echo x >\"$file\")\nrm -f \"$file\"\nexit 0\n")
        folder = self.declare("  - command: [%s]\n    to: said.txt\n" % program)
        self.collect("--collectors", folder, "--only", "mine", expected=(PARTIAL,))
        missing, = harness.manifest(self.output)["missing"]
        self.assertEqual(missing["what"], program)
        self.assertIn("it wanted to write a file, which it may not: ", missing["why"])
        host = harness.host_folder(self.output)
        self.assertFalse(os.path.exists(os.path.join(host, "mine", "said.txt")))
        record, = harness.read_json(host, "mine", "commands.json")["commands"]
        self.assertEqual((record["exitCode"], record.get("artifact")), (0, None))

    def test_a_command_that_is_read_only_reads_a_database_and_leaves_its_index(self):
        """As rpm does: a reader that may write makes SQLite's index anew, and dies of the limit of
        files; one that may not reads on."""
        database = self.path("db", "base")
        os.makedirs(os.path.dirname(database))
        # A process that ends without closing leaves the index, as rpm's does.
        if os.fork() == 0:
            made = sqlite3.connect(database)
            made.execute("PRAGMA journal_mode=WAL")
            made.execute("CREATE TABLE packages (name)")
            made.execute("INSERT INTO packages VALUES ('kernel')")
            made.commit()
            os._exit(0)
        os.wait()
        index = database + "-shm"
        size = os.path.getsize(index)
        self.assertGreater(size, 1000)
        program = self.program(
            "import sqlite3\nprint(*sqlite3.connect(%r).execute('SELECT name FROM packages'))\n"
            % database, sys.executable)
        folder = self.declare("  - command: [%s]\n    to: said.txt\n    read-only: true\n" % program)
        self.collect("--collectors", folder, "--only", "mine", expected=(COMPLETE,))
        said = os.path.join(harness.host_folder(self.output), "mine", "said.txt")
        self.assertEqual(harness.content(said), b"('kernel',)\n")
        self.assertEqual(os.path.getsize(index), size)

    def test_a_command_ends_when_the_orchestrator_is_killed(self):
        folder = self.declare("  - command: [sleep, \"%s\"]\n    to: a\n"
            "    limits: {seconds: 60}\n" % SLEEP)
        process = harness.start(
            "collect", "--output", self.output, "--collectors", folder, "--only", "mine")
        harness.wait_until(lambda: sleepers(SLEEP), what="the command")
        orchestrators = [identifier for identifier in harness.descendants(process.pid)
                         if "orchestrate" in harness.command_line(identifier)
                         or harness.command_line(identifier) == "diagbundle"]
        (_, worker), = sleepers(SLEEP)
        parents = {identifier: parent for identifier, parent, _, _ in harness.process_table()}
        self.assertIn(parents[worker], orchestrators)
        os.kill(parents[worker], signal.SIGKILL)
        harness.wait_until(lambda: not sleepers(SLEEP), 10, "the end of the command")
        process.communicate(timeout=harness.PATIENCE)

    def test_a_command_ends_when_its_worker_is_killed_and_the_run_goes_on(self):
        folder = self.declare("  - command: [sleep, \"%s\"]\n    to: a\n"
            "    limits: {seconds: 60}\n" % SLEEP)
        process = harness.start(
            "collect", "--output", self.output, "--collectors", folder, "--only", "mine,system")
        harness.wait_until(lambda: sleepers(SLEEP), what="the command")
        (_, worker), = sleepers(SLEEP)
        os.kill(worker, signal.SIGKILL)
        harness.wait_until(lambda: not sleepers(SLEEP), 10, "the end of the command")
        outcome = harness.finish(process)
        self.assertEqual(outcome.status, PARTIAL, str(outcome))

    def test_what_a_command_left_in_a_session_of_its_own_ends_with_the_run(self):
        program = self.program("setsid sleep %s </dev/null >/dev/null 2>&1 &\necho started\n"
                               % STRAY)
        folder = self.declare("  - command: [%s]\n    to: a\n" % program)
        self.collect("--collectors", folder, "--only", "mine", expected=(0, PARTIAL))
        self.assertEqual(sleepers(STRAY), [])

    def test_a_command_has_no_terminal_even_where_the_run_has_one(self):
        folder = self.declare(
            "  - command: [%s]\n    to: a\n" % self.program("tty\n: </dev/tty\n"))
        terminal = harness.Terminal(
            "collect", "--output", self.output, "--collectors", folder, "--only", "mine")
        self.assertIn(terminal.end(), (0, PARTIAL), terminal.data)
        host = harness.host_folder(self.output)
        self.assertEqual(harness.content(os.path.join(host, "mine", "a")), b"not a tty\n")
        command, = harness.read_json(host, "mine", "commands.json")["commands"]
        self.assertIn("/dev/tty", command["errors"])
        self.assertNotEqual(command["exitCode"], 0)

    def test_an_applet_without_the_option_is_absent(self):
        """What BusyBox's applets print when they are called in a way that they do not know."""
        program = self.program(
            "echo 'BusyBox v1.35.0 (Debian 1:1.35.0-4+b1) multi-call binary.' >&2\n"
            "echo >&2\necho 'Usage: ip OBJECT' >&2\nexit 1\n")
        folder = self.declare("  - command: [%s, -json]\n    to: ip.txt\n" % program)
        self.collect("--collectors", folder, "--only", "mine", expected=(COMPLETE,))
        lack, = harness.manifest(self.output)["absent"]
        self.assertIn("is BusyBox's, without these options", lack["why"])


class ForEachTest(harness.Case):
    """Commands that run once for each thing that a pattern finds."""

    def setUp(self):
        super().setUp()
        for name in ("disk2", "disk10", "-rf", "a b"):
            os.makedirs(self.path("things", name, "device"))
        os.makedirs(self.path("things", "virtual"))
        self.declarations = self.path("collectors.d")
        os.makedirs(self.declarations)
        self.declare()

    def declare(self, more=""):
        """A collector that says the name of each thing with a device."""
        with open(os.path.join(self.declarations, "mine.yaml"), "w", encoding="utf-8") as file:
            file.write(OWN % ("60s", "  - command: [echo, it is, \"{name}\"]\n"
                                     "    for-each: \"%s\"\n"
                                     "    to: \"said/{name}.txt\"\n%s"
                              % (self.path("things", "*", "device"), more)))

    def said(self):
        """What was said, by the file's name."""
        folder = os.path.join(harness.host_folder(self.output), "mine", "said")
        return {name: harness.content(os.path.join(folder, name))
                for name in sorted(os.listdir(folder))}

    def test_each_thing_has_its_run_and_its_record(self):
        self.collect("--collectors", self.declarations, "--only", "mine", expected=(PARTIAL,))
        self.assertEqual(self.said(), {"disk2.txt": b"it is disk2\n",
                                       "disk10.txt": b"it is disk10\n"})
        host = harness.host_folder(self.output)
        records = harness.read_json(host, "mine", "commands.json")["commands"]
        self.assertEqual([one["arguments"] for one in records],
                         [["echo", "it is", "disk2"], ["echo", "it is", "disk10"]])
        self.assertEqual([one["artifact"] for one in records],
                         ["mine/said/disk2.txt", "mine/said/disk10.txt"])
        missing = harness.manifest(self.output)["missing"]
        self.assertEqual(sorted(one["what"] for one in missing),
                         [self.path("things", "-rf", "device"),
                          self.path("things", "a b", "device")])
        for one in missing:
            self.assertIn("has a name that no command is given", one["why"])

    def test_what_is_beyond_the_limit_is_told(self):
        self.declare("    limits: {runs: 1}\n")
        self.collect("--collectors", self.declarations, "--only", "mine", expected=(PARTIAL,))
        self.assertEqual(list(self.said()), ["disk2.txt"])
        self.assertIn("1 more match than the 1 that it runs for", str(
            harness.manifest(self.output)["missing"]))

    def test_a_plan_shows_the_runs_and_its_run_makes_these_and_no_others(self):
        outcome = harness.run("plan", "--collectors", self.declarations, "--only", "mine")
        self.assertEqual(outcome.status, COMPLETE, str(outcome))
        self.assertIn("  echo 'it is' '{name}'  (at most 10 s each, 2 runs)\n", outcome.out)
        self.assertIn("\n        echo 'it is' disk2\n        echo 'it is' disk10\n", outcome.out)
        self.assertRegex(outcome.out, r"(?m)^Total: 1 collector, 0 files, 2 commands, ")
        plan = self.path("plan.json")
        outcome = harness.run("plan", "--json", "--collectors", self.declarations, "--only", "mine")
        item, = json.loads(outcome.out)["collectors"][0]["items"]
        self.assertEqual(item["runs"], [
            {"name": name, "arguments": ["echo", "it is", name],
             "artifact": "said/%s.txt" % name} for name in ("disk2", "disk10")])
        with open(plan, "w", encoding="utf-8") as file:
            file.write(outcome.out)
        os.makedirs(self.path("things", "disk3", "device"))
        os.rename(self.path("things", "disk10"), self.path("gone"))
        self.collect("--plan", plan, expected=(PARTIAL,))
        self.assertEqual(list(self.said()), ["disk2.txt"])
        lacks = {one["what"]: one["why"] for one in harness.manifest(self.output)["missing"]}
        self.assertEqual(lacks.get("echo it is disk10"),
                         "it is in the plan, and no longer there")
        self.assertNotIn("disk3", str(lacks))

    def test_nothing_runs_for_another_root(self):
        root = self.path("root")
        os.makedirs(os.path.join(root, self.path("things").lstrip("/"), "disk2", "device"))
        self.collect("--collectors", self.declarations, "--only", "mine", "--root", root,
                     expected=(COMPLETE, PARTIAL))
        manifest = harness.manifest(self.output)
        self.assertFalse([one for one in manifest["artifacts"] if one["collector"] == "mine"])
        self.assertIn("echo it is {name}", [one["what"] for one in manifest["absent"]])

    def test_check_tells_the_place_of_what_is_wrong(self):
        path = os.path.join(self.declarations, "mine.yaml")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace("said/{name}.txt", "said.txt"))
        outcome = harness.run("collectors", "check", path)
        self.assertNotEqual(outcome.status, COMPLETE)
        self.assertIn("mine.yaml:9:9: `to` needs `{name}`, for example `said/{name}.txt`",
                      outcome.told)
