"""The configuration file."""

import json
import os

import harness
from harness import PARTIAL, USAGE


class Configuration(harness.Case):
    """Defaults from a file."""

    def setUp(self):
        super().setUp()
        self.file = self.path("etc", "config.yaml")

    def configure(self, text):
        harness.write(self.file, text)

    def show(self):
        outcome = harness.run("config", "show", "--json", "--config", self.file)
        self.assertEqual(outcome.status, 0, str(outcome))
        return json.loads(outcome.out)

    def test_file_sets_the_defaults(self):
        self.configure("# ours\noutput: %s\njobs: 1\ndeadline: 2m\nprofile: minimal\n"
                       "skip:\n  - system\n"
                       "seal-deadline: 30s\nmax-size: 100M\nprogress: none\n" % self.output)
        outcome = harness.run("collect", "--config", self.file)
        self.assertIn(outcome.status, (0, PARTIAL), str(outcome))
        self.assertEqual(outcome.err, "")
        options = harness.manifest(self.output)["options"]
        self.assertEqual(
            (options["jobs"], options["deadlineSeconds"], options["sealDeadlineSeconds"],
             options["maxByteCount"], options["collectors"]),
            (1, 120, 30, 100 << 20, ["storage", "boot"]))

    def test_command_line_wins(self):
        self.configure("output: %s\njobs: 1\ndeadline: 2m\nprofile: minimal\nskip: [system]\n"
                       % self.path("not-here"))
        outcome = self.collect("--config", self.file, "--jobs", "3", "--skip", "storage",
                               "--deadline", "90", expected=(0, PARTIAL))
        self.assertFalse(os.path.exists(self.path("not-here")))
        options = harness.manifest(self.output)["options"]
        self.assertEqual((options["jobs"], options["deadlineSeconds"], options["collectors"]),
                         (3, 90, ["system", "boot"]), str(outcome))

    def test_show_tells_where_each_value_comes_from(self):
        self.configure("# a comment\n\njobs: 7\nskip: [logs, boot]\n")
        values = self.show()
        self.assertEqual(values["jobs"], {"value": "7", "source": self.file + ":3"})
        self.assertEqual(values["skip"], {"value": ["logs", "boot"], "source": self.file + ":4"})
        self.assertEqual(values["output"], {"value": "logs", "source": "built in"})
        self.assertEqual(sorted(values), sorted(
            ["output", "deadline", "seal-deadline", "format", "compression", "level", "threads",
             "memory", "no-sparse", "split", "encrypt-to", "sign", "archive-only", "jobs", "max-size", "since", "profile",
             "collectors", "plugins", "only", "skip", "subsystem",
             "include-persistent-events", "live-dump", "dump-level", "dump-compress",
             "dump-format", "dump-user-pages", "dump-guest-pages", "dump-on-pressure",
             "dump-max-size", "dump-originator", "dump-threads", "dump-throttle",
             "dump-directory", "dump-keep", "dump-keep-policy", "dump-free-space",
             "dump-interval", "dump-originator-interval",
             "progress", "root"]))
        outcome = harness.run("config", "show", "--config", self.file)
        line = [line for line in outcome.out.splitlines() if line.startswith("jobs")][0]
        self.assertEqual(line.split()[:3], ["jobs", "7", self.file + ":3"])

    def test_wrong_key_is_told_with_its_place_and_a_suggestion(self):
        self.configure("output: x\n\n  \ndeadlin: 5m\n")
        for command in (("collect", "--output", self.output), ("config", "show")):
            outcome = harness.run(*command, "--config", self.file)
            self.assertEqual(outcome.status, USAGE, str(outcome))
            self.assertIn(self.file + ":4:1", outcome.told)
            self.assertIn("deadlin", outcome.told)
            self.assertIn("did you mean", outcome.told)
            self.assertIn("deadline", outcome.err.replace("deadlin\"", ""))
            self.assertEqual(outcome.out, "")
        self.assertFalse(os.path.exists(self.output))

    def test_wrong_values_and_wrong_yaml_are_told_with_their_line(self):
        cases = [("jobs: 0\n", ":1"), ("\njobs: many\n", ":2"), ("deadline: never\n", ":1"),
                 ("a: b: c\n", ":1"), ("jobs: [1, 2]\n", ":1"), ("- list\n", ":1"),
                 ("skip: [nothing]\n", ":1"), ("jobs: 1\njobs: 2\n", ":2"),
                 ("output: \"\n", ":"), ("jobs: \x1b[31m\n", ":1"), ("\tjobs: 1\n", ":1"),
                 ("a: &a [*a]\n", ":1"), ("{" * 5000, ":1")]
        for text, place in cases:
            with self.subTest(text=text[:40]):
                self.configure(text)
                outcome = harness.run("collect", "--output", self.output, "--config", self.file)
                self.assertEqual(outcome.status, USAGE, str(outcome))
                self.assertIn(self.file + place, outcome.told)
                self.assertNotIn("\x1b", outcome.err)
                self.assertFalse(os.path.exists(self.output))

    def test_file_that_was_named_must_be_there(self):
        outcome = self.collect("--config", self.path("nothing.yaml"))
        self.assertEqual(outcome.status, harness.UNAVAILABLE, str(outcome))
        self.assertIn(self.path("nothing.yaml"), outcome.told)

    def test_empty_file_changes_nothing(self):
        self.configure("# nothing\n")
        self.assertEqual({one["source"] for one in self.show().values()}, {"built in"})

    def test_file_that_is_a_fifo_or_large_holds_up_nothing(self):
        os.makedirs(os.path.dirname(self.file))
        os.mkfifo(self.file)
        outcome = self.collect("--config", self.file, timeout=60)
        self.assertEqual(outcome.status, USAGE, str(outcome))
        self.assertIn(self.file, outcome.told)
        os.unlink(self.file)
        with open(self.file, "wb") as file:
            file.truncate(1 << 30)
        outcome = self.collect("--config", self.file, timeout=60)
        self.assertNotEqual(outcome.status, 0, str(outcome))
        self.assertIn(self.file, outcome.told)

    def test_what_a_run_goes_by_is_a_regular_file(self):
        folder = self.path("no-files")
        for name, word in harness.no_files(folder).items():
            path = os.path.join(folder, name)
            for what, noun, arguments in (
                    ("the configuration ", "configuration", ("collect", "--config", path)),
                    ("the plan ", "plan", ("collect", "--plan", path)),
                    ("the profile ", "profile", ("plan", "--profile", path)),
                    ("", "declaration", ("collectors", "check", path))):
                if name in ("folder", "null") and noun == "declaration":
                    continue  # A folder is told of otherwise; a link is taken for a plugin's.
                with self.subTest(arguments):
                    outcome = harness.run(*arguments, timeout=60, cwd=self.folder)
                    self.assertEqual(outcome.status, USAGE, str(outcome))
                    self.assertIn("read %s%s: it is a %s, and a %s is a regular file"
                                  % (what, path, word, noun), outcome.told)

    def test_reset_keeps_what_was_set(self):
        self.configure("jobs: 7\n")
        outcome = harness.run("config", "reset", "--config", self.file)
        self.assertEqual(outcome.status, 0, str(outcome))
        self.assertIn(self.file + ".old", outcome.out)
        self.assertFalse(os.path.exists(self.file))
        self.assertEqual(harness.content(self.file + ".old"), b"jobs: 7\n")
        outcome = harness.run("config", "reset", "--config", self.file)
        self.assertEqual(outcome.status, 0, str(outcome))
        self.assertEqual(harness.content(self.file + ".old"), b"jobs: 7\n")
        # What was kept before stays, too.
        self.configure("jobs: 8\n")
        outcome = harness.run("config", "reset", "--config", self.file)
        self.assertEqual(outcome.status, 0, str(outcome))
        self.assertIn(self.file + ".old-2", outcome.out)
        self.assertEqual(harness.content(self.file + ".old"), b"jobs: 7\n")
        self.assertEqual(harness.content(self.file + ".old-2"), b"jobs: 8\n")

    def test_reset_moves_nothing_that_is_no_file(self):
        fifo, folder = self.path("fifo"), self.path("folder")
        os.mkfifo(fifo)
        os.mkdir(folder)
        for path, word in ((fifo, "FIFO"), (folder, "directory")):
            outcome = harness.run("config", "reset", "--config", path)
            self.assertEqual(outcome.status, harness.USAGE, str(outcome))
            self.assertIn("reset the configuration %s: it is a %s" % (path, word), outcome.told)
            self.assertTrue(os.path.exists(path))
            self.assertFalse(os.path.exists(path + ".old"))

    @harness.in_namespace()
    def test_standard_place_is_read_without_being_named(self):
        place = "/etc/diagbundle"
        if os.path.isdir(place):
            harness.mount("none", place, "tmpfs")
        else:
            copy = self.path("etc-of-the-test")
            os.mkdir(copy)
            for name in ("passwd", "group", "hostname", "os-release"):
                if os.path.exists("/etc/" + name):
                    harness.write(os.path.join(copy, name), harness.content("/etc/" + name))
            harness.mount(copy, "/etc", None, harness.MS_BIND)
            os.mkdir(place)
        harness.write(place + "/config.yaml", "jobs: 5\n")
        self.collect("--only", "storage", expected=(0, PARTIAL))
        self.assertEqual(harness.manifest(self.output)["options"]["jobs"], 5)
        outcome = harness.run("config", "show", "--json")
        self.assertEqual(json.loads(outcome.out)["jobs"],
                         {"value": "5", "source": place + "/config.yaml:1"})
