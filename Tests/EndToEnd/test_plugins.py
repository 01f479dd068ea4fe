"""Plugins: programs of others that collect. The examples, what is refused, and the check."""

import json
import os
import shutil
import signal
import time

import harness
from harness import COMPLETE, NOT_PERMITTED, PARTIAL, UNAVAILABLE, USAGE

EXAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "Examples",
                        "plugins")

DESCRIPTION = """schema: diagbundle.plugin/1
name: %s
subject: %s of a test
description: For the tests.
profiles: [full]
deadline: 20s
"""

# A plugin in Python; `say` sends a message, `out` is its standard output.
PYTHON = """#!/usr/bin/python3
import json, os, signal, sys, time
request = json.loads(sys.stdin.readline())
B = request["boundary"]
out = sys.stdout.buffer
def say(verb, body=None):
    out.write(("%s %s %s\\n" % (B, verb, "" if body is None else json.dumps(body))).encode())
    out.flush()
def raw(data):
    out.write(data)
    out.flush()
"""

GOOD = "say('artifact', {'path': 'a.txt'})\nraw(b'a fact\\n')\nsay('end')\n"
FINDING = ("{'fault': request['collector'] + '.f', 'severity': 'minor', 'object': 'o',"
           " 'reason': 'r'%s}")

# What a plugin says against the protocol, and what is told of it.
FAULTS = {
    "garbage": ("raw(b'hello \\x1b[31mred\\n')\n" + GOOD,
                "a line is no message, and no artifact is open, at byte 0 of its output, in line 1:"
                ' "hello \\x1B[31mred"'),
    "verb": ("say('note', {'text': 'n'})\nsay('fly', {'a': 1})\n" + GOOD,
             'unknown verb fly, at byte 98 of its output, in line 2: "fly {"a": 1}"'),
    "too-few": ("say('artifact', {'path': 'a'})\nraw((B + ' data 3\\nlonger\\n').encode())\n"
                "say('end')\n",
                "data is longer than the byte count it gave, at byte 99 of its output, in line 3:"
                ' "ger"'),
    "too-many": ("say('artifact', {'path': 'a'})\nraw((B + ' data 500\\nshort\\n').encode())\n"
                 "say('end')\n",
                 "bytes before the end of the data of line 2, which gave 500"),
    "above": ("say('artifact', {'path': 'a/../../b'})\nraw(b'x\\n')\nsay('end')\n",
              'the artifact path "a/../../b" is absolute or leaves the collector\'s folder, at byte'
              ' 64 of its output, in line 1: "artifact {"path": "a/../../b"}"'),
    "absolute": ("say('artifact', {'path': '/etc/shadow'})\nraw(b'x\\n')\nsay('end')\n",
                 'the artifact path "/etc/shadow" is absolute'),
    "version": ("say('protocol', {'version': 2})\n" + GOOD,
                "version 2 of the protocol is not spoken here, but 1, at byte 57 of its output, in"
                ' line 1: "protocol {"version": 2}"'),
    "placeless": ("say('finding', %s)\n" % (FINDING % "") + GOOD,
                  "finding: it names no place, at byte"),
    "foreign": ("say('finding', {'fault': 'storage.f', 'severity': 'minor', 'object': 'o',"
                " 'reason': 'r', 'place': 'p'})\n" + GOOD,
                'the names of its faults begin with "foreign.", but found "storage.f"'),
    "borrowed": ("say('finding', %s)\n" % (FINDING % ", 'place': 'p', 'evidence':"
                                           " [{'artifact': 'system/modules'}]") + GOOD,
                 'its evidence is an artifact of its own, "borrowed/PATH", but found'
                 ' "system/modules"'),
    "no-json": ("raw((B + ' note {text}\\n').encode())\n" + GOOD,
                'message note: broken JSON'),
    "after-end": (GOOD + "raw(b'more\\n')\n", 'output after end, at byte'),
    "endless": ("say('note', {'text': 'n'})\n", "it exited with code 0 before it said end"),
}


class Plugins(harness.Case):
    """A folder of plugins."""

    def setUp(self):
        super().setUp()
        self.plugins = self.path("plugins.d")
        os.makedirs(self.plugins)
        os.chmod(self.plugins, 0o755)

    def add(self, name, program, more="", description=DESCRIPTION):
        """A plugin; `program` is its text."""
        path = os.path.join(self.plugins, name)
        if description is not None:
            with open(path + ".yaml", "w", encoding="utf-8") as file:
                file.write((description % (name, name) if "%s" in description else description)
                           + more)
            os.chmod(path + ".yaml", 0o644)
        if program is not None:
            with open(path, "w", encoding="utf-8") as file:
                file.write(program)
            os.chmod(path, 0o755)
        return path

    def python(self, name, body, more=""):
        """A plugin in Python."""
        return self.add(name, PYTHON + body, more)

    def example(self, name):
        """One of the examples, as an administrator installs it."""
        for file, mode in ((name, 0o755), (name + ".yaml", 0o644)):
            target = os.path.join(self.plugins, file)
            shutil.copyfile(os.path.join(EXAMPLES, file), target)
            os.chmod(target, mode)
        return os.path.join(self.plugins, name)

    def gather(self, *names, expected, more=()):
        """A run of these plugins; returns the manifest."""
        self.outcome = self.collect("--plugins", self.plugins, "--only", ",".join(names), *more,
                                    expected=(expected,))
        return harness.manifest(self.output)

    def check(self, *files):
        return harness.run("collectors", "check", *files)


