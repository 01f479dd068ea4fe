"""Live dumps, as far as a machine goes that may have no /proc/kcore."""

import contextlib
import datetime
import json
import os
import re

import harness
from harness import COMPLETE, PARTIAL, UNAVAILABLE, USAGE

HAS_SOURCE = os.path.exists("/proc/kcore") and os.path.getsize("/proc/kcore") > 0


# What stands in the way of a dump here, and the exit code of `dump` for it: a container hides the
# host's kernel, another machine may be built without /proc/kcore.
STATUS = {"noKernelCore": UNAVAILABLE, "container": harness.NOT_PERMITTED}

HISTORY = "/var/lib/diagbundle/livedump.json"
LOCK = "/run/diagbundle/livedump.lock"
STACKS = ("LiveDump-stacks.json", "LiveDump-stacks.txt")
NOBODY = 65534


@contextlib.contextmanager
def history(text):
    """What the host knows of earlier dumps is `text` meanwhile."""
    before = harness.content(HISTORY) if os.path.exists(HISTORY) else None
    harness.write(HISTORY, text)
    try:
        yield
    finally:
        if before is None:
            os.unlink(HISTORY)
        else:
            harness.write(HISTORY, before)


@contextlib.contextmanager
def another_dump():
    """Another process has the lock of dumps meanwhile."""
    os.makedirs(os.path.dirname(LOCK), mode=0o700, exist_ok=True)
    lock = os.open(LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        harness.fcntl.flock(lock, harness.fcntl.LOCK_EX | harness.fcntl.LOCK_NB)
        os.ftruncate(lock, 0)
        os.write(lock, b"process 4711, a test")
        yield
    finally:
        os.close(lock)


def just_dumped():
    """A history in which dumps of both kinds began a moment ago."""
    now = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=5)
    dumps = {"last": now.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), "originators": {}}
    return json.dumps({"version": 1, "dumps": {"full": dumps, "stacks": dumps}})


def become_nobody():
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


def needs_no_source(function):
    """Skips a test of what happens where there is no /proc/kcore."""
    return harness.unittest.skipIf(HAS_SOURCE, "this machine has /proc/kcore")(
        harness.needs_root(function))


