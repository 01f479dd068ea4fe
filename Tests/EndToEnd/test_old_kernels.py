"""Kernels that lack a call, and disks that fail: strace lets a call fail as they would."""

import os
import re
import shutil
import subprocess

import harness
from harness import INPUT_OUTPUT, PARTIAL


def why_no_injection():
    """Why strace cannot let calls fail here; empty when it can."""
    if not shutil.which("strace"):
        return "strace is not installed"
    done = subprocess.run(["strace", "-o", "/dev/null", "-e", "inject=getppid:error=ENOSYS", "true"],
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=60)
    return "" if done.returncode == 0 else "strace: %s" % done.stderr.decode()[:100]


class Injected(harness.Case):
    """A run during which calls fail."""

    def setUp(self):
        super().setUp()
        if why_no_injection():
            self.skipTest(why_no_injection())

    def inject(self, *injections, arguments=(), output=None):
        """Runs collect with failing calls; strace passes the exit code on."""
        calls = sorted({name for one in injections for name in one.split(":")[0].split(",")})
        words = ["-f", "-qq", "-o", self.path("trace"), "-e", "trace=" + ",".join(calls)]
        for one in injections:
            words += ["-e", "inject=" + one]
        return harness.run(*words, harness.BINARY, "collect", "--output", output or self.output,
                           *(arguments or harness.ONLY_CODE),
                           binary=shutil.which("strace"), timeout=200)

    def was_injected(self):
        return harness.content(self.path("trace")).count(b"(INJECTED)")


class OldKernels(Injected):
    """What a newer call gives is got in another way, and the result is the same."""

    def artifacts(self, output):
        return sorted(one["path"] for one in harness.manifest(output)["artifacts"])

    def check(self, *injections, gaps=()):
        plain = self.path("plain")
        self.collect(*harness.ONLY_CODE, output=plain, expected=(0, PARTIAL))
        outcome = self.inject(*injections)
        self.assertGreater(self.was_injected(), 0, "the call was never made")
        self.assertIn(outcome.status, (0, PARTIAL), str(outcome))
        manifest = harness.manifest(self.output)
        self.assertEqual({name: one["outcome"] for name, one in harness.reports(manifest).items()},
                         {name: "complete" for name in harness.COLLECTORS}, str(outcome))
        self.assertEqual(self.artifacts(self.output), self.artifacts(plain))
        self.assertEqual([one["what"] for one in manifest["missing"]],
                         [one["what"] for one in harness.manifest(plain)["missing"]])
        told = " ".join(gap for one in manifest["reports"] for gap in one["confinementGaps"])
        for gap in gaps:
            self.assertIn(gap, told)
        self.assert_verifies(harness.bundle(self.output))
        self.assert_no_leftovers(self.output)
        # Again over the folder that is there now.
        outcome = self.inject(*injections)
        self.assertIn(outcome.status, (0, PARTIAL), str(outcome))
        self.assert_no_leftovers(self.output)
        self.assert_verifies(harness.host_folder(self.output))

    def test_without_openat2(self):
        self.check("openat2:error=ENOSYS")

    def test_openat2_forbidden_by_a_sandbox(self):
        self.check("openat2:error=EPERM")

    def test_without_pidfd(self):
        self.check("pidfd_open,pidfd_send_signal:error=ENOSYS")

    def test_without_exchanging_rename(self):
        """Two runs, so that a folder stands in the place of the new one."""
        self.collect(expected=(0, PARTIAL))
        old = harness.bundle(self.output)
        for error in ("EINVAL", "ENOSYS"):
            outcome = self.inject("renameat2:error=" + error)
            self.assertGreater(self.was_injected(), 0)
            self.assertIn(outcome.status, (0, PARTIAL), str(outcome))
            self.assert_verifies(harness.host_folder(self.output))
            self.assert_no_leftovers(self.output)
        self.assertEqual(len(harness.bundles(self.output)), 3)
        self.assert_verifies(old)

    def test_without_landlock(self):
        self.check("landlock_create_ruleset:error=ENOSYS", gaps=["Landlock"])

    def test_without_statx_and_close_range(self):
        if not self.uses("statx,close_range"):
            self.skipTest("neither call is used")
        self.check("statx,close_range:error=ENOSYS")

    def uses(self, calls):
        harness.run("-f", "-qq", "-o", self.path("trace"), "-e", "trace=" + calls, harness.BINARY,
                    "collect", "--only", "storage", "--output", self.path("uses"),
                    binary=shutil.which("strace"), timeout=200)
        return harness.content(self.path("trace")).strip() != b""

    def test_without_priorities_and_capabilities(self):
        self.check("ioprio_set,setpriority,capset:error=EPERM", gaps=["capability"])


class FailingDisk(Injected):
    """The output fails while it is written."""

    def setUp(self):
        super().setUp()
        self.root = harness.fixture_root(self.folder)

    def assert_fails(self, injection, expected=INPUT_OUTPUT, word="Input/output error"):
        outcome = self.inject(injection, arguments=("--root", self.root, "--only", "storage"))
        self.assertGreater(self.was_injected(), 0, "the call was never made")
        self.assertEqual(outcome.status, expected, str(outcome))
        self.assertIn(word, outcome.told)
        self.assertIn(self.output, outcome.told)
        self.assertEqual(outcome.out, "")
        self.assertEqual(harness.bundles(self.output), [])
        self.assertEqual([name for name in os.listdir(self.output) if ".tar" in name], [])

    def test_sync_fails(self):
        self.assert_fails("fsync,fdatasync:error=EIO")

    def test_making_folders_fails(self):
        outcome = self.inject("mkdirat,mkdir:error=ENOSPC", arguments=("--only", "storage"))
        self.assertIn(outcome.status, (harness.CANNOT_CREATE, INPUT_OUTPUT), str(outcome))
        self.assertIn("No space left", outcome.told)
        self.assertIn(self.output, outcome.told)

    def test_naming_the_bundle_fails(self):
        self.assert_fails("linkat,rename,renameat,renameat2:error=EIO")

    def test_bundle_is_on_the_disk_before_it_has_its_name(self):
        words = ["-f", "-qq", "-y", "-o", self.path("trace"), "-e",
                 "trace=fsync,fdatasync,syncfs,linkat,rename,renameat,renameat2"]
        outcome = harness.run(*words, harness.BINARY, "collect", "--root", self.root, "--only",
                              "storage", "--output", self.output, binary=shutil.which("strace"),
                              timeout=200)
        self.assertIn(outcome.status, (0, PARTIAL), str(outcome))
        lines = harness.content(self.path("trace")).decode("utf-8", "replace").splitlines()
        name = os.path.basename(harness.bundle(self.output))
        named = [number for number, line in enumerate(lines)
                 if re.search(r"(link|rename)", line) and name in line]
        self.assertTrue(named, lines)
        synced = [line for line in lines[:named[0]] if "sync(" in line]
        self.assertTrue(synced, "nothing was synced before the bundle got its name: %s" % lines)
        after = [line for line in lines[named[0]:] if "fsync(" in line]
        self.assertTrue(after, "the folder was not synced after the bundle got its name")
