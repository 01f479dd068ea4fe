"""Files that change, block, loop, lie or attack, below a root that the program is told to read."""

import base64
import os
import socket
import stat
import threading
import time

import harness
from harness import PARTIAL

PAYLOAD = b"\x1b]0;pwned\x07"
LINE = "Nov 21 10:00:00 fixture-host program[1]: a line of a log\n"


class Fixture(harness.Case):
    """Builds the root and collects from it."""

    def setUp(self):
        super().setUp()
        self.root = harness.fixture_root(self.folder)

    def inside(self, path):
        return os.path.join(self.root, path.lstrip("/"))

    def read(self, *arguments, **options):
        options.setdefault("expected", (0, PARTIAL))
        return self.collect("--root", self.root, *arguments, **options)

    def artifacts(self):
        return {one["path"]: one for one in harness.manifest(self.output)["artifacts"]}

    def stored(self, path):
        return harness.content(os.path.join(harness.host_folder(self.output), path))

    def report(self, collector):
        return harness.reports(harness.manifest(self.output))[collector]

    def missing(self, part):
        return [one for one in harness.manifest(self.output)["missing"] if part in one["what"]]


class Changing(Fixture):
    """Logs that change while they are read."""

    def while_changing(self, change):
        """Collects while `change` is called again and again."""
        over = threading.Event()

        def work():
            while not over.is_set():
                change()
        thread = threading.Thread(target=work)
        thread.start()
        try:
            return self.read("--only", "logs")
        finally:
            over.set()
            thread.join()

    def test_growing_log_is_taken_as_it_was(self):
        path = self.inside("/var/log/syslog")
        harness.write(path, LINE * (1 << 16))
        size = os.path.getsize(path)

        def grow():
            # Bounded, so that a slow machine's disk is not filled.
            if os.path.getsize(path) < 64 << 20:
                with open(path, "a") as file:
                    file.write(LINE * 100)
            else:
                time.sleep(0.01)
        self.while_changing(grow)
        self.assertEqual(self.report("logs")["outcome"], "complete")
        data = self.stored("logs/syslog/syslog")
        self.assertGreaterEqual(len(data), min(size, 1 << 20))
        self.assertLessEqual(len(data), os.path.getsize(path))
        # All lines are alike; the last may be one that was being written.
        self.assertEqual(data, (LINE * (len(data) // len(LINE) + 1)).encode()[:len(data)])
        self.assert_verifies(harness.bundle(self.output))

    def test_shrinking_log(self):
        path = self.inside("/var/log/syslog")
        harness.write(path, LINE * (1 << 16))

        def shrink():
            with open(path, "r+b") as file:
                size = os.path.getsize(path)
                file.truncate(size // 2 if size > 1024 else 0)
                if size <= 1024:
                    file.write((LINE * (1 << 16)).encode())
        self.while_changing(shrink)
        self.assertEqual(self.report("logs")["outcome"], "complete")
        artifact = self.artifacts()["logs/syslog/syslog"]
        if artifact["isTruncated"]:
            self.assertIn("shrank", artifact["truncationReason"])
        self.assert_verifies(harness.bundle(self.output))

    def test_log_that_is_replaced_and_removed(self):
        path = self.inside("/var/log/syslog")

        def replace():
            harness.write(path + ".new", LINE * 1000)
            os.replace(path + ".new", path)
            os.unlink(path)
        self.while_changing(replace)
        self.assertEqual(self.report("logs")["outcome"], "complete")
        self.assert_verifies(harness.bundle(self.output))


class Kinds(Fixture):
    """Something else than a regular file."""

    def test_fifo_in_the_place_of_a_file(self):
        places = ["/var/log/syslog", "/etc/os-release", "/etc/fstab", "/etc/hostname",
                  "/proc/1/mountinfo", "/proc/cmdline", "/proc/swaps", "/var/log/auth.log",
                  "/var/log/audit/audit.log", "/boot/grub/grub.cfg", "/dev/kmsg"]
        for place in places:
            path = self.inside(place)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            if os.path.lexists(path):
                os.unlink(path)
            os.mkfifo(path)
        began = time.monotonic()
        outcome = self.read("--deadline", "60s", expected=PARTIAL)
        self.assertLess(time.monotonic() - began, 30)
        for collector in harness.COLLECTORS:
            self.assertEqual(self.report(collector)["outcome"], "complete", str(outcome))
        for place in ("/var/log/syslog", "/var/log/auth.log", "/etc/fstab"):
            found = self.missing(place)
            self.assertTrue(found, "%s is not told as missing" % place)
        self.assertIn("fifo", self.missing("/var/log/syslog")[0]["why"].lower())
        self.assert_verifies(harness.bundle(self.output))

    def test_mount_table_that_is_there_but_cannot_be_read_is_not_called_absent(self):
        path = self.inside("/proc/1/mountinfo")
        os.unlink(path)
        os.mkfifo(path)
        self.read("--only", "storage", expected=PARTIAL)
        self.assertTrue(self.missing("/proc/1/mountinfo"))

    @harness.needs_root
    def test_device_node_in_the_place_of_a_file(self):
        """/dev/zero under another name would give bytes for ever; it is not opened."""
        for place, kind, number in (
                ("/var/log/syslog", stat.S_IFCHR, os.makedev(1, 5)),
                ("/var/log/messages", stat.S_IFBLK, os.makedev(259, 1000)),
                ("/etc/os-release", stat.S_IFCHR, os.makedev(1, 5))):
            path = self.inside(place)
            if os.path.exists(path):
                os.unlink(path)
            try:
                os.mknod(path, kind | 0o600, number)
            except OSError as error:
                self.skipTest("mknod: %s" % error)
        began = time.monotonic()
        self.read("--deadline", "60s", expected=PARTIAL)
        self.assertLess(time.monotonic() - began, 30)
        for place in ("/var/log/syslog", "/var/log/messages"):
            self.assertTrue(self.missing(place), place)
            self.assertNotIn("logs" + place[len("/var/log"):], self.artifacts())
        self.assertEqual(self.report("logs")["outcome"], "complete")
        self.assertEqual(self.report("system")["outcome"], "complete")
        self.assertNotIn("operatingSystem", harness.manifest(self.output)["host"])

    def test_socket_and_directory_in_the_place_of_a_file(self):
        os.unlink(self.inside("/var/log/syslog"))
        os.mkdir(self.inside("/var/log/syslog"))
        place = socket.socket(socket.AF_UNIX)
        work = os.getcwd()
        os.chdir(self.inside("/var/log"))
        try:
            place.bind("messages")
        finally:
            os.chdir(work)
            place.close()
        self.read("--only", "logs", expected=PARTIAL)
        self.assertEqual(self.report("logs")["outcome"], "complete")
        self.assertTrue(self.missing("/var/log/messages"))

    def test_loops_of_links(self):
        os.unlink(self.inside("/var/log/syslog"))
        os.symlink("syslog", self.inside("/var/log/syslog"))
        os.symlink("b", self.inside("/var/log/messages"))
        os.symlink("messages", self.inside("/var/log/b"))
        os.symlink("..", self.inside("/boot/loop"))
        os.makedirs(self.inside("/var/lib/systemd"))
        os.symlink(".", self.inside("/var/lib/systemd/pstore"))
        os.symlink("/sys/block", self.inside("/sys/block/self"))
        began = time.monotonic()
        outcome = self.read("--deadline", "60s", expected=PARTIAL)
        self.assertLess(time.monotonic() - began, 30)
        for collector in harness.COLLECTORS:
            self.assertEqual(self.report(collector)["outcome"], "complete", str(outcome))
        for place in ("/var/log/syslog", "/var/log/messages"):
            self.assertIn("symbolic link", self.missing(place)[0]["why"].lower())

    def test_links_do_not_lead_out_of_the_root(self):
        secret = self.path("secret")
        harness.write(secret, "TOP-SECRET-OF-THE-LIVE-HOST\n")
        for place, target in (("/var/log/syslog", secret),
                              ("/var/log/messages", "../../../secret"),
                              ("/var/log/kern.log", "../../../../../../../../etc/passwd"),
                              ("/etc/fstab", "/etc/passwd")):
            path = self.inside(place)
            if os.path.exists(path):
                os.unlink(path)
            os.symlink(target, path)
        os.symlink(os.path.dirname(secret), self.inside("/var/lib"))
        self.read()
        for name in harness.files_below(harness.host_folder(self.output)):
            data = self.stored(name)
            self.assertNotIn(b"TOP-SECRET", data, name)
            self.assertNotIn(b"root:x:0:0", data, name)
        self.assertTrue([one for one in harness.manifest(self.output)["absent"]
                         if one["what"] == "/etc/fstab"])


class Large(Fixture):
    """More than can be kept."""

    def test_one_line_of_a_gigabyte(self):
        with open(self.inside("/var/log/syslog"), "wb") as file:
            file.truncate(1 << 30)
        harness.write(self.inside("/var/log/auth.log"), LINE)
        process = harness.start("collect", "--root", self.root, "--only", "logs", "--output",
                                self.output, "--progress", "none")
        began, peak = time.monotonic(), 0
        while process.poll() is None and time.monotonic() - began < 120:
            peak = max(peak, sum(resident(one) for one in
                                 [process.pid] + harness.descendants(process.pid)))
            time.sleep(0.005)
        outcome = harness.finish(process, timeout=5)
        self.assertEqual(outcome.status, PARTIAL, str(outcome))
        self.assertLess(peak, 200 << 20)
        self.assertGreater(peak, 0)
        self.assertEqual(self.report("logs")["outcome"], "complete")
        self.assertLess(self.report("logs")["peakResidentByteCount"], 100 << 20)
        artifact = self.artifacts()["logs/syslog/syslog"]
        self.assertTrue(artifact["isTruncated"])
        self.assertLess(artifact["byteCount"], 256 << 20)
        # The large file has not taken the room of the others.
        self.assertEqual(self.stored("logs/syslog/auth.log"), LINE.encode())
        self.assert_verifies(harness.bundle(self.output))

    def test_newest_lines_of_a_large_log_are_kept_whole(self):
        lines = 1 << 20
        with open(self.inside("/var/log/syslog"), "w") as file:
            for number in range(lines):
                file.write("line %010d of a log that is larger than its share\n" % number)
        self.read("--only", "logs", expected=PARTIAL)
        artifact = self.artifacts()["logs/syslog/syslog"]
        self.assertTrue(artifact["isTruncated"])
        self.assertIn("last", artifact["truncationReason"])
        kept = self.stored("logs/syslog/syslog").decode().splitlines()
        self.assertEqual(kept[-1],
                         "line %010d of a log that is larger than its share" % (lines - 1))
        first = int(kept[0].split()[1])
        self.assertEqual(len(kept), lines - first)
        self.assertGreater(len(kept), 1000)

    def test_many_rotated_logs(self):
        for number in range(3000):
            path = self.inside("/var/log/syslog.%d" % number)
            harness.write(path, LINE)
            os.utime(path, (1.7e9 - number, 1.7e9 - number))
        self.read("--only", "logs")
        self.assertEqual(self.report("logs")["outcome"], "complete")
        names = [name for name in self.artifacts() if name.startswith("logs/syslog/syslog")]
        self.assertEqual(len(names), 3001)
        self.assert_verifies(harness.bundle(self.output))


class Names(Fixture):
    """Names and texts that are made to do harm."""

    def plant(self):
        """Puts the payload wherever the program takes text from."""
        text = PAYLOAD.decode()
        harness.write(self.inside("/etc/hostname"), b"evil\x7f\xc2\x9b31mhost\n")
        harness.write(self.inside("/etc/os-release"),
                      b'NAME="x"\nPRETTY_NAME="Evil' + PAYLOAD + b'OS"\nID=' + PAYLOAD + b"\n")
        harness.write(self.inside("/proc/1/mountinfo"),
                      "25 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw\n"
                      "26 25 254:2 / /mnt/\\033]0;pwned\\007 rw - ext4 /dev/\\033]0;pwned\\007 rw\n"
                      "27 25 254:3 / /mnt/raw" + text + " rw - ext4 /dev/raw" + text + " rw\n"
                      "28 25 254:4 / /mnt/\\377\\376 rw - ext4 /dev/vdb rw\n")
        harness.write(self.inside("/proc/cmdline"), b"root=" + PAYLOAD + b" quiet\n")
        harness.write(self.inside("/proc/swaps"),
                      b"Filename\tType\tSize\tUsed\tPriority\n/" + PAYLOAD + b" file 1 1 1\n")
        harness.write(self.inside("/etc/fstab"), b"/dev/" + PAYLOAD + b" / ext4 rw 0 0\n")
        harness.write(self.inside("/var/log/syslog"),
                      b"NUL \0 ESC " + PAYLOAD + b" C1 \xc2\x9b31m bad \xff\xfe end\n")
        harness.write(self.inside("/var/lib/systemd/pstore/dmesg" + text), PAYLOAD)
        harness.write(self.inside("/boot/loader/entries/a" + text + ".conf"),
                      b"title " + PAYLOAD + b"\nlinux /vmlinuz" + PAYLOAD + b"\n")
        harness.write(self.inside("/boot/vmlinuz-6" + text), b"")
        device = self.inside("/sys/block/vd" + text)
        os.makedirs(device)
        for name, value in (("dev", b"254:16\n"), ("size", b"8\n"), ("model", PAYLOAD)):
            harness.write(os.path.join(device, name), value)

    def no_payload(self, data):
        self.assertNotIn(b"\x1b]", data)
        self.assertNotIn(b"\x07", data)
        self.assertNotIn(b"\xc2\x9b", data)
        self.assertNotIn(b"\x7f", data)

    def test_nothing_of_them_reaches_a_terminal_raw(self):
        self.plant()
        terminal = harness.Terminal("collect", "--root", self.root, "--output", self.output)
        status = terminal.end()
        self.assertIn(status, (0, PARTIAL), terminal.data)
        self.no_payload(terminal.data)
        self.assertIn(b"pwned", terminal.data, "the payload did not get where it could do harm")
        for collector in harness.COLLECTORS:
            self.assertEqual(self.report(collector)["outcome"], "complete", terminal.data)
        path = harness.bundle(self.output)
        self.assertRegex(os.path.basename(path), r"^[-A-Za-z0-9._]+\.tar\.xz$")
        for arguments in (("cat", path, "summary.txt"), ("cat", path, "logs/syslog/syslog"),
                          ("cat", path, "boot/cmdline"), ("list", path), ("verify", path),
                          ("cat", path, "manifest.json"), ("cat", path, "findings.json")):
            terminal = harness.Terminal(*arguments)
            status = terminal.end()
            self.assertEqual(status, 0, terminal.data)
            self.assertNotIn(b"\x1b", terminal.data, arguments)
            self.no_payload(terminal.data)
            self.assertNotIn(b"\0", terminal.data)

    def test_case_with_control_characters(self):
        text = "case\n" + PAYLOAD.decode() + "end"
        self.read("--only", "storage", "--case", text)
        self.assertEqual(harness.manifest(self.output)["caseIdentifier"], text)
        page = self.stored("summary.txt")
        self.no_payload(page)
        self.assertIn(b"pwned", page)

    def test_json_and_plain_progress_are_free_of_them(self):
        self.plant()
        for style in ("plain", "json"):
            outcome = self.read("--progress", style, output=self.path(style))
            self.assertIn(b"pwned", outcome.out_bytes + outcome.err_bytes, style)
            self.no_payload(outcome.err_bytes)
            self.no_payload(outcome.out_bytes)
            self.assertNotIn(b"\x1b", outcome.err_bytes + outcome.out_bytes)

    def test_log_content_is_kept_byte_by_byte(self):
        self.plant()
        self.read("--only", "logs")
        with open(self.inside("/var/log/syslog"), "rb") as file:
            self.assertEqual(self.stored("logs/syslog/syslog"), file.read())

    def test_names_of_documents_are_valid_json_and_schema(self):
        if harness.why_no_jsonschema():
            self.skipTest(harness.why_no_jsonschema())
        self.plant()
        self.read()
        host = harness.host_folder(self.output)
        for name, kind in (("manifest.json", "manifest"), ("findings.json", "findings"),
                           ("storage/topology.json", "topology"),
                           ("storage/mount-health.json", "probes")):
            self.assert_schema(harness.read_json(host, name), kind)
        self.assert_verifies(harness.bundle(self.output))

    def test_names_that_are_not_utf8_survive(self):
        """Two names that differ in bytes that are no text are two artifacts, with their bytes."""
        names = (b"dmesg-\xff", b"dmesg-\xfe", b"dmesg-\xc3\xa9")
        for number, name in enumerate(names):
            path = os.fsencode(self.inside("/var/lib/systemd/pstore/")) + name
            harness.write(os.fsdecode(path), "record %d\n" % number)
        outcome = self.read("--only", "logs")
        self.assertEqual(self.report("logs")["outcome"], "complete", str(outcome))
        kept = {}
        for path, artifact in self.artifacts().items():
            if "pstore" in path:
                spelled = (base64.b64decode(artifact["pathBytes"]) if "pathBytes" in artifact
                           else path.encode())
                kept[os.path.basename(spelled)] = self.stored(path)
        self.assertEqual(kept, {name: b"record %d\n" % number
                                for number, name in enumerate(names)})
        self.assert_verifies(harness.bundle(self.output))
        target = self.path("extracted")
        self.assertEqual(harness.run("extract", harness.bundle(self.output), "-C", target).status,
                         0)

    def test_loader_entries_that_are_not_utf8_do_not_cost_the_collector(self):
        for name in (b"a\xff.conf", b"a\xfe.conf"):
            path = os.fsencode(self.inside("/boot/loader/entries/")) + name
            harness.write(os.fsdecode(path), "title x\n")
        outcome = self.read("--only", "boot")
        self.assertEqual(self.report("boot")["outcome"], "complete", str(outcome))
        self.assertIn("boot/boot.json", self.artifacts())

    def test_long_names_of_control_characters_do_not_cost_the_collector(self):
        """Escaped, such a name is longer than a file name may be; only that file may suffer."""
        long = "\x1b" * 200
        harness.write(self.inside("/var/lib/systemd/pstore/" + long), "record\n")
        harness.write(self.inside("/boot/loader/entries/" + long + ".conf"), "title x\n")
        outcome = self.read("--only", "logs,boot")
        self.assertEqual({name: self.report(name)["outcome"] for name in ("logs", "boot")},
                         {"logs": "complete", "boot": "complete"}, str(outcome))
        self.assertIn("logs/syslog/syslog", self.artifacts())
        self.assertIn("boot/boot.json", self.artifacts())

    def test_a_name_that_spells_the_escape_of_another(self):
        """A name that holds the escape of another does not collide with it."""
        harness.write(self.inside("/var/lib/systemd/pstore/a\x1b"), "control\n")
        harness.write(self.inside("/var/lib/systemd/pstore/a\\x1B"), "text\n")
        outcome = self.read("--only", "logs")
        self.assertEqual(self.report("logs")["outcome"], "complete", str(outcome))
        self.assertIn("logs/syslog/syslog", self.artifacts())

    def test_mount_points_that_are_not_utf8_keep_their_bytes(self):
        self.plant()
        self.read("--only", "storage")
        probes = harness.read_json(harness.host_folder(self.output),
                                   "storage/mount-health.json")["probes"]
        self.assertIn("/mnt/\\xFF\\xFE", [one["target"] for one in probes])

    def test_host_names_that_are_no_folder_names(self):
        cases = [("../../escape", "fixture"), ("/etc", ""), ("..", ""), (".hidden", "hidden"),
                 ("a" * 300, "a" * 200), ("", "unnamed")]
        for number, (name, folder) in enumerate(cases):
            with self.subTest(name=name):
                harness.write(self.inside("/etc/hostname"), name + "\n")
                output = self.path("out%d" % number, "logs")
                self.read("--only", "storage", output=output)
                self.assertEqual(os.listdir(self.path("out%d" % number)), ["logs"])
                host = os.path.basename(harness.host_folder(output))
                self.assertRegex(host, r"^[A-Za-z0-9_-][-A-Za-z0-9._]*$")
                self.assert_verifies(harness.bundle(output))


def resident(identifier):
    """Bytes of memory that a process has, shared ones by its share."""
    try:
        with open("/proc/%d/smaps_rollup" % identifier) as file:
            for line in file:
                if line.startswith("Pss:"):
                    return int(line.split()[1]) << 10
    except OSError:
        pass
    return 0
