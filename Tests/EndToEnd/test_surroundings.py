"""Runs with little: few rights, no /sys, no environment, no room, no place to write."""

import os
import resource
import shutil
import signal
import stat
import subprocess
import sys

import harness
from harness import CANNOT_CREATE, INPUT_OUTPUT, PARTIAL

NOBODY = 65534


def become_nobody():
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


class OrdinaryUser(harness.Case):
    """A run without root."""

    @harness.needs_root
    def test_gets_less_and_is_told_what_root_would_add(self):
        binary = harness.binary_for_everybody(self.folder)
        home = self.path("home")
        os.mkdir(home)
        os.chown(home, NOBODY, NOBODY)
        output = os.path.join(home, "logs")
        outcome = self.collect(output=output, binary=binary, before=become_nobody, cwd="/",
                               expected=PARTIAL)
        manifest = harness.manifest(output)
        self.assertEqual(manifest["userIdentifier"], NOBODY)
        self.assertFalse(manifest["isInterrupted"])
        self.assertEqual({name: one["outcome"] for name, one in harness.reports(manifest).items()},
                         {name: "complete" for name in harness.default_collectors()}, str(outcome))
        refused = [one for one in manifest["missing"] if "ermission denied" in one["why"]
                   or "not permitted" in one["why"]]
        self.assertTrue(refused, manifest["missing"])
        for one in refused:
            self.assertTrue(one.get("remedy"), one)
        wants = [one for one in refused if "root" in one["remedy"] or "CAP_" in one["remedy"]]
        self.assertTrue(wants)
        self.assertIn("run as root", outcome.out)
        with open(os.path.join(harness.host_folder(output), "summary.txt")) as file:
            text = file.read()
        self.assertIn("Run it again as root", text)
        self.assertIn("not root", text)
        for path, folders, files in os.walk(output):
            self.assertEqual(os.stat(path).st_uid, NOBODY)
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o700)
            for name in files:
                self.assertEqual(stat.S_IMODE(os.stat(os.path.join(path, name)).st_mode), 0o600)
        self.assert_verifies(harness.bundle(output))

    @harness.needs_root
    def test_folder_of_somebody_else_is_refused(self):
        binary = harness.binary_for_everybody(self.folder)
        os.mkdir(self.path("closed"), 0o700)
        outcome = self.collect(output=self.path("closed", "logs"), binary=binary,
                               before=become_nobody, cwd="/")
        self.assertIn(outcome.status, (CANNOT_CREATE, harness.NOT_PERMITTED), str(outcome))
        self.assertIn(self.path("closed"), outcome.told)
        self.assertIn("ermission denied", outcome.told)
        self.assertEqual(outcome.out, "")