class PluginRuns(Plugins):
    """Plugins in a run."""

    def test_the_examples_collect(self):
        self.example("open-files")
        self.example("kernel-limits")
        document = self.gather("open-files", "kernel-limits", expected=COMPLETE)
        reports = harness.reports(document)
        self.assertEqual(reports["open-files"]["outcome"], "complete")
        self.assertEqual(reports["kernel-limits"]["confinement"], "inspector")
        host = harness.host_folder(self.output)
        processes = harness.read_json(host, "open-files", "processes.json")["processes"]
        own = [one for one in processes if one["process"] == os.getpid()]
        self.assertEqual(len(own), 1)
        self.assertGreaterEqual(own[0]["open"], 3)
        limits = harness.content(os.path.join(host, "kernel-limits", "limits.txt")).decode()
        with open("/proc/sys/kernel/threads-max", encoding="ascii") as file:
            most = file.read().strip()
        line, = [one for one in limits.splitlines() if one.startswith("tasks ")]
        self.assertIn(" of %12s " % most, line)
        privacy = {one["path"]: one["privacy"] for one in document["artifacts"]}
        self.assertEqual(privacy["open-files/processes.json"], "identity")
        self.assertEqual(privacy["kernel-limits/limits.txt"], "technical")
        self.assert_verifies(harness.bundle(self.output))
        self.assertIn("open-files: complete", self.outcome.err)

    def test_deleted_files_and_full_tables_are_findings(self):
        self.example("open-files")
        deleted = self.path("large")
        if shutil.disk_usage(self.folder).free < 4 << 30:
            self.skipTest("less than 4 GiB are free")
        with open(deleted, "wb") as file:
            os.posix_fallocate(file.fileno(), 0, 1100 << 20)
            os.unlink(deleted)
            self.gather("open-files", expected=COMPLETE)
        found = [one for one in harness.findings(self.output)
                 if one["place"] == "/proc/%d/fd" % os.getpid()]
        self.assertEqual([one["fault"] for one in found], ["open-files.deleted.large"])
        self.assertEqual(found[0]["collector"], "open-files")
        self.assertEqual(found[0]["evidence"], [{"artifact": "open-files/deleted.txt"}])

    def test_it_is_listed_and_shown_as_any_other(self):
        path = self.example("open-files")
        outcome = harness.run("collectors", "list", "--json", "--plugins", self.plugins)
        self.assertEqual(outcome.status, 0, str(outcome))
        document = json.loads(outcome.out)
        if not harness.why_no_jsonschema():
            self.assert_schema(document, "collectors")
        one, = [one for one in document["collectors"] if one["name"] == "open-files"]
        self.assertEqual(
            (one["origin"], one["plugin"], one["risk"], one["profiles"], one["confinement"]),
            (path, path, "R0", ["default", "full"], "inspector"))
        self.assertNotIn("refused", document)
        table = harness.run("collectors", "list", "--plugins", self.plugins).out
        self.assertRegex(table, r"open-files +R0 +default,full")
        shown = harness.run("collectors", "show", "open-files", "--plugins", self.plugins)
        self.assertIn("# A plugin: %s is run." % path, shown.out)
        self.assertIn("schema: diagbundle.plugin/1", shown.out)
        behind = harness.run("collectors", "show", "--plugins", self.plugins, "open-files")
        self.assertEqual((behind.status, behind.out), (0, shown.out), str(behind))
        self.collect("--plugins", self.plugins, "--profile", "full", "--skip",
                     "storage,logs,boot,packages,network,services,containers,security",
                     expected=(0, PARTIAL))
        self.assertIn("open-files", harness.reports(harness.manifest(self.output)))
        self.assertNotIn("open-files", harness.run("collectors", "list").out)

    @harness.in_namespace()
    def test_the_folder_of_the_host_needs_no_option(self):
        place = harness.own_configuration(self)
        self.plugins = place + "/plugins.d"
        os.makedirs(self.plugins, mode=0o755)
        self.example("kernel-limits")
        self.collect("--only", "kernel-limits", expected=(COMPLETE,))
        path = os.path.join(harness.host_folder(self.output), "kernel-limits", "limits.txt")
        self.assertIn(b"process-numbers ", harness.content(path))

    def test_what_it_is_given(self):
        self.python("given", """
import resource
status = {line.split(":")[0]: line.split()[1] for line in open("/proc/self/status") if ":" in line
          and len(line.split()) > 1}
given = {"arguments": sys.argv[1:], "environment": dict(os.environ), "request": request,
         "rest": sys.stdin.read(), "folder": os.getcwd(), "session": os.getsid(0) == os.getpid(),
         "descriptors": sorted(int(one) for one in os.listdir("/proc/self/fd")),
         "script": os.readlink("/dev/fd/%s" % os.path.basename(sys.argv[0])),
         "ignored": status["SigIgn"], "blocked": status["SigBlk"], "bound": status["CapBnd"],
         "privileges": status["NoNewPrivs"], "nice": os.nice(0),
         "file": resource.getrlimit(resource.RLIMIT_FSIZE)[1]}
say('artifact', {'path': 'given.json'})
raw(json.dumps(given).encode() + b"\\n")
say('end')
""", "arguments: [--all, a b]\nlimit: 1MiB\ncapabilities: [CAP_NET_ADMIN]\n")
        self.gather("given", expected=COMPLETE, more=("--since", "2026-11-21T09:30Z"))
        given = harness.read_json(harness.host_folder(self.output), "given", "given.json")
        request, variables = given["request"], given["environment"]
        self.assertEqual(given["arguments"], ["--all", "a b"])
        if not harness.why_no_jsonschema():
            self.assert_schema(request, "worker-request")
        self.assertEqual(
            (request["protocolVersion"], request["collector"], request["root"],
             request["options"], request["byteBudget"], request["since"]),
            (1, "given", "/", {}, 1 << 20, "2026-11-21T09:30:00.000000Z"))
        self.assertEqual(given["rest"], "")
        self.assertEqual(variables.pop("DIAGBUNDLE_BOUNDARY"), request["boundary"])
        self.assertEqual(variables.pop("DIAGBUNDLE_PLUGIN"), os.path.join(self.plugins, "given"))
        self.assertIn("/usr/bin", variables.pop("PATH").split(":"))
        variables.pop("LC_CTYPE", None)  # Python sets it itself.
        self.assertEqual(variables, {
            "DIAGBUNDLE_PROTOCOL": "1", "DIAGBUNDLE_DEADLINE": "20", "DIAGBUNDLE_BYTES": "1048576",
            "DIAGBUNDLE_SINCE": "2026-11-21T09:30:00.000000Z", "LC_ALL": "C", "LANG": "C",
            "TZ": "UTC", "HOME": "/", "TERM": "dumb", "NO_COLOR": "1", "PAGER": "cat",
            "SYSTEMD_PAGER": "cat", "SYSTEMD_COLORS": "0", "COLUMNS": "250",
            "PYTHONDONTWRITEBYTECODE": "1"})
        self.assertEqual((given["folder"], given["session"], given["file"]), ("/", True, 0))
        # Python itself ignores SIGPIPE and SIGXFSZ; 32 and 33 are the C library's own.
        self.assertEqual((int(given["ignored"], 16) & ~0x181001000, int(given["blocked"], 16)),
                         (0, 0))
        self.assertEqual(given["privileges"], "1")
        self.assertGreaterEqual(given["nice"], 10)
        # The standard streams, the script itself, and the listing of this folder.
        self.assertLessEqual(len(given["descriptors"]), 5, given["descriptors"])
        self.assertEqual(given["script"], os.path.join(self.plugins, "given"))
        if os.geteuid() == 0:
            kept = sum(1 << bit for bit in (2, 12, 17, 19, 21, 34, 38, 39))
            with open("/proc/self/status", encoding="ascii") as file:
                own, = [line.split()[1] for line in file if line.startswith("CapBnd:")]
            self.assertEqual(int(given["bound"], 16), int(own, 16) & kept)

    def test_another_root_runs_none(self):
        mark = self.path("mark")
        self.add("toucher", "#!/bin/sh\n: > %s\n" % mark)
        root = harness.fixture_root(self.folder)
        document = self.gather("toucher", expected=COMPLETE, more=("--root", root))
        lack, = [one for one in document["absent"] if one["collector"] == "toucher"]
        self.assertIn("does not apply to a root that is not the running host's", lack["why"])
        self.assertFalse(os.path.exists(mark))

    def test_a_condition_that_does_not_hold_is_absence(self):
        mark = self.path("mark")
        self.add("toucher", "#!/bin/sh\n: > %s\n" % mark,
                 "when: {commands: [no-such-command-anywhere]}\n")
        document = self.gather("toucher", expected=COMPLETE)
        self.assertEqual(
            [(one["what"], one["why"]) for one in document["absent"]],
            [("toucher", "no-such-command-anywhere is not installed")])
        self.assertFalse(os.path.exists(mark))

    def test_a_binary_runs_as_a_script_does(self):
        # cat gives its standard input back: the request, which is no message.
        path = self.add("binary", None)
        shutil.copyfile("/bin/cat", path)
        os.chmod(path, 0o755)
        document = self.gather("binary", expected=PARTIAL)
        report = harness.reports(document)["binary"]
        self.assertEqual(report["outcome"], "garbled")
        self.assertIn('in line 1: "{"boundary":"', report["reason"])

    def test_no_file_can_be_written(self):
        mark = self.path("mark")
        self.add("writer", "#!/bin/sh\nB=$DIAGBUNDLE_BOUNDARY\necho \"$B artifact {\\\"path\\\":"
                           "\\\"a\\\"}\"\necho before\n(echo text > %s)\necho \"$B end\"\n" % mark)
        self.gather("writer", expected=COMPLETE)
        self.assertEqual(os.path.getsize(mark) if os.path.exists(mark) else 0, 0)

    def test_standard_error_is_kept(self):
        self.python("talker", "print('a complaint', file=sys.stderr)\n" + GOOD)
        self.gather("talker", expected=COMPLETE)
        log = os.path.join(harness.host_folder(self.output), "talker", "worker.log")
        self.assertEqual(harness.content(log), b"a complaint\n")

    @harness.needs_root
    def test_an_ordinary_user_runs_his_own_and_those_of_root(self):
        binary = harness.binary_for_everybody(self.folder)
        self.python("good", GOOD)
        os.makedirs(self.output)
        os.chmod(self.output, 0o777)
        user = lambda: (os.setgid(65534), os.setuid(65534))
        for owner in (0, 65534):
            os.chown(os.path.join(self.plugins, "good"), owner, owner)
            outcome = self.collect("--plugins", self.plugins, "--only", "good", binary=binary,
                                   before=user, expected=(COMPLETE,))
        os.chown(os.path.join(self.plugins, "good"), 12345, 12345)
        outcome = self.collect("--plugins", self.plugins, "--only", "good", binary=binary,
                               before=user, expected=(NOT_PERMITTED,))
        self.assertIn("belongs to user 12345, neither root nor who runs this", outcome.told)