class Dumps(harness.Case):
    """`diagbundle dump`, and the dump in a bundle."""

    def dump(self, *arguments, expected, **options):
        outcome = harness.run("dump", *arguments, **options)
        if expected is not None:
            self.assertEqual(outcome.status, expected, str(outcome))
        return outcome

    @needs_no_source
    def test_without_a_source_the_reason_and_the_way_out_are_told(self):
        outcome = self.dump("full", "-o", self.output, "--no-throttle", expected=None)
        self.assertIn("No live kernel dump", outcome.told)
        self.assertIn("/proc/kcore", outcome.told)
        self.assertIn("Way out: ", outcome.told)
        self.assertIn("The kernel's memory can be had by", outcome.told)
        self.assertIn("Stacks of all threads: in", outcome.told)
        self.assertNotIn("dump stacks`", outcome.told, "they are there")
        found = [name for name in os.listdir(self.output) if not name.startswith(".")]
        for name in found:
            inside = os.listdir(os.path.join(self.output, name))
            self.assertNotIn("LiveDump.kdump", inside, "an empty dump is no dump")
            self.assertFalse(name.endswith(".partial"), name)
            report = harness.read_json(self.output, name, "LiveDump.json")
            self.assertEqual(report["schema"], "diagbundle.live-dump/1")
            self.assert_schema(report, "live-dump")
            steps = [one["name"] for one in report["steps"]]
            self.assertEqual(steps[:2], ["prepare", "preflight"])
            self.assertEqual(len(set(steps)), len(steps), steps)
            self.assertIn("finish", steps)
            self.assertLessEqual(report["stacksRead"]["start"], report["stacksRead"]["end"])
            self.assertEqual(outcome.status, STATUS[report["obstacle"]["cause"]], str(outcome))
        self.assertEqual(len(found), 1, "the stacks are kept")

    @harness.needs_root
    def test_folder_of_somebody_else_is_not_used(self):
        os.makedirs(self.output, mode=0o1777)
        now = datetime.datetime.now(datetime.timezone.utc)
        for second in range(60):
            name = "%s-%s.partial" % (
                os.uname().nodename,
                (now + datetime.timedelta(seconds=second)).strftime("%Y%m%dT%H%M%SZ"))
            os.mkdir(os.path.join(self.output, name))
            os.chmod(os.path.join(self.output, name), 0o777)
            harness.write(os.path.join(self.output, name, "LiveDump-stacks.txt"), "theirs")
        outcome = self.dump("stacks", "-o", self.output, "--no-throttle", expected=None)
        made = [name for name in os.listdir(self.output)
                if not name.startswith(".") and not name.endswith(".partial")]
        self.assertEqual(len(made), 1, str(outcome))
        folder = os.path.join(self.output, made[0])
        self.assertEqual(os.stat(folder).st_mode & 0o777, 0o700)
        self.assertNotEqual(
            harness.content(os.path.join(folder, "LiveDump-stacks.txt")), b"theirs")
        self.assertEqual(len(os.listdir(self.output)), 61, "theirs are as they were")
        page = harness.content(os.path.join(folder, "summary.txt")).decode()
        self.assertIn("Live kernel dump of", page)
        self.assertNotIn("BUNDLE", page)
        self.assertNotIn(".partial", page)

    @needs_no_source
    def test_bundle_goes_on_without_the_dump_and_has_the_stacks(self):
        self.collect("--only", "system", "--include-live-dump", "--dump-originator", "Taskmgr",
                     expected=(PARTIAL,))
        folder = harness.host_folder(self.output)
        report = harness.read_json(folder, "LiveDump.json")
        self.assertEqual((report["originator"], report["kind"]), ("Taskmgr", "full"))
        self.assertIn(report["obstacle"]["cause"], STATUS)
        self.assertTrue(os.path.getsize(os.path.join(folder, "LiveDump-stacks.txt")) > 0)
        self.assertFalse(os.path.exists(os.path.join(folder, "LiveDump.kdump")))
        manifest = harness.manifest(self.output)
        self.assertEqual(manifest["options"]["collectors"], ["system", "livedump"])
        self.assertIn("livedump", [one["collector"] for one in manifest["missing"]])
        self.assertNotIn("LiveDump.kdump", [one["path"] for one in manifest["artifacts"]])
        outcome = harness.run("verify", harness.bundle(self.output))
        self.assertEqual(outcome.status, COMPLETE, str(outcome))

    @needs_no_source
    def test_bundle_says_what_helps_and_where_the_stacks_are(self):
        outcome = self.collect("--only", "system", "--include-live-dump", expected=(PARTIAL,))
        out = " ".join(outcome.out.split())
        self.assertIn("Live kernel dump: none; the stacks of all threads are in"
                      " LiveDump-stacks.txt", out)
        self.assertRegex(out, r"livedump: LiveDump\.kdump: .* -> (Run diagbundle on the host"
                         r" itself\. )?The kernel's memory can be had by ")
        page = harness.content(
            os.path.join(harness.host_folder(self.output), "summary.txt")).decode()
        self.assertIn("\nLive kernel dump\n----------------\nFile              none;", page)
        self.assertIn("\nThreads' stacks   LiveDump-stacks.txt\n", page)
        self.assertRegex(page, r"\n    -> [A-Z]")
        self.assertNotIn("(needs: The", page)
        self.assertNotIn("diagbundle dump stacks", " ".join(page.split()))

    @needs_no_source
    @harness.needs_root
    def test_refused_dump_takes_back_no_other_one(self):
        """What the history says of a dump that began meanwhile stays."""
        written = ('{"version":1,"dumps":{"full":{"last":"2099-01-01T00:00:00.000000Z",'
                   '"originators":{}}},"former":{"originators":{}}}')
        with history(written):
            outcome = self.dump("full", "-o", self.output, "--no-throttle", expected=None)
            self.assertIn("No live kernel dump", outcome.told)
            self.assertEqual(harness.content(HISTORY).decode(), written)

    def assert_nothing_was_taken(self, outcome, reason):
        """It was refused for now, for `reason`, and left no folder."""
        self.assertEqual(outcome.status, harness.REFUSED, str(outcome))
        self.assertIn(reason, outcome.told)
        self.assertNotIn("Stacks of all threads", outcome.told)
        self.assertEqual([name for name in os.listdir(self.output) if name[0] != "."], [])

    @harness.needs_root
    def test_dump_too_soon_after_the_last_takes_and_leaves_nothing(self):
        with history(just_dumped()):
            for kind in ("full", "stacks"):
                with self.subTest(kind):
                    outcome = self.dump(kind, "-o", self.output, expected=None)
                    self.assert_nothing_was_taken(outcome, "must lie between two")
                    self.assertIn("the next is allowed at", outcome.told)
                    self.assertEqual("`diagbundle dump stacks`" in outcome.told, kind == "full")

    @harness.needs_root
    def test_second_dump_at_once_takes_and_leaves_nothing(self):
        with another_dump():
            for kind in ("full", "stacks"):
                with self.subTest(kind):
                    outcome = self.dump(
                        kind, "-o", self.output, "--no-throttle", expected=None)
                    self.assert_nothing_was_taken(outcome, "made by process 4711, a test")

    @harness.needs_root
    def test_bundle_goes_on_while_another_dump_is_made(self):
        with another_dump():
            outcome = self.collect("--only", "system", "--include-live-dump",
                                   "--dump-no-throttle", expected=(PARTIAL,))
        folder = harness.host_folder(self.output)
        report = harness.read_json(folder, "LiveDump.json")
        self.assertEqual(report["obstacle"]["cause"], "alreadyRunning")
        # Reading /proc disturbs no dump.
        self.assertEqual(sorted(report["stackFiles"]), sorted(STACKS))
        for name in STACKS:
            self.assertTrue(os.path.getsize(os.path.join(folder, name)), name)
        self.assertFalse(os.path.exists(os.path.join(folder, "LiveDump.kdump")))
        self.assertTrue(os.path.isdir(os.path.join(folder, "system")))
        missing = [one for one in harness.manifest(self.output)["missing"]
                   if one["collector"] == "livedump"]
        self.assertEqual([one["what"] for one in missing], ["LiveDump.kdump"])
        self.assertIn("made by process 4711, a test", missing[0]["why"])
        self.assertIn("-> Wait for it to end", " ".join(outcome.out.split()))
        self.assert_verifies(harness.bundle(self.output))

    @harness.needs_root
    def test_dry_run_says_what_would_refuse_the_dump_now(self):
        if not HAS_SOURCE:
            self.skipTest("this machine has no /proc/kcore")
        with another_dump(), history(just_dumped()):
            outcome = self.dump("full", "--dry-run", "-o", self.output, expected=COMPLETE)
            self.assertIn("Note: lock /run/diagbundle/livedump.lock: another dump is being made by"
                          " process 4711, a test", outcome.out)
            self.assertIn("must lie between two", outcome.out)
            outcome = self.dump("full", "--dry-run", "--json", "-o", self.output,
                                expected=COMPLETE)
            warnings = json.loads(outcome.out)["warnings"]
            self.assertEqual(len([one for one in warnings if "process 4711" in one]), 1, warnings)
        outcome = self.dump("full", "--dry-run", "-o", self.output, expected=COMPLETE)
        self.assertNotIn("another dump", outcome.out)
        self.assertFalse(os.path.exists(self.output))

    @needs_no_source
    def test_dry_run_without_a_source_names_the_stacks_that_can_be_had(self):
        outcome = self.dump("full", "--dry-run", "-o", self.output, expected=None)
        self.assertIn(outcome.status, STATUS.values(), str(outcome))
        self.assertIn("The stacks of all threads as text can be had by `diagbundle dump stacks`.",
                      outcome.told)

    @harness.needs_root
    def test_ordinary_user_is_told_of_root_and_of_another_folder(self):
        program = harness.binary_for_everybody(self.folder)
        for kind in ("full", "stacks"):
            with self.subTest(kind):
                outcome = self.dump(kind, expected=harness.NOT_PERMITTED, binary=program,
                                    before=become_nobody, cwd="/")
                for word in ("/var/lib/diagbundle", "Permission denied", "needs root",
                             "CAP_SYS_RAWIO", "CAP_SYS_ADMIN", "sudo", "--output",
                             "not permitted"):
                    self.assertIn(word, outcome.told)
                self.assertEqual(outcome.out, "")

    @harness.needs_root
    def test_ordinary_user_gets_what_is_permitted_and_each_lack_is_told_once(self):
        program = harness.binary_for_everybody(self.folder)
        os.mkdir(self.output)
        os.chown(self.output, NOBODY, NOBODY)
        outcome = self.dump("full", "-o", self.output, expected=None, binary=program,
                            before=become_nobody, cwd="/")
        self.assertIn(outcome.status, (harness.NOT_PERMITTED, UNAVAILABLE), str(outcome))
        made = [name for name in os.listdir(self.output) if name[0] != "."]
        self.assertEqual(len(made), 1)
        for name in STACKS:
            self.assertTrue(os.path.getsize(os.path.join(self.output, made[0], name)) > 0)
        warnings = harness.read_json(self.output, made[0], "LiveDump.json")["warnings"]
        self.assertEqual([one for one in warnings if one.startswith("without CAP_")], [])
        subjects = [one.partition(" of ")[0] for one in warnings]
        self.assertEqual(sorted(subjects), sorted(set(subjects)))
        self.assertIn("the kernel stacks", subjects)
        self.assertIn("CAP_SYS_ADMIN", outcome.told)
        self.assertNotIn("more warnings stand in", outcome.told)

    @harness.needs_root
    def test_root_is_not_told_to_get_rights_that_it_has(self):
        with open("/proc/self/status") as file:
            effective = int(re.search(r"CapEff:\s*(\w+)", file.read()).group(1), 16)
        if not effective >> 21 & effective >> 19 & 1:
            self.skipTest("CAP_SYS_ADMIN or CAP_SYS_PTRACE is not there")
        outcome = self.dump("stacks", "-o", self.output, "--no-throttle", expected=None)
        self.assertNotRegex(outcome.told, r"/proc/PID/\w+ needs CAP_")

    @needs_no_source
    def test_stacks_alone_are_made(self):
        self.collect("--only", "system", "--live-dump", "stacks", expected=(PARTIAL, COMPLETE))
        report = harness.read_json(harness.host_folder(self.output), "LiveDump.json")
        self.assertEqual(report["kind"], "stacks")

    def test_dump_is_in_no_plan_that_does_not_name_it(self):
        self.collect("--only", "system", expected=(COMPLETE, PARTIAL))
        self.assertEqual(harness.manifest(self.output)["options"]["collectors"], ["system"])
        self.assertFalse(os.path.exists(
            os.path.join(harness.host_folder(self.output), "LiveDump.json")))

    def test_wrong_options_are_usage_errors(self):
        cases = [
            (("dump", "full", "--level", "32"), "--level", "0 to 31"),
            (("dump", "full", "--level", "x"), "--level", "0 to 31"),
            (("dump", "full", "--compress", "lzo"), "--compress", "zstd, zlib, none"),
            (("dump", "full", "--format", "lime"), "--format", "kdump, elf"),
            (("dump", "full", "--on-pressure", "panic"), "--on-pressure", "abort, partial, ignore"),
            (("dump", "full", "--max-size", "big"), "--max-size", "big"),
            (("dump", "full", "--max-size", "0"), "--max-size", "above 0"),
            (("dump", "full", "--originator", "ninechars"), "--originator", "1 to 8"),
            (("dump", "full", "--originator", ""), "--originator", "1 to 8"),
            (("dump", "full", "--originator", "gr\u00fcn"), "--originator", "ASCII"),
            (("dump", "full", "--originator", "a\x1b[2J"), "--originator", "ASCII"),
            (("dump", "full", "--threads", "0"), "--threads", "1 to 256"),
            (("dump", "full", "--reason", ""), "--reason", "500"),
            (("collect", "--dump-reason", ""), "--dump-reason", "500"),
            (("collect", "--dump-reason", "slow"), "--dump-reason", "goes with --include-live-dump"),
            (("dump", "full", "--deadline", "never"), "--deadline", "never"),
            (("dump", "full", "--progress", "loud"), "--progress", "loud"),
            (("dump", "full", "-o", ""), "--output", "folder"),
            (("dump", "full", "--dry-run", "--level", "-1"), "", ""),
            (("dump", "stacks", "--level", "1"), "--level", ""),
            (("dump", "stacks", "file", "--no-throttle"), "file", "no place"),
            (("dump", "convert", "in"), "", ""),
            (("dump", "convert", "in", "out", "--level", "40"), "--level", "0 to 31"),
            (("collect", "--live-dump", "half"), "--live-dump", "full, stacks or no"),
            (("collect", "--include-live-dump", "--live-dump", "stacks"), "--live-dump", "contradict"),
            (("collect", "--include-live-dump", "--root", "/mnt"), "--root", "running kernel"),
            (("collect", "--dump-level", "99"), "--dump-level", "0 to 31"),
            (("collect", "--dump-level", "31"), "--dump-level", "goes with --include-live-dump"),
            (("collect", "--dump-no-throttle"), "--dump-no-throttle", "no live dump is asked for"),
            (("collect", "--skip", "livedump", "--include-live-dump"), "--skip", "is asked for"),
            (("collect", "--include-live-dump", "--dump-format", "elf"), "--dump-format",
             "dump convert"),
            (("collect", "--dump-originator", "ninechars"), "--dump-originator", "1 to 8"),
        ]
        for arguments, name, why in cases:
            with self.subTest(arguments=arguments):
                outcome = harness.run(*arguments, cwd=self.path())
                self.assertEqual(outcome.status, USAGE, str(outcome))
                self.assertIn(name, outcome.told)
                self.assertIn(why, outcome.told)
                self.assertNotIn("\x1b", outcome.err)
        self.assertEqual(os.listdir(self.path()), [], "nothing was written")

    def test_defaults_of_dumps_are_shown_and_can_be_set(self):
        file = self.path("config.yaml")
        harness.write(file, "dump-level: 31\ndump-keep: 3\nlive-dump: stacks\n")
        outcome = harness.run("config", "show", "--json", "--config", file)
        self.assertEqual(outcome.status, 0, str(outcome))
        values = json.loads(outcome.out)
        self.assertEqual(values["dump-level"], {"value": "31", "source": file + ":1"})
        self.assertEqual(values["live-dump"], {"value": "stacks", "source": file + ":3"})
        shown = {name: value["value"] for name, value in values.items() if "dump" in name}
        self.assertEqual(shown, {
            "live-dump": "stacks", "dump-level": "31", "dump-compress": "zstd",
            "dump-format": "kdump", "dump-user-pages": "no", "dump-guest-pages": "no",
            "dump-on-pressure": "abort", "dump-max-size": None, "dump-originator": "diagbndl",
            "dump-threads": None, "dump-throttle": "yes",
            "dump-directory": "/var/lib/diagbundle/dumps",
            "dump-keep": "3", "dump-keep-policy": "room", "dump-free-space": None,
            "dump-interval": "10m",
            "dump-originator-interval": "1h"})
        for text in ("dump-level: 40\n", "dump-originator: ninechars\n", "dump-keep: -1\n",
                     "dump-keep-policy: never\n", "dump-interval: soon\n", "live-dump: maybe\n",
                     "dump-free-space: much\n"):
            with self.subTest(text=text):
                harness.write(file, text)
                outcome = harness.run("config", "show", "--config", file)
                self.assertEqual(outcome.status, USAGE, str(outcome))
                self.assertIn(file + ":1", outcome.told)

    @harness.needs_root
    def test_second_dump_into_a_folder_at_work_is_refused(self):
        os.makedirs(self.output)
        lock = os.open(os.path.join(self.output, ".diagbundle.lock"), os.O_RDWR | os.O_CREAT)
        harness.fcntl.flock(lock, harness.fcntl.LOCK_EX)
        os.write(lock, b"a test")
        outcome = self.dump("full", "-o", self.output, expected=harness.REFUSED)
        self.assertIn("a test", outcome.told)
        os.close(lock)