class LittleSystem(harness.Case):
    """Parts of the system are not there."""

    @harness.in_namespace()
    def test_without_sys(self):
        harness.mount("none", "/sys", "tmpfs")
        outcome = self.collect(expected=(0, PARTIAL))
        manifest = harness.manifest(self.output)
        told = [one["what"] for one in manifest["absent"] + manifest["missing"]]
        self.assertTrue([one for one in told if one.startswith("/sys")], told)
        self.assertIn("/sys/block", " ".join(told))
        self.assertEqual({name: one["outcome"] for name, one in harness.reports(manifest).items()},
                         {name: "complete" for name in harness.default_collectors()}, str(outcome))
        self.assert_verifies(harness.bundle(self.output))

    @harness.in_namespace()
    def test_without_proc(self):
        """Without /proc the program does not know its arguments: it says so, and not with 0."""
        harness.mount("none", "/proc", "tmpfs")
        outcome = self.collect()
        self.assertEqual(outcome.status, harness.UNAVAILABLE, str(outcome))
        self.assertIn("/proc is not mounted", outcome.told)
        self.assertFalse(os.path.exists(self.output))

    @harness.in_namespace()
    def test_without_os_release(self):
        empty = self.path("empty-etc")
        shutil.copytree("/etc", empty, symlinks=True,
                        ignore=shutil.ignore_patterns("os-release", "ssl", "alternatives"))
        harness.mount(empty, "/etc", None, harness.MS_BIND)
        self.assertFalse(os.path.exists("/etc/os-release"))
        self.collect("--only", "system", "--only", "boot", expected=(0, PARTIAL))
        self.assertEqual(harness.reports(harness.manifest(self.output))["system"]["outcome"],
                         "complete")

    @harness.in_namespace()
    def test_as_first_process_of_a_container(self):
        """The program is process 1, as in a container that runs nothing else."""
        script = ("import ctypes, os\n"
                  "libc = ctypes.CDLL(None)\n"
                  "assert libc.unshare(0x20020000) == 0\n"
                  "child = os.fork()\n"
                  "if child:\n"
                  "    os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
                  "assert libc.mount(b'proc', b'/proc', b'proc', 0, None) == 0\n"
                  "os.execv(%r, ['diagbundle', 'collect', '--output', %r])\n"
                  % (harness.BINARY, self.output))
        done = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=120)
        self.assertIn(done.returncode, (0, PARTIAL), done.stdout)
        self.assertEqual(
            {name: one["outcome"]
             for name, one in harness.reports(harness.manifest(self.output)).items()},
            {name: "complete" for name in harness.default_collectors()}, done.stdout)
        self.assert_verifies(harness.bundle(self.output))

    def test_root_without_os_release_hostname_or_logs(self):
        root = self.path("bare")
        os.mkdir(root)
        outcome = self.collect("--root", root, expected=(0, PARTIAL))
        manifest = harness.manifest(self.output)
        self.assertEqual(manifest["host"]["name"], "unnamed")
        self.assertNotIn("operatingSystem", manifest["host"])
        self.assertEqual({name: one["outcome"] for name, one in harness.reports(manifest).items()},
                         {name: "complete" for name in harness.default_collectors()}, str(outcome))
        told = [one["what"] for one in manifest["absent"] + manifest["missing"]]
        self.assertTrue([one for one in told if "os-release" in one], told)
        self.assert_verifies(harness.bundle(self.output))

    def test_empty_environment(self):
        outcome = self.collect("--skip", "logs", env={}, expected=(0, PARTIAL))
        self.assertNotIn("\x1b", outcome.err)
        self.assert_verifies(harness.bundle(self.output))

    def test_empty_path_and_c_locale(self):
        outcome = self.collect("--skip", "logs", "--case", "Fall ü",
                               env={"PATH": "", "LC_ALL": "C"}, expected=(0, PARTIAL))
        self.assertTrue(outcome.out.isascii(), outcome.out)
        self.assertTrue(outcome.err.isascii(), outcome.err)
        self.assertEqual(harness.manifest(self.output)["caseIdentifier"], "Fall ü")

    def test_closed_standard_streams(self):
        """Without stdin, stdout and stderr no file of the run is taken for one of them."""
        def close():
            for number in (0, 1, 2):
                os.close(number)
        process = harness.start("collect", "--only", "storage", "--output", self.output,
                                stdin=None, stdout=None, stderr=None, before=close)
        status = process.wait(timeout=harness.PATIENCE)
        self.assertIn(status, (0, PARTIAL))
        self.assert_verifies(harness.bundle(self.output))

    def test_reader_of_the_progress_goes_away(self):
        process = harness.start("collect", "--only", "storage", "--output", self.output)
        process.stderr.close()
        process.stdout.close()
        self.assertIn(process.wait(timeout=harness.PATIENCE), (0, PARTIAL))
        self.assert_verifies(harness.bundle(self.output))


class Inherited(harness.Case):
    """What the one who starts the program leaves it."""

    def quick(self, before, **options):
        root = harness.fixture_root(self.folder)
        return self.collect("--root", root, before=before, **options)

    def test_ignored_signals(self):
        """A parent that ignores SIGCHLD hands that on; the ends of workers are noticed anyway."""
        def ignore():
            for number in (signal.SIGCHLD, signal.SIGPIPE, signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_IGN)
        self.quick(ignore, expected=(0, PARTIAL))
        self.assertEqual(
            {name: one["outcome"]
             for name, one in harness.reports(harness.manifest(self.output)).items()},
            {name: "complete" for name in harness.default_collectors()})

    def test_blocked_signals(self):
        def block():
            signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 32))
        self.quick(block, expected=(0, PARTIAL))
        self.assert_verifies(harness.bundle(self.output))

    def test_any_umask(self):
        self.quick(lambda: os.umask(0), expected=(0, PARTIAL))
        for place, _, files in os.walk(self.output):
            self.assertEqual(stat.S_IMODE(os.stat(place).st_mode), 0o700, place)
            for name in files:
                self.assertEqual(stat.S_IMODE(os.stat(os.path.join(place, name)).st_mode), 0o600)

    def test_limit_of_file_size(self):
        """The limit is told as an error; no signal ends the program."""
        outcome = self.quick(lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (512, 512)))
        self.assertEqual(outcome.status, INPUT_OUTPUT, str(outcome))
        self.assertIn("File too large", outcome.told)
        self.assertEqual(harness.bundles(self.output), [])

    def test_few_descriptors(self):
        self.quick(lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)),
                   expected=(0, PARTIAL))
        self.assert_verifies(harness.bundle(self.output))

    def test_working_directory_that_was_removed(self):
        gone = self.path("gone")
        os.mkdir(gone)

        def remove():
            os.chdir(gone)
            os.rmdir(gone)
        self.quick(remove, expected=(0, PARTIAL))
        self.assert_verifies(harness.bundle(self.output))

    def test_relative_output_in_a_working_directory_that_was_removed(self):
        gone = self.path("gone")
        os.mkdir(gone)

        def remove():
            os.chdir(gone)
            os.rmdir(gone)
        outcome = self.quick(remove, output="logs")
        self.assertIn(outcome.status, (harness.USAGE, CANNOT_CREATE, INPUT_OUTPUT), str(outcome))
        self.assertIn("the working directory is gone", outcome.told)