class PluginFaults(Plugins):
    """Plugins that do not keep the protocol, or do not end."""

    def test_each_fault_is_told_with_its_line_and_the_run_goes_on(self):
        for name, (body, _) in FAULTS.items():
            self.python(name, body)
        self.python("good", GOOD)
        document = self.gather("system", "good", *FAULTS, expected=PARTIAL)
        reports = harness.reports(document)
        self.assertEqual(reports["good"]["outcome"], "complete")
        self.assertEqual(reports["system"]["outcome"], "complete")
        for name, (_, said) in FAULTS.items():
            with self.subTest(name):
                report = reports[name]
                self.assertEqual(report["outcome"],
                                 "crashed" if name == "endless" else "garbled", report)
                self.assertIn(said, report["reason"])
                lacks = [one for one in document["missing"] if one["collector"] == name]
                self.assertEqual([one["what"] for one in lacks], ["the rest of %s" % name])
        self.assert_verifies(harness.bundle(self.output))
        summary = harness.content(os.path.join(harness.host_folder(self.output), "summary.txt"))
        self.assertIn(b"unknown verb fly", summary)
        self.assertNotIn(b"\x1b", summary + self.outcome.err_bytes)

    def test_one_that_never_ends_is_asked_to_stop_and_what_it_sent_stays(self):
        self.python("sleeper", "say('artifact', {'path': 'a'})\nraw(b'before\\n')\n"
                               "say('note', {'text': 'n'})\ntime.sleep(300)\n",
                    "")
        self.replace_deadline("sleeper", "3s")
        self.python("polite", """
def stop(*_):
    say('note', {'text': 'stopped in time'})
    say('end')
    os._exit(0)
signal.signal(signal.SIGTERM, stop)
say('progress', {'done': 1})
time.sleep(300)
""")
        self.replace_deadline("polite", "3s")
        self.python("deaf", "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
                            "say('progress', {'done': 1})\ntime.sleep(300)\n")
        self.replace_deadline("deaf", "3s")
        began = time.monotonic()
        document = self.gather("sleeper", "polite", "deaf", expected=PARTIAL, more=("--jobs", "3"))
        self.assertLess(time.monotonic() - began, 20)
        reports = harness.reports(document)
        for name in ("sleeper", "polite", "deaf"):
            self.assertEqual(reports[name]["outcome"], "timedOut", reports[name])
            self.assertIn("it did not end within 3 s", reports[name]["reason"])
        self.assertEqual(reports["polite"]["notes"], ["stopped in time"])
        self.assertIn("SIGTERM did not end it within 1 s", reports["deaf"]["reason"])
        self.assertNotIn("SIGTERM", reports["polite"]["reason"])
        host = harness.host_folder(self.output)
        self.assertEqual(harness.content(os.path.join(host, "sleeper", "a")), b"before\n")

    def replace_deadline(self, name, text):
        path = os.path.join(self.plugins, name + ".yaml")
        with open(path, encoding="utf-8") as file:
            description = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(description.replace("deadline: 20s", "deadline: " + text))

    def test_one_that_is_killed_and_one_that_leaves_a_child(self):
        self.python("killed", "say('artifact', {'path': 'a'})\nraw(b'x\\n')\n"
                              "os.kill(os.getpid(), signal.SIGKILL)\n")
        self.python("parent", GOOD.replace("say('end')", "child = os.fork()\nif child == 0: time.sleep(300)\n"
                                            "say('note', {'text': str(child)})\nsay('end')"))
        self.python("coded", GOOD + "sys.exit(7)\n")
        document = self.gather("killed", "parent", "coded", expected=PARTIAL)
        reports = harness.reports(document)
        self.assertEqual(reports["killed"]["reason"], "signal 9 (SIGKILL) ended it")
        self.assertEqual(reports["parent"]["outcome"], "complete", reports["parent"])
        self.assertEqual(reports["coded"]["reason"], "it exited with code 7")
        child, = reports["parent"]["notes"]
        self.assertNotIn(int(child), [one[0] for one in harness.process_table() if one[2] != "Z"])

    def test_more_than_its_bytes_is_cut(self):
        self.python("large", "say('artifact', {'path': 'a'})\nraw(b'x' * 100 + b'\\n')\n"
                             "for _ in range(100): raw(b'y' * 65536)\nraw(b'\\n')\nsay('end')\n",
                    "limit: 1MiB\n")
        document = self.gather("large", expected=PARTIAL)
        report = harness.reports(document)["large"]
        self.assertEqual((report["outcome"], report["byteCount"]), ("overBudget", 1 << 20))

    def test_ctrl_c_stops_a_plugin(self):
        self.python("polite", """
def stop(*_):
    say('note', {'text': 'stopped'})
    say('end')
    os._exit(0)
signal.signal(signal.SIGTERM, stop)
say('artifact', {'path': 'begun'})
raw(b'x\\n')
open('/proc/self/comm', 'rb').read()
say('progress', {'done': 1})
time.sleep(300)
""")
        process = harness.start("collect", "--output", self.output, "--plugins", self.plugins,
                                "--only", "polite", "--progress", "plain")
        path = os.path.join(self.plugins, "polite")
        harness.wait_until(
            lambda: any("/dev/fd/" in harness.command_line(one)
                        for one in harness.descendants(process.pid)), what="the plugin")
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        outcome = harness.finish(process, ("collect", path))
        self.assertEqual(outcome.status, harness.INTERRUPTED, str(outcome))
        report = harness.reports(harness.manifest(self.output))["polite"]
        self.assertEqual((report["outcome"], report["notes"]), ("interrupted", ["stopped"]))


