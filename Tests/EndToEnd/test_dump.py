"""Live dumps, as far as a machine goes that may have no /proc/kcore."""

import datetime
import json
import os

import harness
from harness import COMPLETE, PARTIAL, UNAVAILABLE, USAGE

HAS_SOURCE = os.path.exists("/proc/kcore") and os.path.getsize("/proc/kcore") > 0


# What stands in the way of a dump here, and the exit code of `dump` for it: a container hides the
# host's kernel, another machine may be built without /proc/kcore.
STATUS = {"noKernelCore": UNAVAILABLE, "container": harness.NOT_PERMITTED}


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
        self.assertIn("Way out:", outcome.told)
        found = [name for name in os.listdir(self.output) if not name.startswith(".")]
        for name in found:
            inside = os.listdir(os.path.join(self.output, name))
            self.assertNotIn("LiveDump.kdump", inside, "an empty dump is no dump")
            self.assertFalse(name.endswith(".partial"), name)
            report = harness.read_json(self.output, name, "LiveDump.json")
            self.assertEqual(report["schema"], "diagbundle.live-dump/1")
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
    @harness.needs_root
    def test_refused_dump_takes_back_no_other_one(self):
        """What the history says of a dump that began meanwhile stays."""
        history = "/var/lib/diagbundle/livedump.json"
        before = harness.content(history) if os.path.exists(history) else None
        os.makedirs(os.path.dirname(history), exist_ok=True)
        written = ('{"version":1,"dumps":{"full":{"last":"2099-01-01T00:00:00.000000Z",'
                   '"originators":{}}},"former":{"originators":{}}}')
        harness.write(history, written)
        try:
            self.dump("full", "-o", self.output, "--no-throttle", expected=None)
            self.assertEqual(harness.content(history).decode(), written)
        finally:
            if before is None:
                os.unlink(history)
            else:
                with open(history, "wb") as file:
                    file.write(before)

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