class Output(harness.Case):
    """The output cannot be made or written."""

    def test_place_where_nothing_can_be_made(self):
        outcome = self.collect(output="/proc/diagbundle/logs", expected=CANNOT_CREATE)
        self.assertIn("/proc/diagbundle", outcome.told)

    def test_three_runs_in_one_second_make_three_bundles(self):
        root = harness.fixture_root(self.folder)
        for _ in range(3):
            self.collect("--root", root, "--only", "storage", expected=(0, PARTIAL))
        self.assertEqual(len(harness.bundles(self.output)), 3)
        for path in harness.bundles(self.output):
            self.assert_verifies(path)

    @harness.in_namespace()
    def test_read_only_file_system(self):
        place = self.path("ro")
        os.mkdir(place)
        harness.mount("none", place, "tmpfs", 0, "size=1m")
        harness.mount("none", place, None, harness.MS_REMOUNT | harness.MS_RDONLY)
        outcome = self.collect(output=os.path.join(place, "logs"), expected=CANNOT_CREATE)
        self.assertIn(place, outcome.told)
        self.assertIn("Read-only file system", outcome.told)
        self.assertIn("--output", outcome.told)
        self.assertEqual(os.listdir(place), [])

    @harness.in_namespace()
    def test_full_disk(self):
        place = self.path("small")
        os.mkdir(place)
        harness.mount("small-disk", place, "tmpfs", 0, "size=64k")
        output = os.path.join(place, "logs")
        outcome = self.collect(output=output)
        self.assertIn(outcome.status, (CANNOT_CREATE, INPUT_OUTPUT), str(outcome))
        self.assertIn("No space left", outcome.told)
        self.assertIn(place, outcome.told)
        self.assertIn("small-disk", outcome.told)
        self.assertEqual(outcome.out, "")
        left = harness.files_below(place)
        self.assertEqual([name for name in left if not name.endswith(".lock")], [], left)
        self.assertEqual([name for name in os.listdir(output) if not name.startswith(".")], [])
        self.assertEqual([name for name in os.listdir(output) if "partial" in name], [])

    @harness.in_namespace()
    def test_full_disk_keeps_the_folder_of_the_run_before(self):
        place = self.path("small")
        os.mkdir(place)
        harness.mount("small-disk", place, "tmpfs", 0, "size=1m")
        output = os.path.join(place, "logs")
        self.collect("--only", "boot", output=output, expected=(0, PARTIAL))
        before = {name: harness.content(os.path.join(output, name))
                  for name in harness.files_below(output)}
        filler = os.path.join(place, "filler")
        with open(filler, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                pass
        outcome = self.collect(output=output)
        self.assertIn(outcome.status, (CANNOT_CREATE, INPUT_OUTPUT), str(outcome))
        self.assertIn("No space left", outcome.told)
        after = {name: harness.content(os.path.join(output, name))
                 for name in harness.files_below(output) if not name.endswith(".lock")}
        self.assertEqual(after, before)

    @harness.in_namespace()
    def test_room_for_the_folder_but_not_for_the_bundle(self):
        root = harness.fixture_root(self.folder)
        # Random bytes do not compress: the bundle needs as much room again as the folder.
        harness.write(os.path.join(root, "var/log/syslog"),
                      b"".join(os.urandom(63).replace(b"\n", b".") + b"\n"
                               for _ in range(1 << 14)))
        place = self.path("small")
        os.mkdir(place)
        harness.mount("small-disk", place, "tmpfs", 0, "size=1600k")
        output = os.path.join(place, "logs")
        outcome = self.collect("--root", root, "--only", "logs", output=output)
        self.assertEqual(outcome.status, INPUT_OUTPUT, str(outcome))
        self.assertIn("No space left", outcome.told)
        self.assertIn(place, outcome.told)
        # The folder is whole, and the person is told where it is.
        host = os.path.join(output, "fixture-host")
        self.assertIn(host, outcome.told)
        self.assert_verifies(host)
        self.assertEqual(sorted(os.listdir(output)), ["fixture-host"])

    def test_output_is_a_file(self):
        harness.write(self.output, "a file")
        outcome = self.collect(expected=CANNOT_CREATE)
        self.assertIn(self.output, outcome.told)
        self.assertIn("Not a directory", outcome.told)
        self.assertEqual(harness.content(self.output), b"a file")

    def test_output_below_a_file(self):
        harness.write(self.path("file"), "a file")
        outcome = self.collect(output=self.path("file", "logs"), expected=CANNOT_CREATE)
        self.assertIn("Not a directory", outcome.told)

    def test_cause_and_remedy_are_told_however_long_the_path(self):
        place = self.path(*("%s%d" % ("long-name-" * 15, number) for number in range(4)))
        harness.write(place, "a file")
        outcome = self.collect(output=os.path.join(place, "logs"), expected=CANNOT_CREATE)
        self.assertIn("Not a directory", outcome.told)

    def test_host_folder_is_a_file(self):
        """A file in the place of the host folder is not replaced, and nothing is collected."""
        root = harness.fixture_root(self.folder)
        host = os.path.join(self.output, "fixture-host")
        harness.write(host, "precious")
        outcome = self.collect("--root", root, "--only", "storage", expected=CANNOT_CREATE)
        self.assertIn(host, outcome.told)
        self.assertIn("a regular file is there", outcome.told)
        self.assertNotIn("storage: started", outcome.told)
        self.assertEqual(harness.content(host), b"precious")
        self.assertEqual(os.listdir(self.output), ["fixture-host"])

    def test_older_host_folder_stays_for_a_run_that_fails(self):
        root = harness.fixture_root(self.folder)
        options = ("--root", root, "--only", "storage")
        self.collect(*options, expected=(0, PARTIAL))
        host = os.path.join(self.output, "fixture-host")
        before = harness.content(os.path.join(host, "manifest.json"))
        self.collect(*options, expected=INPUT_OUTPUT,
                     before=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (512, 512)))
        self.assertEqual(harness.content(os.path.join(host, "manifest.json")), before)
        self.assert_verifies(host)
        self.assert_no_leftovers(self.output)

    def test_staging_name_is_a_link(self):
        """A planted link is not followed: what it points to stays."""
        root = harness.fixture_root(self.folder)
        harness.write(self.path("precious", "file"), "precious")
        os.makedirs(self.output)
        os.symlink(self.path("precious"), os.path.join(self.output, ".fixture-host.partial"))
        os.symlink(self.path("precious", "file"), os.path.join(self.output, ".diagbundle.lock"))
        outcome = self.collect("--root", root, "--only", "storage")
        self.assertEqual(harness.content(self.path("precious", "file")), b"precious",
                         str(outcome))
        self.assertEqual(harness.files_below(self.path("precious")), ["file"])

    def test_missing_parents_are_made_private(self):
        output = self.path("a", "b", "c")
        self.collect("--only", "storage", output=output, expected=(0, PARTIAL))
        for path in (self.path("a"), self.path("a", "b"), output):
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o700, path)
        self.assert_verifies(harness.bundle(output))

    def test_relative_output_and_its_default(self):
        work = self.path("work")
        os.mkdir(work)
        outcome = harness.run("collect", "--only", "storage", cwd=work)
        self.assertIn(outcome.status, (0, PARTIAL), str(outcome))
        self.assertEqual(os.listdir(work), ["logs"])
        self.assertIn(harness.bundle(os.path.join(work, "logs")), outcome.out.splitlines())

    def test_odd_names_of_the_output(self):
        for name in ("with space", "ünïcode", "-dash", "new\nline", "esc\x1b[31m"):
            with self.subTest(name=name):
                output = self.path("odd", name)
                outcome = self.collect("--only", "storage", output=output, expected=(0, PARTIAL))
                self.assertNotIn("\x1b", outcome.out + outcome.err)
                self.assert_verifies(harness.bundle(output))