class PluginTrust(Plugins):
    """Plugins that are refused before anything of them runs."""

    def refusals(self, expected):
        """Every broken plugin of the folder is missing, and the good ones run."""
        self.python("good", GOOD)
        outcome = self.collect("--plugins", self.plugins, "--profile", "full", "--skip",
                               "storage,logs,boot,packages,network,services,containers,security,"
                               "hardware,kernel,processes,virtualization", expected=(PARTIAL,))
        self.assert_verifies(harness.bundle(self.output))
        document = harness.manifest(self.output)
        self.assertEqual(harness.reports(document)["good"]["outcome"], "complete")
        missing = {os.path.basename(one["what"]): one for one in document["missing"]
                   if one["collector"] == "plugins"}
        self.assertEqual(sorted(missing), sorted(expected), str(outcome))
        for name, said in expected.items():
            with self.subTest(name):
                self.assertIn(said, missing[name]["why"])
                self.assertNotIn(name, harness.reports(document))
        return document

    def test_what_cannot_be_trusted_is_missing_and_the_run_goes_on(self):
        mark = self.path("mark")
        touch = "#!/bin/sh\n: > %s\n" % mark
        os.chmod(self.add("writable", touch), 0o757)
        self.add("yaml-writable", touch)
        os.chmod(os.path.join(self.plugins, "yaml-writable.yaml"), 0o664)
        self.add("linked", None)
        elsewhere = self.path("elsewhere")
        harness.write(elsewhere, touch)
        os.chmod(elsewhere, 0o755)
        os.symlink(elsewhere, os.path.join(self.plugins, "linked"))
        self.add("undescribed", touch, description=None)
        os.chmod(self.add("unexecutable", touch), 0o644)
        self.add("gone", None)
        self.add("processes", touch)
        self.add("storage", touch)
        self.add("renamed", touch, description=DESCRIPTION.replace("name: %s", "name: other%s",))
        self.add("broken", touch, "onyl: [a]\n")
        self.add("folder", None)
        os.makedirs(os.path.join(self.plugins, "folder"))
        expected = {
            "writable": "may be written by others: take that right away (chmod go-w)",
            "yaml-writable": "yaml-writable.yaml may be written by others",
            "linked": "linked is a symbolic link, and none is followed here",
            "undescribed": "undescribed.yaml does not exist: a plugin is described by such a file",
            "unexecutable": "may not be executed: give it that right (chmod +x)",
            "gone": "gone does not exist",
            "renamed": "renamed.yaml:2:7: the name is that of the program, `renamed`, but found"
                       ' "otherrenamed"',
            "broken": "broken.yaml:7:1: unknown key `onyl`",
            "folder": "folder is no regular file",
        }
        if os.geteuid() == 0:
            os.chown(self.add("foreign", touch), 12345, 12345)
            expected["foreign"] = "belongs to user 12345, neither root nor who runs this"
        document = self.refusals(expected)
        self.assertFalse(os.path.exists(mark))
        lack, = [one for one in document["missing"] if one["what"] == "gone"]
        self.assertEqual(lack["why"], "%s/gone does not exist" % self.plugins)
        self.assertNotIn("remedy", lack)
        listed = harness.run("collectors", "list", "--json", "--plugins", self.plugins)
        refused = json.loads(listed.out)["refused"]
        if not harness.why_no_jsonschema():
            self.assert_schema(json.loads(listed.out), "collectors")
        # Two have the name of a collector: those were skipped above by it.
        self.assertEqual({os.path.basename(one["path"]) for one in refused},
                         set(expected) | {"processes", "storage"})
        said = {os.path.basename(one["path"]): one["reason"] for one in refused}
        self.assertIn("`processes` is the name of a collector (built in)", said["processes"])
        self.assertIn("`storage` is the name of a collector (built in)", said["storage"])
        table = harness.run("collectors", "list", "--plugins", self.plugins)
        self.assertIn("refused: %s/gone does not exist" % self.plugins, table.err)

    def test_the_name_of_a_collector_is_taken(self):
        mark = self.path("mark")
        self.add("locale", "#!/bin/sh\n: > %s\n" % mark)
        document = self.gather("locale", expected=PARTIAL)
        self.assertIn("locale", harness.reports(document))
        lack, = [one for one in document["missing"] if one["collector"] == "plugins"]
        self.assertIn("`locale` is the name of a collector (built in), which a plugin cannot"
                      " replace; choose another", lack["why"])
        self.assertFalse(os.path.exists(mark))

    def test_a_folder_that_others_may_write_gives_none(self):
        self.python("good", GOOD)
        os.chmod(self.plugins, 0o777)
        outcome = self.collect("--plugins", self.plugins, "--only", "good", expected=(USAGE,))
        self.assertIn('there is no collector "good"', outcome.told)
        self.assertIn("Refused: %s may be written by others" % self.plugins, outcome.told)
        shown = harness.run("collectors", "show", "good", "--plugins", self.plugins)
        self.assertEqual(shown.status, USAGE, str(shown))
        self.assertIn("Refused: %s may be written by others" % self.plugins, shown.err)
        for chosen in (("--profile", "minimal", "--skip", "storage,boot"), ("--only", "locale")):
            with self.subTest(chosen):
                self.collect("--plugins", self.plugins, *chosen, expected=(PARTIAL,))
                lack, = [one for one in harness.manifest(self.output)["missing"]
                         if one["collector"] == "plugins"]
                self.assertEqual(lack["what"], self.plugins)
                self.assertIn("plugins.d may be written by others", lack["why"])

    def test_a_file_for_its_folder_is_told(self):
        file = self.python("good", GOOD)
        said = "%s is no folder: name the folder that it is in" % file
        outcome = self.collect("--plugins", file, "--only", "locale", expected=(USAGE,))
        self.assertIn(said, outcome.told)
        planned = harness.run("plan", "--plugins", file, "--only", "locale")
        self.assertEqual(planned.status, USAGE, str(planned))
        self.assertIn(said, planned.told)
        checked = harness.run("collectors", "check", "--plugins", file)
        self.assertEqual(checked.status, USAGE, str(checked))
        self.assertIn(said, checked.err)
        outcome = self.collect("--collectors", file + ".yaml", expected=(USAGE,))
        self.assertIn("good.yaml is no folder: name the folder that it is in", outcome.told)

    def test_a_plan_names_those_that_are_refused(self):
        self.python("good", GOOD)
        os.chmod(self.python("writable", GOOD), 0o777)
        self.add("later", PYTHON + GOOD,
                 description=DESCRIPTION.replace("diagbundle.plugin/1", "diagbundle.plugin/9"))
        profile = self.path("profile.yaml")
        harness.write(profile, "schema: diagbundle.profile/1\n"
                               "only: [good, writable, later]\n")
        options = ("--plugins", self.plugins, "--profile", profile)
        reasons = {"writable": "writable may be written by others",
                   "later": "later.yaml:1:9: expected `diagbundle.plugin/1`"}
        path = self.path("plan.json")
        table = harness.run("plan", *options, "--output", path)
        self.assertEqual(table.status, COMPLETE, str(table))
        self.assertIn("Refused: later, writable; a run by this plan leaves them out", table.out)
        whole = harness.run("plan", *options).out
        plan = harness.read_json(path)
        if not harness.why_no_jsonschema():
            self.assert_schema(plan, "plan")
        self.assertEqual([one["name"] for one in plan["refused"]], sorted(reasons))
        for one in plan["refused"]:
            self.assertEqual(one["path"], os.path.join(self.plugins, one["name"]))
            self.assertIn(reasons[one["name"]], one["reason"])
            self.assertIn("refused: " + one["reason"], " ".join(whole.split()))
        self.collect("--plan", path, expected=(PARTIAL,))
        document = harness.manifest(self.output)
        self.assertEqual(harness.reports(document)["good"]["outcome"], "complete")
        self.assertEqual(
            {one["what"]: one["why"] for one in document["missing"]},
            {one["name"]: "the plan does not have it: " + one["reason"]
             for one in plan["refused"]})
        # Whoever reviews it may take them out.
        del plan["refused"]
        harness.write(path, json.dumps(plan))
        self.collect("--plan", path, expected=(COMPLETE,), output=self.path("second"))

    def test_one_that_runs_only_by_its_name_is_of_no_profile(self):
        path = self.python("good", GOOD, "risk: R2\n")
        outcome = self.check(path)
        self.assertEqual(outcome.status, USAGE, str(outcome))
        self.assertIn("is of no profile: leave `profiles` out", outcome.err)
        self.add("good", None, "risk: R2\n", DESCRIPTION.replace("profiles: [full]\n", ""))
        table = harness.run("collectors", "list", "--plugins", self.plugins).out
        self.assertRegex(table, r"good +R2 +when asked for")
        self.gather("good", expected=COMPLETE)
        os.chmod(path, 0o777)
        self.collect("--plugins", self.plugins, "--profile", "full", "--skip",
                     "storage,logs,boot,packages,network,services,containers,security",
                     expected=(COMPLETE, PARTIAL))
        self.assertNotIn("plugins", [one["collector"] for one in
                                     harness.manifest(self.output)["missing"]])

    def test_all_commands_end_alike_for_one_that_is_refused(self):
        cases = [
            ("broken", self.python("broken", GOOD, "onyl: [a]\n"), 0o755, USAGE),
            ("undescribed", self.add("undescribed", PYTHON + GOOD, description=None), 0o755,
             UNAVAILABLE),
            ("unexecutable", self.python("unexecutable", GOOD), 0o644, USAGE),
            ("writable", self.python("writable", GOOD), 0o777, NOT_PERMITTED),
        ]
        for name, path, mode, status in cases:
            with self.subTest(name):
                os.chmod(path, mode)
                self.collect("--plugins", self.plugins, "--only", name, expected=(status,))
                shown = harness.run("collectors", "show", name, "--plugins", self.plugins)
                self.assertEqual(shown.status, status, str(shown))
                checked = self.check(path)
                self.assertEqual(checked.status, status, str(checked))

    def test_asked_for_by_name_a_refused_one_is_an_error(self):
        os.chmod(self.python("good", GOOD), 0o777)
        outcome = self.collect("--plugins", self.plugins, "--only", "good",
                               expected=(NOT_PERMITTED,))
        self.assertIn("good may be written by others", outcome.told)
        self.collect("--plugins", self.plugins, "--only", "system", expected=(COMPLETE, PARTIAL))
        self.assertNotIn("plugins", [one["collector"] for one in
                                     harness.manifest(self.output)["missing"]])
        self.collect("--plugins", self.path("nowhere"), expected=(UNAVAILABLE,))

    def test_an_interpreter_that_others_may_write_is_refused(self):
        interpreter = self.path("sh")
        shutil.copyfile("/bin/sh", interpreter)
        os.chmod(interpreter, 0o777)
        self.add("odd", "#!%s\n" % interpreter)
        document = self.gather("odd", expected=PARTIAL)
        report = harness.reports(document)["odd"]
        self.assertEqual(report["outcome"], "failed")
        self.assertIn("it was not run: %s/odd is interpreted by %s, but %s may be written by others"
                      % (self.plugins, interpreter, interpreter), report["reason"])
        # It was not begun, so nothing is the rest of it.
        self.assertEqual([one["what"] for one in document["missing"]], ["odd"])

    def test_a_later_folder_replaces_a_plugin(self):
        self.python("good", GOOD)
        other = self.path("other.d")
        shutil.copytree(self.plugins, other)
        outcome = harness.run("collectors", "list", "--json", "--plugins", self.plugins, other)
        one, = [one for one in json.loads(outcome.out)["collectors"] if one["name"] == "good"]
        self.assertEqual((one["origin"], one["replaced"]),
                         (os.path.join(other, "good"), os.path.join(self.plugins, "good")))


