"""A run on this machine, and what it made."""

import datetime
import json
import os
import shutil
import stat
import subprocess
import tempfile
import unittest

import harness
from harness import PARTIAL, USAGE


class WholeRun(unittest.TestCase):
    """One run with all collectors; many claims about its result."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="diagbundle-e2e-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.output = os.path.join(cls.folder, "logs")
        cls.outcome = harness.run("collect", "-o", cls.output, "--case", "CASE-42 ü")
        cls.host = harness.host_folder(cls.output)
        cls.bundle = harness.bundle(cls.output)
        cls.manifest = harness.manifest(cls.output)

    def test_exit_code_follows_from_the_manifest(self):
        manifest = self.manifest
        cut = [one for one in manifest["artifacts"] if one["isTruncated"]]
        bad = [one for one in manifest["reports"] if one["outcome"] != "complete"]
        is_complete = not (manifest["missing"] or cut or bad or manifest["isInterrupted"])
        self.assertEqual(self.outcome.status, 0 if is_complete else PARTIAL, str(self.outcome))
        self.assertEqual(manifest["completeness"], "complete" if is_complete else "partial")
        for one in manifest["missing"] + bad:
            self.assertTrue(one.get("why") or one.get("reason"), one)

    def test_manifest_says_who_what_and_when(self):
        manifest = self.manifest
        names = os.uname()
        self.assertEqual(manifest["schema"], "diagbundle.manifest/1")
        self.assertEqual(manifest["tool"]["name"], "diagbundle")
        self.assertEqual(manifest["host"]["name"], names.nodename)
        self.assertEqual(manifest["host"]["kernelRelease"], names.release)
        self.assertEqual(manifest["host"]["architecture"], names.machine)
        self.assertEqual(manifest["caseIdentifier"], "CASE-42 ü")
        self.assertEqual(manifest["userIdentifier"], os.geteuid())
        self.assertEqual(manifest["options"]["root"], "/")
        self.assertEqual(manifest["options"]["collectors"], harness.default_collectors())
        self.assertEqual(manifest["options"]["deadlineSeconds"], 600)
        self.assertEqual(manifest["options"]["maxByteCount"], 2 << 30)
        self.assertFalse(manifest["isInterrupted"])
        self.assertEqual([one["collector"] for one in manifest["reports"]],
                         harness.default_collectors())
        self.assertLessEqual(manifest["started"], manifest["collected"])
        self.assertRegex(manifest["started"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")

    def test_names_of_folder_and_bundle(self):
        self.assertEqual(os.path.basename(self.host), os.uname().nodename)
        self.assertRegex(os.path.basename(self.bundle),
                         "^%s-\\d{8}T\\d{6}Z\\.tar\\.xz$" % os.uname().nodename)
        self.assertEqual(sorted(os.listdir(self.output)),
                         sorted([os.path.basename(self.host), os.path.basename(self.bundle)]))

    def test_manifest_lists_every_file_with_its_hash_and_size(self):
        listed = {one["path"]: one for one in self.manifest["artifacts"]}
        found = harness.files_below(self.host)
        self.assertEqual(sorted(listed) + ["manifest.json"],
                         sorted(set(found) - {"manifest.json"}) + ["manifest.json"])
        self.assertEqual(len(listed), len(self.manifest["artifacts"]))
        for path, artifact in listed.items():
            data = harness.content(os.path.join(self.host, path))
            self.assertEqual((path, artifact["byteCount"], artifact["sha256"]),
                             (path, len(data), harness.sha256(data)))

    def test_reports_count_what_the_manifest_lists(self):
        for report in self.manifest["reports"]:
            own = [one for one in self.manifest["artifacts"]
                   if one["collector"] == report["collector"]]
            self.assertEqual((report["collector"], report["artifactCount"], report["byteCount"]),
                             (report["collector"], len(own),
                              sum(one["byteCount"] for one in own)))
            self.assertEqual(report["outcome"], "complete", report)
            self.assertGreater(report["peakResidentByteCount"], 0)

    def test_no_file_is_open_to_others(self):
        for path, folders, files in os.walk(self.output):
            for name, wanted in [(path, 0o700)] + [(os.path.join(path, one), 0o600)
                                                   for one in files]:
                status = os.lstat(name)
                self.assertEqual((name, oct(stat.S_IMODE(status.st_mode)), status.st_uid),
                                 (name, oct(wanted), os.geteuid()))

    def test_documents_are_as_their_schemas_say(self):
        if harness.why_no_jsonschema():
            self.skipTest(harness.why_no_jsonschema())
        checked = []
        published = [line.split()[0] for line in harness.run("schema").out.splitlines()]
        for name in harness.files_below(self.host):
            path = os.path.join(self.host, name)
            if name.endswith(".json"):
                document = harness.read_json(path)
                # What commands print may be JSON of any form.
                own = document.get("schema", "") if isinstance(document, dict) else ""
                kind = own.partition("/")[0].replace("diagbundle.", "")
                if kind in published:
                    self.assertEqual((name, harness.schema_errors(document, kind)), (name, []))
                    checked.append(kind)
            elif name.endswith(".jsonl"):
                with open(path, encoding="utf-8") as file:
                    for line in file:
                        json.loads(line)
        for kind in ("manifest", "findings", "topology", "probes"):
            self.assertIn(kind, checked)

    def test_every_json_document_is_valid_json_with_sorted_keys(self):
        def sort_check(pairs):
            keys = [key for key, _ in pairs]
            self.assertEqual(keys, sorted(keys, key=lambda key: key.encode()))
            return dict(pairs)
        count = 0
        for name in harness.files_below(self.host):
            if name.endswith(".json"):
                text = harness.content(os.path.join(self.host, name)).decode("utf-8")
                document = json.loads(text)
                if isinstance(document, dict) and "diagbundle." in document.get("schema", ""):
                    json.loads(text, object_pairs_hook=sort_check)
                    count += 1
        self.assertGreaterEqual(count, 6)

    def test_facts_are_those_of_the_kernel(self):
        with open("/proc/version", "rb") as file:
            self.assertEqual(harness.content(os.path.join(self.host, "system/version")),
                             file.read())
        with open("/proc/cmdline", "rb") as file:
            self.assertEqual(harness.content(os.path.join(self.host, "boot/cmdline")),
                             file.read())
        probes = harness.read_json(self.host, "storage/mount-health.json")["probes"]
        root = [one for one in probes if one["target"] == "/"]
        self.assertEqual(len(root), 1)
        self.assertIn(root[0]["outcome"], ("ok", "slow"))
        status = os.statvfs("/")
        self.assertEqual(root[0]["facts"]["byteCount"], status.f_blocks * status.f_frsize)
        self.assertEqual(root[0]["facts"]["inodeCount"], status.f_files)
        self.assertEqual(root[0]["facts"]["dev"], "%d:%d" % (
            os.major(os.stat("/").st_dev), os.minor(os.stat("/").st_dev)))

    def test_verify_accepts_bundle_and_folder(self):
        for path in (self.bundle, self.host):
            outcome = harness.run("verify", path)
            self.assertEqual(outcome.status, 0, str(outcome))
            self.assertIn(": whole. %d artifacts" % len(self.manifest["artifacts"]), outcome.out)
            outcome = harness.run("verify", "--json", path)
            self.assertEqual(outcome.status, 0, str(outcome))
            document = json.loads(outcome.out)
            self.assertEqual(
                (document["isWhole"], document["differences"], document["artifactCount"],
                 document["byteCount"], document["completeness"]),
                (True, [], len(self.manifest["artifacts"]),
                 sum(one["byteCount"] for one in self.manifest["artifacts"]),
                 self.manifest["completeness"]))

    def test_xz_and_tar_accept_the_bundle(self):
        for tool in ("xz", "tar"):
            if not shutil.which(tool):
                self.skipTest("%s is not installed" % tool)
        subprocess.run(["xz", "-t", self.bundle], check=True, timeout=60)
        listing = subprocess.run(["tar", "-tJf", self.bundle], check=True, timeout=60,
                                 stdout=subprocess.PIPE).stdout.decode().splitlines()
        top = os.path.basename(self.host)
        self.assertEqual(
            sorted(name for name in listing if not name.endswith("/")),
            sorted("%s/%s" % (top, name)
                   for name in harness.files_below(self.host) + ["members.index"]))
        self.assertEqual(listing[-2:], [top + "/manifest.json", top + "/members.index"])

    def test_list_says_every_member_and_its_size(self):
        top = os.path.basename(self.host)
        wanted = {"%s/%s" % (top, name): os.path.getsize(os.path.join(self.host, name))
                  for name in harness.files_below(self.host)}
        outcome = harness.run("list", self.bundle)
        self.assertEqual(outcome.status, 0, str(outcome))
        listed = {}
        for line in outcome.out.splitlines():
            size, name = line.split(None, 1)
            listed[name] = int(size)
        self.assertEqual(listed, wanted)
        outcome = harness.run("list", "--json", self.bundle)
        lines = [json.loads(line) for line in outcome.out.splitlines()]
        self.assertEqual({one["path"]: one["byteCount"] for one in lines}, wanted)

    def test_cat_gives_the_bytes_of_the_folder(self):
        top = os.path.basename(self.host)
        for name in ("manifest.json", "summary.txt", "storage/topology.json", "system/version",
                     top + "/findings.json"):
            inside = name[len(top) + 1:] if name.startswith(top + "/") else name
            outcome = harness.run("cat", self.bundle, name)
            self.assertEqual(outcome.status, 0, str(outcome))
            self.assertEqual(outcome.out_bytes, harness.content(os.path.join(self.host, inside)))
        outcome = harness.run("cat", self.bundle, "storage/nothing.txt")
        self.assertEqual((outcome.status, outcome.out), (harness.UNAVAILABLE, ""))
        self.assertIn("storage/nothing.txt", outcome.told)

    def test_extract_gives_all_files_unchanged(self):
        target = os.path.join(self.folder, "extracted")
        outcome = harness.run("extract", self.bundle, "-C", target)
        self.assertEqual(outcome.status, 0, str(outcome))
        again = os.path.join(target, os.path.basename(self.host))
        names = harness.files_below(self.host)
        self.assertEqual(harness.files_below(target),
                         sorted(os.path.join(os.path.basename(self.host), name)
                                for name in names))
        for name in names:
            self.assertEqual(harness.content(os.path.join(again, name)),
                             harness.content(os.path.join(self.host, name)), name)
            self.assertEqual(stat.S_IMODE(os.stat(os.path.join(again, name)).st_mode), 0o600)
        outcome = harness.run("extract", self.bundle, "-C", target)
        self.assertEqual(outcome.status, harness.CANNOT_CREATE, str(outcome))
        outcome = harness.run("extract", self.bundle, "-C", target, "--replace")
        self.assertEqual(outcome.status, 0, str(outcome))

    def test_extract_of_some_members(self):
        target = os.path.join(self.folder, "some")
        outcome = harness.run("extract", self.bundle, "system/version", "storage", "-C", target)
        self.assertEqual(outcome.status, 0, str(outcome))
        top = os.path.basename(self.host)
        wanted = [top + "/" + name for name in harness.files_below(self.host)
                  if name == "system/version" or name.startswith("storage/")]
        self.assertEqual(harness.files_below(target), sorted(wanted))
        outcome = harness.run("extract", self.bundle, "no/such", "-C", target)
        self.assertEqual(outcome.status, harness.UNAVAILABLE, str(outcome))
        self.assertIn("no/such", outcome.told)

    def test_the_same_folder_gives_the_same_bytes(self):
        made = []
        for number in (1, 2):
            path = os.path.join(self.folder, "again-%d.tar.xz" % number)
            outcome = harness.run("archive", self.host, "-o", path)
            self.assertEqual(outcome.status, 0, str(outcome))
            self.assertIn(harness.sha256(harness.content(path)), outcome.out)
            made.append(harness.content(path))
        self.assertEqual(made[0], made[1])
        self.assertEqual(harness.run("verify", path).status, 0)

    def test_end_summary_names_the_bundle_and_its_hash(self):
        lines = self.outcome.out.splitlines()
        self.assertLessEqual(len(lines), 15)
        self.assertIn(self.bundle, lines)
        self.assertIn("SHA-256 " + harness.sha256(harness.content(self.bundle)), lines)

    def test_summary_is_a_page_of_text(self):
        text = harness.content(os.path.join(self.host, "summary.txt")).decode("utf-8")
        self.assertIn(os.uname().nodename, text)
        self.assertIn(os.uname().release, text)
        self.assertIn("CASE-42 ü", text)
        self.assertLessEqual(max(len(line) for line in text.splitlines()), 100)
        self.assertNotIn("\x1b", text)

    @harness.needs_root
    def test_root_is_not_told_to_become_root(self):
        """What even root was refused cannot be had by running it as root."""
        self.assertNotIn("run as root", self.outcome.out.lower(), str(self.outcome))


class Options(harness.Case):
    """What the options do."""

    def test_second_run_replaces_the_folder_and_keeps_both_bundles(self):
        self.collect("--only", "storage", expected=(0, PARTIAL))
        host = harness.host_folder(self.output)
        first = harness.bundle(self.output)
        first_bytes = harness.content(first)
        harness.write(os.path.join(host, "stale.txt"), "of the first run")
        self.collect("--only", "boot", expected=(0, PARTIAL))
        self.assertEqual(harness.host_folder(self.output), host)
        self.assertFalse(os.path.exists(os.path.join(host, "stale.txt")))
        self.assertFalse(os.path.exists(os.path.join(host, "storage")))
        self.assertTrue(os.path.isdir(os.path.join(host, "boot")))
        self.assertEqual(len(harness.bundles(self.output)), 2)
        self.assertEqual(harness.content(first), first_bytes)
        for path in harness.bundles(self.output):
            self.assert_verifies(path)
        self.assert_no_leftovers(self.output)

    def test_what_is_no_host_folder_is_not_replaced_by_one(self):
        self.collect("--only", "system", expected=(0, PARTIAL))
        host = harness.host_folder(self.output)
        elsewhere = self.path("elsewhere")
        os.rename(host, elsewhere)
        for bundle in harness.bundles(self.output):
            os.unlink(bundle)

        def folder():
            os.mkdir(host)
            harness.write(os.path.join(host, "manifest.json"), "{}")
        cases = [(lambda: harness.write(host, "mine"), os.unlink, "a regular file is there"),
                 (lambda: os.symlink(elsewhere, host), os.unlink, "a symbolic link is there"),
                 (folder, shutil.rmtree,
                  "no host folder, for it lacks findings.json, summary.txt")]
        for make, remove, words in cases:
            with self.subTest(words):
                make()
                before = os.lstat(host).st_ino
                outcome = harness.run("collect", "--output", self.output, "--only", "system")
                self.assertEqual(outcome.status, harness.CANNOT_CREATE, str(outcome))
                self.assertIn("create the host folder " + host, outcome.told)
                self.assertIn(words + ", and it is not replaced", outcome.told)
                self.assertEqual(os.lstat(host).st_ino, before)
                self.assertEqual([name for name in os.listdir(self.output)
                                  if not name.startswith(".diagbundle")],
                                 [os.path.basename(host)])
                remove(host)
        # An empty one has nothing to lose.
        os.mkdir(host)
        self.collect("--only", "system", expected=(0, PARTIAL))
        self.assert_verifies(host)

    @harness.needs_root
    def test_folder_that_cannot_be_looked_into_is_not_replaced(self):
        """Neither one that cannot be opened, nor one whose members cannot be looked at."""
        program = harness.binary_for_everybody(self.folder)
        os.mkdir(self.output)
        os.chown(self.output, 65534, 65534)
        host = os.path.join(self.output, "fixture-host")
        harness.write(os.path.join(host, "manifest.json"), "of another")
        root = harness.fixture_root(self.folder)
        for path in (root, *(os.path.join(above, name) for above, names, files in os.walk(root)
                             for name in names)):
            os.chmod(path, 0o755)
        for mode in (0o700, 0o744, 0o711):
            with self.subTest(oct(mode)):
                os.chmod(host, mode)
                outcome = self.collect(
                    "--root", root, "--only", "logs", binary=program, cwd="/",
                    before=lambda: (os.setgid(65534), os.setuid(65534)),
                    expected=harness.CANNOT_CREATE)
                self.assertIn("create the host folder %s: a folder of user 0 is there that cannot"
                              " be looked into (Permission denied), and it is not replaced. Move"
                              " it away" % host, outcome.told)
                self.assertEqual([name for name in os.listdir(self.output)
                                  if name != ".diagbundle.lock"], ["fixture-host"])
                self.assertEqual(os.listdir(host), ["manifest.json"])

    @harness.needs_root
    def test_folder_that_only_another_may_move_is_told_at_the_start(self):
        """In a sticky directory, as /tmp, nobody else may rename it."""
        program = harness.binary_for_everybody(self.folder)
        root = harness.fixture_root(self.folder)
        self.collect("--root", root, "--only", "logs", expected=(0, PARTIAL))
        for path in (self.output, root, *(os.path.join(above, name) for top in (self.output, root)
                                          for above, names, _ in os.walk(top) for name in names)):
            os.chmod(path, 0o755)
        os.chmod(self.output, 0o1777)
        for name in os.listdir(self.output):
            if name.startswith("."):
                os.unlink(os.path.join(self.output, name))
        before = sorted(os.listdir(self.output))
        outcome = self.collect(
            "--root", root, "--only", "logs", binary=program, cwd="/",
            before=lambda: (os.setgid(65534), os.setuid(65534)), expected=harness.CANNOT_CREATE)
        self.assertIn("a folder of user 0 is there, which only that user may move", outcome.told)
        self.assertEqual([name for name in sorted(os.listdir(self.output))
                          if name != ".diagbundle.lock"], before)

    def test_what_is_called_like_an_older_folder_stays_and_is_told(self):
        stranger = os.path.join(self.output, ".fixture-host.old")
        harness.write(os.path.join(stranger, "thesis.txt"), "mine")
        root = harness.fixture_root(self.folder)
        for _ in range(2):
            outcome = self.collect("--root", root, "--only", "logs", "--progress", "plain",
                                   expected=(0, PARTIAL))
            self.assertIn(stranger + ": a folder is there that is no host folder", outcome.told)
            self.assertEqual(harness.content(os.path.join(stranger, "thesis.txt")), b"mine")

    def test_only_and_skip_choose_collectors(self):
        cases = [(["--only", "storage"], ["storage"]),
                 (["--only", "boot", "--only", "storage"], ["storage", "boot"]),
                 (["--only", "boot,storage"], ["storage", "boot"]),
                 (["--profile", "minimal", "--skip", "boot", "--skip", "system"], ["storage"]),
                 (["--profile", "minimal", "--skip", "system"], ["storage", "boot"])]
        for number, (arguments, wanted) in enumerate(cases):
            with self.subTest(arguments=arguments):
                output = self.path("out%d" % number)
                self.collect(*arguments, output=output, expected=(0, PARTIAL))
                manifest = harness.manifest(output)
                self.assertEqual(manifest["options"]["collectors"], wanted)
                self.assertEqual(sorted(harness.reports(manifest)), sorted(wanted))
                self.assertEqual(
                    sorted(entry.name for entry in os.scandir(harness.host_folder(output))
                           if entry.is_dir()), sorted(wanted))

    def test_wrong_values_are_refused_with_a_sentence(self):
        cases = [
            (["--only", "storag"], ["storag", "did you mean storage", "logs"]),
            (["--skip", "nonsense"], ["nonsense", "storage", "system", "boot", "logs"]),
            (["--only", "logs", "--skip", "logs"], ["no collector"]),
            (["--deadline", "soon"], ["--deadline", "soon", "10m"]),
            (["--deadline", "0"], ["--deadline"]),
            (["--deadline=-5s"], ["--deadline"]),
            (["--seal-deadline", "1x"], ["--seal-deadline", "1x"]),
            (["--jobs", "0"], ["--jobs", "1 to 256"]),
            (["--jobs", "many"], ["--jobs", "many"]),
            (["--jobs", "99999999999999999999"], ["--jobs"]),
            (["--max-size", "big"], ["--max-size", "big"]),
            (["--max-size", "99999999999999999999G"], ["--max-size"]),
            (["--since", "yesterday"], ["--since", "yesterday", "12h"]),
            (["--compression", "gzip"], ["--compression", "xz, zstd or none", "gzip"]),
            (["--level", "10"], ["--level", "0 to 9", "xz"]),
            (["--compression", "zstd", "--level", "20"], ["--level", "1 to 19", "zstd"]),
            (["--compression", "none", "--level", "1"], ["--level", "no level"]),
            (["--threads", "0"], ["--threads", "1 to 64"]),
            (["--memory", "much"], ["--memory", "much"]),
            (["--memory", "1M"], ["--memory", "1M", "xz", "needs"]),
            (["--progress", "loud"], ["--progress", "loud", "json"]),
            (["--root", "relative/path"], ["--root", "absolute"]),
            (["--output", ""], ["--output"]),
            (["--unknown"], ["--unknown"]),
            (["surplus"], ["surplus"]),
        ]
        for arguments, words in cases:
            with self.subTest(arguments=arguments):
                before = [] if "--output" in arguments else ["--output", self.output]
                outcome = harness.run("collect", *before, *arguments)
                self.assertEqual(outcome.status, USAGE, str(outcome))
                self.assertEqual(outcome.out, "")
                for word in words:
                    self.assertIn(word, outcome.told)
                self.assertFalse(os.path.exists(self.output))

    def test_a_value_with_control_characters_is_shown_escaped(self):
        outcome = self.collect("--only", "a\x1b]0;pwned\x07b", expected=USAGE)
        self.assertNotIn("\x1b", outcome.err)
        self.assertIn("\\x1B", outcome.told)

    def test_since_as_duration_and_as_time(self):
        self.collect("--only", "storage", "--since", "1h", expected=(0, PARTIAL))
        manifest = harness.manifest(self.output)
        read = lambda text: datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ")
        age = (read(manifest["started"]) - read(manifest["options"]["since"])).total_seconds()
        self.assertAlmostEqual(age, 3600, delta=1)
        self.collect("--only", "storage", "--since", "2026-11-21T09:30Z", output=self.path("two"),
                     expected=(0, PARTIAL))
        self.assertEqual(harness.manifest(self.path("two"))["options"]["since"],
                         "2026-11-21T09:30:00.000000Z")

    def test_since_leaves_out_older_rotated_logs(self):
        root = harness.fixture_root(self.folder)
        old, new = (os.path.join(root, "var/log", name) for name in ("syslog.2", "syslog.1"))
        for path in (old, new):
            harness.write(path, "line\n")
        os.utime(old, (1e9, 1e9))
        self.collect("--root", root, "--only", "logs", "--since", "1h", expected=(0, PARTIAL))
        self.assertEqual(
            sorted(os.listdir(os.path.join(harness.host_folder(self.output), "logs/syslog"))),
            ["syslog", "syslog.1"])

    def test_root_that_does_not_exist(self):
        outcome = self.collect("--root", self.path("nowhere"), expected=harness.UNAVAILABLE)
        self.assertIn(self.path("nowhere"), outcome.told)
        self.assertFalse(harness.bundles(self.output) if os.path.isdir(self.output) else [])

    def test_max_size_bounds_all_artifacts(self):
        root = harness.fixture_root(self.folder)
        harness.write(os.path.join(root, "var/log/syslog"), "0123456789abcde\n" * (1 << 18))
        self.collect("--root", root, "--only", "logs", "--max-size", "1M", expected=PARTIAL)
        manifest = harness.manifest(self.output)
        own = sum(one["byteCount"] for one in manifest["artifacts"]
                  if one["collector"] == "logs")
        self.assertGreater(own, 0)
        self.assertLessEqual(own, 1 << 20)
        self.assert_verifies(harness.bundle(self.output))

    def test_root_fixture_says_nothing_of_this_machine(self):
        root = harness.fixture_root(self.folder)
        self.collect("--root", root, expected=(0, PARTIAL))
        manifest = harness.manifest(self.output)
        self.assertEqual(manifest["host"]["name"], "fixture-host")
        self.assertEqual(manifest["host"]["operatingSystem"], "Fixture Linux 1")
        self.assertNotIn("uptimeSeconds", manifest["host"])
        self.assertEqual(manifest["options"]["root"], root)
        self.assertEqual(os.path.basename(harness.host_folder(self.output)), "fixture-host")
        with open("/proc/sys/kernel/random/boot_id") as file:
            boot = file.read().strip()
        for name in harness.files_below(harness.host_folder(self.output)):
            data = harness.content(os.path.join(harness.host_folder(self.output), name))
            self.assertNotIn(boot.encode(), data, name)

    @harness.in_namespace()
    def test_what_the_running_kernel_has_mounted_in_a_root_is_not_of_it(self):
        """As for a chroot of a rescue system, whose /run a link of the root leads into."""
        root = harness.fixture_root(self.folder)
        for name in ("proc", "sys", "dev", "run"):
            shutil.rmtree(os.path.join(root, name), ignore_errors=True)
            os.mkdir(os.path.join(root, name))
        os.mknod(os.path.join(root, "dev/null"), stat.S_IFCHR | 0o666, os.makedev(1, 3))
        os.symlink("../run/systemd/resolve/stub-resolv.conf", os.path.join(root, "etc/resolv.conf"))
        names = lambda output: sorted(one["path"] for one in harness.manifest(output)["artifacts"]
                                      if not one["path"].endswith("worker.log"))

        def fill_run():
            for name in ("utmp", "reboot-required", "systemd/resolve/stub-resolv.conf"):
                harness.write(os.path.join(root, "run", name), "# words-of-this-machine\n")
        # What lies in a /run of the root's own is collected.
        fill_run()
        self.collect("--root", root, "--profile", "full", output=self.path("own"),
                     expected=(0, PARTIAL))
        self.assertLessEqual(
            {"network/etc/resolv.conf", "network/run/systemd/resolve/stub-resolv.conf",
             "packages/run/reboot-required"}, set(names(self.path("own"))))
        shutil.rmtree(os.path.join(root, "run"))
        os.mkdir(os.path.join(root, "run"))
        self.collect("--root", root, "--profile", "full", expected=(0, PARTIAL))
        before = names(self.output)
        for name in ("proc", "sys", "dev"):
            harness.mount("/" + name, os.path.join(root, name), None,
                          harness.MS_BIND | harness.MS_REC)
        harness.mount("tmpfs", os.path.join(root, "run"), "tmpfs")
        fill_run()
        self.collect("--root", root, "--profile", "full", output=self.path("mounted"),
                     expected=(0, PARTIAL))
        self.assertEqual(names(self.path("mounted")), before)
        folder = harness.host_folder(self.path("mounted"))
        for name in harness.files_below(folder):
            self.assertNotIn(b"words-of-this-machine",
                             harness.content(os.path.join(folder, name)), name)

    def test_root_fixture_does_not_claim_the_running_kernel(self):
        """The kernel that runs the program is not the kernel of a disk that is looked at."""
        root = harness.fixture_root(self.folder)
        self.collect("--root", root, "--only", "boot", expected=(0, PARTIAL))
        self.assertNotEqual(harness.manifest(self.output)["host"].get("kernelRelease"),
                            os.uname().release)

    def test_schemas_are_listed_and_printed(self):
        outcome = harness.run("schema")
        self.assertEqual(outcome.status, 0)
        names = [line.split()[0] for line in outcome.out.splitlines()]
        self.assertEqual(len(names), len(set(names)))
        self.assertLessEqual(
            {"manifest", "findings", "topology", "probes", "progress", "worker-request",
             "worker-messages", "worker-answer", "system", "system-identity", "boot", "efi",
             "loader", "kernels", "root-stack", "dmi", "dmi-identity", "boots", "block-devices",
             "subsystems", "io-samples", "io-rates", "blocked-tasks"}, set(names))
        for name in names:
            document = harness.schema(name)
            self.assertTrue(document.get("$schema", "").startswith("https://json-schema.org/"))
        outcome = harness.run("schema", "nothing")
        self.assertEqual(outcome.status, USAGE)
        self.assertIn("manifest", outcome.told)

    def test_options_of_live_dumps_stand_together_in_the_help(self):
        for command in ("collect", "plan"):
            with self.subTest(command):
                outcome = harness.run(command, "--help")
                self.assertEqual(outcome.status, 0)
                _, _, text = outcome.out.partition("\nLIVE DUMP OPTIONS:\n")
                dumps, _, others = text.partition("\nOPTIONS:\n")
                named = ["--include-live-dump", "--live-dump", "--dump-level"]
                if command == "collect":
                    named.append("--dump-reason")
                for name in named:
                    self.assertIn("\n  %s " % name, "\n" + dumps)
                    self.assertNotIn("\n  %s " % name, others)
                self.assertTrue(dumps.startswith("  --include-live-dump "), dumps[:200])
                self.assertEqual("--dump-reason" in outcome.out, command == "collect")
        outcome = harness.run("plan", "--dump-reason", "slow")
        self.assertEqual(outcome.status, USAGE, str(outcome))

    def test_help_of_dumps_says_where_their_defaults_are_changed(self):
        outcome = harness.run("dump", "full", "--help")
        text = " ".join(outcome.out.split())
        for words in ("dump-*", "/etc/diagbundle/config.yaml", "diagbundle config show",
                      "diagbundle config reset"):
            self.assertIn(words, text)
        outcome = harness.run("dump", "stacks", "--help")
        self.assertIn("diagbundle help dump full", " ".join(outcome.out.split()))

    def test_version_and_help(self):
        outcome = harness.run("--version")
        self.assertEqual(outcome.status, 0)
        self.assertRegex(outcome.out, r"^\d+\.\d+\.\d+\n$")
        outcome = harness.run("collect", "--help")
        self.assertEqual(outcome.status, 0)
        for option in ("--output", "--only", "--skip", "--since", "--case", "--deadline",
                       "--seal-deadline", "--jobs", "--max-size", "--progress", "--root",
                       "--config", "--compression", "--level", "--threads", "--memory",
                       "--archive-only"):
            self.assertIn(option, outcome.out)
        outcome = harness.run("no-such-command")
        self.assertEqual(outcome.status, USAGE, str(outcome))