class PluginCheck(Plugins):
    """`collectors check` with a plugin."""

    def test_the_examples_are_right(self):
        for name in ("open-files", "kernel-limits"):
            path = self.example(name)
            for file in (path, path + ".yaml"):
                outcome = self.check(file)
                self.assertEqual(outcome.status, 0, str(outcome))
                self.assertIn("%s: ok, %s" % (path, name), outcome.out)
                self.assertIn("run: complete in ", outcome.out)
        outcome = harness.run("collectors", "check", "--plugins", self.plugins)
        self.assertEqual(outcome.status, 0, str(outcome))
        self.assertEqual(outcome.out.count(": ok, "), 2)
        # What stands behind the folder is a file of its own.
        outcome = harness.run("collectors", "check", "--plugins", self.plugins,
                              os.path.join(self.plugins, "open-files"))
        self.assertEqual(outcome.status, 0, str(outcome))
        self.assertEqual(outcome.out.count(": ok, "), 3)
        outcome = self.check(self.plugins)
        self.assertEqual(outcome.status, USAGE, str(outcome))
        self.assertIn("plugins.d is a folder: name the files in it, or --plugins before",
                      outcome.err)

    def test_what_new_writes_takes_a_file_without_a_newline_at_its_end(self):
        def made(file, before=None):
            outcome = harness.run("collectors", "new", "fresh", "--plugin", cwd=self.plugins)
            self.assertEqual(outcome.status, 0, str(outcome))
            path = os.path.join(self.plugins, "fresh")
            with open(path, encoding="utf-8") as script:
                text = script.read()
            self.assertIn("\nfile=/etc/fresh.conf\n", text)
            with open(path, "w", encoding="utf-8") as script:
                script.write(text.replace("/etc/fresh.conf", file))
            return path
        for content in ("key=value", "key=value\n", "", "key=value\n\n"):
            with self.subTest(content):
                file = self.path("fresh.conf")
                harness.write(file, content)
                path = made(file)
                outcome = self.check(path)
                self.assertEqual(outcome.status, 0, str(outcome))
                self.assertIn("artifact fresh/fresh.conf: %s, content"
                              % ("10 bytes" if content else "0 bytes"), outcome.out)
                self.gather("fresh", expected=COMPLETE)
                stored = os.path.join(harness.host_folder(self.output), "fresh", "fresh.conf")
                self.assertEqual(harness.content(stored), b"key=value\n" if content else b"")
                for name in (path, path + ".yaml"):
                    os.unlink(name)
        path = made(self.path("nowhere"))
        document = self.gather("fresh", expected=COMPLETE)
        self.assertEqual([one["what"] for one in document["absent"]], [self.path("nowhere")])

    def test_a_message_that_does_not_begin_its_line_is_a_fault(self):
        cases = [
            ("plain", "say('artifact', {'path': 'a.txt'})\nraw(b'text')\nsay('end')\n",
             "a message stands behind text in its line: the newline before it is missing, at byte"),
            ("framed", "say('artifact', {'path': 'a.txt'})\n"
                       "raw((B + ' data 6\\nabcdef').encode())\nsay('end')\n",
             "the newline behind the data is missing, at byte"),
        ]
        for name, body, said in cases:
            with self.subTest(name):
                path = self.python(name, body)
                outcome = self.check(path)
                self.assertEqual(outcome.status, USAGE, str(outcome))
                told = [line for line in outcome.err.splitlines() if line.startswith(path + ": ")]
                self.assertEqual(len(told), 1, str(outcome))
                self.assertIn(said, told[0])
                self.assertIn('"end', told[0])

    def test_it_tells_what_is_wrong_and_where(self):
        more = {
            "unknown-member": ("say('note', {'text': 'a', 'txt': 'b'})\n" + GOOD,
                               "message note: "),
            "negative": ("say('progress', {'done': -1})\n" + GOOD, "message progress: "),
            "twice": (GOOD.replace("say('end')\n", "") + GOOD,
                      "the artifact path \"twice/a.txt\" is taken already"),
            "below": (GOOD.replace("say('end')\n", "") + GOOD.replace("a.txt", "a.txt/b"),
                      "cannot be a file here: below/a.txt is an artifact"),
            "silent": ("say('end')\n", "it said end and nothing else"),
            "evidence": ("say('finding', %s)\n" % (FINDING % ", 'place': 'p', 'evidence':"
                                                   " [{'artifact': 'evidence/b.txt'}]") + GOOD,
                         "its evidence evidence/b.txt is no artifact of it; they are called"
                         " evidence/PATH"),
            "lingers": (GOOD + "time.sleep(60)\n", "it did not exit within 1 s of its end"),
            "deaf": ("signal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(4)\n" + GOOD,
                     "SIGTERM did not end it within 1 s"),
        }
        for name, (body, said) in list(FAULTS.items()) + list(more.items()):
            with self.subTest(name):
                path = self.python(name, body)
                outcome = self.check(path)
                self.assertEqual(outcome.status, USAGE, str(outcome))
                self.assertIn(path + ": ", outcome.err)
                self.assertIn(said, outcome.err)
                self.assertNotIn(": ok", outcome.out)
                self.assertNotIn("\x1b", outcome.err)

    def test_it_tells_all_faults_of_one_run(self):
        path = self.python("many", """
raw(b'hello\\n')
say('fly', {})
say('finding', {'fault': 'many.f', 'severity': 'warning', 'object': 'o', 'place': 'p',
                'reason': 'r'})
say('artifact', {'path': 'a.txt'})
raw((B + ' data 3\\nlonger\\n').encode())
say('artifact', {'path': '../b'})
raw(b'x\\n')
""" + GOOD.replace("a.txt", "c.txt"))
        outcome = self.check(path)
        self.assertEqual(outcome.status, USAGE, str(outcome))
        said = [line for line in outcome.err.splitlines() if line.startswith(path + ": ")]
        expected = [
            'no artifact is open, at byte 0 of its output, in line 1: "hello"',
            'unknown verb fly, at byte',
            "message finding: severity: expected one of `critical`, `major`, `minor`, `notice`, but"
            ' found "warning", at byte',
            "data is longer than the byte count it gave, at byte",
            'the artifact path "../b" is absolute or leaves the collector\'s folder, at byte',
        ]
        self.assertEqual(len(said), len(expected), str(outcome))
        for line, fault in zip(said, expected):
            self.assertIn("not the protocol: ", line)
            self.assertIn(fault, line)
        self.assertIn("artifact many/c.txt: 7 bytes", outcome.out)
        self.assertIn("run: not the protocol: a run ends at the first fault, unless that costs one"
                      " artifact alone; here it went on, to its end in ", outcome.out)
        self.assertNotIn("run: complete", outcome.out)
        self.assertIn("it was not asked to stop: mend first what it says", outcome.out)
        self.assertNotIn(": ok", outcome.out)

    def test_what_it_says_when_it_is_asked_to_stop_is_checked_too(self):
        path = self.python("rude", """
def stop(*_):
    say('fly', {})
    say('end')
    os._exit(0)
signal.signal(signal.SIGTERM, stop)
time.sleep(2)
""" + GOOD)
        outcome = self.check(path)
        self.assertEqual(outcome.status, USAGE, str(outcome))
        self.assertIn("asked to stop: not the protocol: unknown verb fly, at byte", outcome.err)
        self.assertNotIn(": ok", outcome.out)

    def test_one_that_writes_without_end_is_not_waited_for(self):
        path = self.python("endless", "while True: raw(b'x' * 65536)\n")
        outcome = self.check(path)
        self.assertEqual(outcome.status, USAGE, str(outcome))
        self.assertIn("more than 16 MiB that belong to no artifact", outcome.err)
        self.assertIn("what comes behind it was not looked at", outcome.err)

    def test_what_cannot_be_run_is_not_called_right(self):
        interpreter = self.path("sh")
        shutil.copyfile("/bin/sh", interpreter)
        os.chmod(interpreter, 0o777)
        cases = [
            ("odd", "#!%s\n" % interpreter, NOT_PERMITTED,
             "odd is interpreted by %s, but %s may be written by others"
             % (interpreter, interpreter)),
            ("dos", "#!/bin/sh\r\necho\r\n", USAGE,
             'dos has the line ends of DOS: "#!/bin/sh\\r"; a line ends with a newline alone'),
            ("gone", "#!/no/such/program\n", USAGE,
             "gone is interpreted by /no/such/program, but that does not exist here"),
            ("lost", "#!/usr/bin/env no-such-program\n", USAGE,
             "lost is interpreted by no-such-program, which /usr/bin/env does not find here"),
            ("text", "echo hello\n", USAGE,
             "it was not run: %s/text is no program: a script begins with the line that names"
             % self.plugins),
            ("broken", "\x7fELF and nothing else\n", USAGE,
             "it was not run: %s/broken is broken, or a program for another machine"
             % self.plugins),
        ]
        for name, program, status, said in cases:
            with self.subTest(name):
                outcome = self.check(self.add(name, program))
                self.assertEqual(outcome.status, status, str(outcome))
                self.assertIn(said, outcome.err)
                self.assertEqual(outcome.out, "")

    def test_one_that_says_that_it_failed_keeps_the_protocol(self):
        path = self.python("unable", "say('end', {'failure': 'the daemon does not answer'})\n")
        outcome = self.check(path)
        self.assertEqual(outcome.status, 0, str(outcome))
        self.assertIn("it says that it could not do its work: the daemon does not answer",
                      outcome.out)

    def test_one_that_says_that_it_is_absent_was_run(self):
        path = self.python("modest", "say('absent', {'what': 'modest', 'why': 'no daemon'})\n"
                                     "say('end')\n")
        outcome = self.check(path)
        self.assertEqual(outcome.status, 0, str(outcome))
        self.assertNotIn("it was not run", outcome.out)
        self.assertIn("asked to stop", outcome.out)

    def test_it_says_that_a_plugin_stops(self):
        path = self.python("slow", "time.sleep(1)\n" + GOOD)
        outcome = self.check(path)
        self.assertEqual(outcome.status, 0, str(outcome))
        self.assertIn("asked to stop by SIGTERM, it ended within", outcome.out)
        self.assertIn("artifact slow/a.txt: 7 bytes, content", outcome.out)

    def test_one_that_does_not_apply_is_not_run(self):
        mark = self.path("mark")
        path = self.add("toucher", "#!/bin/sh\n: > %s\n" % mark,
                        "when: {commands: [no-such-command-anywhere]}\n")
        outcome = self.check(path)
        self.assertEqual(outcome.status, 0, str(outcome))
        self.assertIn("it was not run, for it does not apply here: no-such-command-anywhere",
                      outcome.out)
        self.assertFalse(os.path.exists(mark))

    def test_what_may_not_run_is_not_run(self):
        mark = self.path("mark")
        touch = "#!/bin/sh\n: > %s\n" % mark
        cases = [
            (self.add("broken", touch, "onyl: [a]\n"), USAGE, "broken.yaml:7:1: unknown key"),
            (self.add("storage", touch), USAGE, "`storage` is the name of a collector"),
            (self.add("gone", None), UNAVAILABLE, "gone does not exist"),
            (self.add("undescribed", touch, description=None), UNAVAILABLE,
             'undescribed.yaml does not exist: a plugin is described by such a file beside it;'
             ' "diagbundle schema plugin" says what stands in it'),
        ]
        os.chmod(self.add("writable", touch), 0o777)
        cases.append((os.path.join(self.plugins, "writable"), NOT_PERMITTED,
                      "writable may be written by others"))
        for path, status, said in cases:
            with self.subTest(path):
                outcome = self.check(path)
                self.assertEqual(outcome.status, status, str(outcome))
                self.assertIn(said, outcome.err)
        self.assertFalse(os.path.exists(mark))
        self.assertEqual(harness.run("collectors", "check").status, USAGE)
        self.assertEqual(
            harness.run("collectors", "check", "--plugins", self.path("none")).status, UNAVAILABLE)
