"""Bundles that are encrypted and signed, by the programs that do it: age, gpg, ssh-keygen."""

import hashlib
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import tarfile
import tempfile
import unittest

import harness
from harness import (FAILED, INPUT_OUTPUT, NOT_PERMITTED, PARTIAL, UNAVAILABLE, USAGE)

PROGRAMS = ("age", "age-keygen", "gpg", "gpgv", "gpgconf", "ssh-keygen")
MISSING = [one for one in PROGRAMS if shutil.which(one) is None]


def call(*arguments, **options):
    """Runs another program, which must end well; what it printed."""
    return subprocess.run(arguments, check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          **options).stdout


class Base(unittest.TestCase):
    """A host folder, its bundle in clear, and the keys of a few people."""

    @classmethod
    def setUpClass(cls):
        if MISSING:
            raise unittest.SkipTest("not installed: " + ", ".join(MISSING))
        cls.base = tempfile.mkdtemp(prefix="diagbundle-e2e-")
        cls.addClassCleanup(shutil.rmtree, cls.base, ignore_errors=True)
        root = harness.fixture_root(cls.base)
        source = random.Random(11)
        for log in ("messages", "user.log"):
            harness.write(os.path.join(root, "var/log", log), "".join(
                "Jan 12 03:04:05 host app[1]: %064x\n" % source.getrandbits(256)
                for _ in range(12000)))
        output = os.path.join(cls.base, "logs")
        outcome = harness.run("collect", "--output", output, "--root", root, "--only",
                              "logs,system")
        assert outcome.status in (0, PARTIAL), str(outcome)
        cls.host = harness.host_folder(output)
        cls.top = os.path.basename(cls.host)
        cls.plain = os.path.join(cls.base, "plain.tar.xz")
        outcome = harness.run("archive", cls.host, "-o", cls.plain)
        assert outcome.status == 0, str(outcome)
        cls.make_keys()

    @classmethod
    def key(cls, name):
        return os.path.join(cls.base, "keys", name)

    @classmethod
    def make_keys(cls):
        os.mkdir(os.path.join(cls.base, "keys"))
        for name in ("age", "other-age"):
            call("age-keygen", "-o", cls.key(name))
        cls.age_recipient = call("age-keygen", "-y", cls.key("age")).decode().strip()
        for name, passphrase in (("ssh", ""), ("other-ssh", ""), ("locked-ssh", "secret")):
            call("ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", name, "-f",
                 cls.key(name))
        cls.homes = {}
        cls.fingerprints = {}
        for name in ("alice", "mallory", "stranger"):
            home = cls.homes[name] = os.path.join(cls.base, name[0])
            os.mkdir(home, 0o700)
            cls.addClassCleanup(subprocess.run, ["gpgconf", "--homedir", home, "--kill", "all"],
                                check=False)
            if name != "stranger":
                cls.gpg(name, "--passphrase", "", "--quick-generate-key",
                        "%s <%s@example.com>" % (name.title(), name), "future-default",
                        "default", "never")
                listing = cls.gpg(name, "--with-colons", "--list-keys").decode().splitlines()
                cls.fingerprints[name] = [line.split(":")[9] for line in listing
                                          if line.startswith("fpr")][0]
                harness.write(cls.key(name + ".gpg"), cls.gpg(name, "--export"))
                harness.write(cls.key(name + ".asc"), cls.gpg(name, "--armor", "--export"))
        # A stranger has the key, and nobody told whose it is.
        cls.gpg("stranger", "--import", cls.key("alice.gpg"))

    @classmethod
    def gpg(cls, name, *arguments, **options):
        """Runs gpg as one of them."""
        return call("gpg", "--batch", "--no-tty", "--quiet", *arguments,
                    env=harness.environment(GNUPGHOME=cls.homes[name]), **options)

    def setUp(self):
        self.folder = tempfile.mkdtemp(dir=self.base)

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def run_as(self, name, *arguments, **options):
        """Runs the program with the gpg keys of one of them."""
        changes = options.pop("changes", {})
        return harness.run(*arguments, env=harness.environment(
            GNUPGHOME=self.homes[name], **changes), **options)

    def archive(self, *options, **more):
        """Seals the host folder as one that has no keys, unless `name` says who."""
        name = more.pop("name", "alice")
        return self.run_as(name, "archive", self.host, "-o", self.path("b.tar.xz"), *options,
                           **more)

    def sealed(self, *options, **more):
        """The same, which must be well; the path that it told."""
        outcome = self.archive(*options, **more)
        self.assertEqual(outcome.status, 0, str(outcome))
        return outcome.out.splitlines()[0]

    def assert_nothing_made(self, outcome, status, *words):
        self.assertEqual(outcome.status, status, str(outcome))
        for word in words:
            self.assertIn(word, outcome.told)
        self.assertEqual([name for name in os.listdir(self.folder) if "b.tar" in name], [])

    def fake(self, name, script):
        """A program in the place of another; the folder for PATH."""
        folder = self.path("bin")
        path = os.path.join(folder, name)
        harness.write(path, "#!/bin/sh\n" + script)
        os.chmod(path, 0o755)
        return {"PATH": folder + ":" + os.environ["PATH"]}

    def late(self, name, script):
        """One that does what it should at its first call, which tries it, and then `script`."""
        real = shutil.which(name)
        return self.fake(name, 'if ! [ -e "%s" ]; then : >"%s"; exec %s "$@"; fi\n%s\n' % (
            self.path("tried"), self.path("tried"), real, script))


class EncryptionTest(Base):
    """`archive --encrypt-to`, and reading what it made."""

    def recipients(self):
        """How recipients may be named, with who reads and the options for it."""
        team = self.path("team.txt")
        harness.write(team, "# all of us\n%s\n" % self.age_recipient)
        public = harness.content(self.key("ssh.pub")).decode().strip()
        age, ssh = ["--identity", self.key("age")], ["--identity", self.key("ssh")]
        return [
            ([self.age_recipient], "age", age),
            (["age:" + team], "age", age),
            ([public], "age", ssh),
            ([self.key("ssh.pub"), team], "age", ["--identity", self.key("other-age")] + age),
            (["alice@example.com"], "gpg", []),
            (["gpg:0x" + self.fingerprints["alice"]], "gpg", []),
            ([self.fingerprints["alice"][-16:]], "gpg", []),
        ]

    def test_encrypted_bundle_is_the_plain_one_inside(self):
        for recipients, program, identity in self.recipients():
            with self.subTest(recipients):
                options = [one for name in recipients for one in ("--encrypt-to", name)]
                outcome = self.archive(*options)
                self.assertEqual(outcome.status, 0, str(outcome))
                bundle = self.path("b.tar.xz." + program)
                self.assertEqual(outcome.out.splitlines()[0], bundle)
                self.assertIn(harness.sha256(harness.content(bundle)), outcome.out)
                self.assertIn("Encrypted by %s to" % program, outcome.out)
                self.assertIn("stays as it is, in clear", outcome.err)
                self.assertFalse(os.path.exists(self.path("b.tar.xz")))
                self.assertEqual(os.stat(bundle).st_mode & 0o777, 0o600)
                with open(bundle, "rb") as file:
                    if program == "age":
                        inside = call("age", "-d", *[
                            "-i" if one == "--identity" else one for one in identity], stdin=file)
                    else:
                        inside = self.gpg("alice", "--decrypt", stdin=file)
                self.assertEqual(inside, harness.content(self.plain))
                os.unlink(bundle)

    def assert_reads(self, bundle, identity):
        """Every command reads it as it reads the plain one."""
        for command in (["list"], ["grep", "-c", "a1b"]):
            outcome = self.run_as("alice", *command, bundle, *identity)
            self.assertEqual((outcome.status, outcome.err), (0, ""), str(outcome))
            self.assertEqual(sorted(outcome.out.splitlines()),
                             sorted(harness.run(*command, self.plain).out.splitlines()))
        for name in ("manifest.json", "logs/syslog/messages"):
            outcome = self.run_as("alice", "cat", bundle, name, *identity)
            self.assertEqual((outcome.status, outcome.err), (0, ""), str(outcome))
            self.assertEqual(outcome.out_bytes, harness.content(os.path.join(self.host, name)))
        target = self.path("out")
        outcome = self.run_as("alice", "extract", bundle, "-C", target, *identity)
        self.assertEqual((outcome.status, outcome.err), (0, ""), str(outcome))
        self.assertEqual(harness.files_below(os.path.join(target, self.top)),
                         harness.files_below(self.host))
        outcome = self.run_as("alice", "extract", bundle, "logs", "-C", self.path("some"),
                              *identity)
        self.assertEqual((outcome.status, outcome.err), (0, ""), str(outcome))
        outcome = self.run_as("alice", "extract", "--salvage", bundle, "-C", self.path("saved"),
                              *identity)
        self.assertEqual((outcome.status, outcome.err), (0, ""), str(outcome))
        outcome = self.run_as("alice", "verify", bundle, *identity)
        self.assertEqual(outcome.status, 0, str(outcome))
        for name in ("out", "some", "saved"):
            shutil.rmtree(self.path(name))

    def test_every_command_reads_them_whatever_their_names(self):
        identity = ["--identity", self.key("age")]
        age = self.sealed("--encrypt-to", self.age_recipient)
        self.assert_reads(age, identity)
        gpg = self.sealed("--encrypt-to", "alice@example.com")
        self.assert_reads(gpg, [])
        for path, options in ((age, identity), (gpg, [])):
            renamed = self.path("renamed.bin")
            shutil.copyfile(path, renamed)
            outcome = self.run_as("alice", "verify", renamed, *options)
            self.assertEqual(outcome.status, 0, str(outcome))

    def test_what_these_programs_made_of_any_bundle_is_read(self):
        armored = self.path("a.txt")
        call("age", "-a", "-r", self.age_recipient, "-o", armored, self.plain)
        self.assert_reads(armored, ["--identity", self.key("age")])
        self.gpg("alice", "--armor", "-r", "alice@example.com", "-o", self.path("g.txt"), "-e",
                 self.plain)
        self.assert_reads(self.path("g.txt"), [])
        text = self.path("text.age")
        call("age", "-r", self.age_recipient, "-o", text, self.key("ssh.pub"))
        outcome = harness.run("list", text, "--identity", self.key("age"))
        self.assertEqual(outcome.status, FAILED, str(outcome))

    def test_other_compressions(self):
        for format in ("zstd", "none"):
            bundle = self.sealed("--compression", format, "--encrypt-to", self.age_recipient)
            outcome = harness.run("verify", bundle, "--identity", self.key("age"))
            self.assertEqual(outcome.status, 0, str(outcome))

    def test_zip_is_encrypted_for_other_programs(self):
        zipped = self.path("b.zip")
        outcome = harness.run("archive", self.host, "-o", zipped, "--encrypt-to",
                              self.age_recipient)
        self.assertEqual(outcome.status, 0, str(outcome))
        self.assertFalse(os.path.exists(zipped))
        call("age", "-d", "-i", self.key("age"), "-o", zipped, zipped + ".age")
        self.assertEqual(harness.run("verify", zipped).status, 0)
        outcome = harness.run("list", zipped + ".age", "--identity", self.key("age"))
        self.assertNotEqual(outcome.status, 0)
        self.assertIn("decrypt it first", outcome.told)

    def commands(self, bundle):
        return (("list", bundle), ("cat", bundle, "summary.txt"), ("grep", "x", bundle),
                ("extract", bundle, "-C", self.path("out")),
                ("extract", "--salvage", bundle, "-C", self.path("out")), ("verify", bundle))

    def test_volumes_of_an_encrypted_bundle(self):
        # Noise, so that there are several volumes of the least size.
        root = harness.fixture_root(self.path("root"))
        source = random.Random(4)
        for log in ("messages", "user.log"):
            harness.write(os.path.join(root, "var/log", log), "".join(
                "%0192x\n" % source.getrandbits(768) for _ in range(12000)))
        outcome = harness.run("collect", "--output", self.path("logs"), "--root", root, "--only",
                              "logs,system")
        self.assertIn(outcome.status, (0, PARTIAL), str(outcome))
        host = harness.host_folder(self.path("logs"))
        identity = ["--identity", self.key("age")]
        for recipient, suffix, options in (
                (self.age_recipient, ".age", identity), ("alice@example.com", ".gpg", [])):
            with self.subTest(suffix):
                whole = self.path("v.tar.xz")
                outcome = self.run_as(
                    "alice", "archive", host, "-o", whole, "--split", "1M", "--encrypt-to",
                    recipient, "--sign", self.key("ssh"), "--json")
                self.assertEqual(outcome.status, 0, str(outcome))
                told = json.loads(outcome.out)
                whole += suffix
                volumes = [one["path"] for one in told["volumes"]]
                self.assertGreater(len(volumes), 1)
                self.assertEqual(volumes, ["%s.%03d" % (whole, number + 1)
                                           for number in range(len(volumes))])
                self.assertEqual(told["signature"], whole + ".sig")
                self.assertEqual(told["encryption"],
                                 {"program": suffix[1:], "recipients": [recipient]})
                joined = b"".join(harness.content(path) for path in volumes)
                self.assertEqual(hashlib.sha256(joined).hexdigest(), told["sha256"])
                signers = self.path("signers")
                harness.write(signers, "ssh@example.com %s" % harness.content(
                    self.key("ssh.pub")).decode())
                for name in (whole, volumes[1]):
                    outcome = self.run_as("alice", "verify", name, "--signers", signers, *options)
                    self.assertEqual(outcome.status, 0, str(outcome))
                    self.assertIn("Signed by ssh@example.com", outcome.out)
                # The same file joined, with the same signature.
                harness.write(whole, joined)
                outcome = self.run_as("alice", "verify", whole, "--signers", signers, *options)
                self.assertEqual(outcome.status, 0, str(outcome))
                os.remove(whole)
                os.rename(volumes[0], self.path("elsewhere"))
                outcome = self.run_as("alice", "verify", whole, *options)
                self.assertEqual(outcome.status, FAILED, str(outcome))
                self.assertIn("volume 1 of the set is missing", outcome.out + outcome.told)
                os.rename(self.path("elsewhere"), volumes[0])
                os.remove(volumes[-1])
                outcome = self.run_as("alice", "verify", whole, *options)
                self.assertEqual(outcome.status, FAILED, str(outcome))

    def collect(self, *options, status=(0, PARTIAL)):
        """A run with the keys of alice; its outcome, and the names in the output."""
        output = self.path("out")
        shutil.rmtree(output, ignore_errors=True)
        outcome = self.run_as(
            "alice", "collect", "--output", output, "--root", os.path.join(self.base, "root"),
            "--only", "logs,system", *options)
        self.assertIn(outcome.status, status, str(outcome))
        return outcome, sorted(os.listdir(output)) if os.path.isdir(output) else []

    def test_collect_encrypts_and_signs(self):
        identity = ["--identity", self.key("age")]
        signers = self.path("signers")
        harness.write(signers, "ssh@example.com %s" % harness.content(
            self.key("ssh.pub")).decode())
        for recipient, suffix, keys in (
                (self.age_recipient, ".age", identity), ("alice@example.com", ".gpg", [])):
            for only in (False, True):
                with self.subTest((suffix, only)):
                    outcome, names = self.collect(
                        "--encrypt-to", recipient, "--sign", self.key("ssh"),
                        *(["--archive-only"] if only else []))
                    bundles = [name for name in names if name.endswith(".tar.xz" + suffix)]
                    self.assertEqual(len(bundles), 1, names)
                    self.assertEqual(
                        sorted(names), sorted(bundles + [bundles[0] + ".sig"] + (
                            [] if only else [self.top])))
                    self.assertEqual("in clear" in outcome.err, not only, str(outcome))
                    self.assertIn("Encrypted by", outcome.out)
                    verified = self.run_as(
                        "alice", "verify", self.path("out", bundles[0]), "--signers", signers,
                        *keys)
                    self.assertEqual(verified.status, 0, str(verified))

    def test_collect_with_volumes_and_a_configuration(self):
        config = self.path("config.yaml")
        harness.write(config, "encrypt-to: [%s]\nsplit: 1M\nsign: %s\n" % (
            self.age_recipient, os.path.relpath(self.key("ssh"), self.folder)))
        output = self.path("out")
        outcome = self.run_as(
            "alice", "collect", "--output", output, "--root", os.path.join(self.base, "root"),
            "--only", "logs,system", "--config", config, "--progress", "json", "--archive-only",
            cwd=self.folder)
        self.assertIn(outcome.status, (0, PARTIAL), str(outcome))
        result = [event for event in map(json.loads, outcome.err.splitlines())
                  if "result" in event][-1]["result"]
        volumes = [one["path"] for one in result["volumes"]]
        self.assertEqual(outcome.out.splitlines(), volumes)
        self.assertEqual(sorted(os.listdir(output)), sorted(
            [os.path.basename(path) for path in volumes + [result["signaturePath"]]]))
        self.assertEqual(result["encryption"],
                         {"program": "age", "recipients": [self.age_recipient]})
        joined = b"".join(harness.content(path) for path in volumes)
        self.assertEqual(hashlib.sha256(joined).hexdigest(), result["bundleSHA256"])
        verified = harness.run("verify", volumes[0], "--identity", self.key("age"))
        self.assertEqual(verified.status, 0, str(verified))

    def test_collect_begins_nothing_for_keys_that_cannot_be_used(self):
        for options, status in (
                (["--encrypt-to", "nobody@example.com"], USAGE),
                (["--encrypt-to", "age1nonsense"], USAGE),
                (["--sign", self.key("locked-ssh")], USAGE),
                (["--sign", self.key("none")], UNAVAILABLE)):
            with self.subTest(options):
                _, names = self.collect(*options, status=(status,))
                self.assertEqual(names, [])

    def test_a_key_that_does_not_open_it(self):
        bundle = self.sealed("--encrypt-to", self.age_recipient)
        os.mkdir(self.path("folder"))
        for identity, status, word in (
                ([], USAGE, "--identity FILE"),
                (["--identity", self.key("other-age")], NOT_PERMITTED, "no key at hand opens it"),
                (["--identity", self.key("other-ssh")], NOT_PERMITTED, "no key at hand opens it"),
                (["--identity", self.key("none")], UNAVAILABLE, self.key("none")),
                (["--identity", self.path("folder")], USAGE, "a directory")):
            for command in self.commands(bundle):
                with self.subTest((command[0], identity)):
                    outcome = harness.run(*command, *identity)
                    self.assertEqual((outcome.status, outcome.out), (status, ""), str(outcome))
                    self.assertIn(word, outcome.told)
        bundle = self.sealed("--encrypt-to", "alice@example.com")
        for command in self.commands(bundle):
            with self.subTest(command[0]):
                outcome = self.run_as("mallory", *command)
                self.assertEqual((outcome.status, outcome.out), (NOT_PERMITTED, ""), str(outcome))
                self.assertIn("No secret key", outcome.told)
        self.assertEqual(harness.files_below(self.folder),
                         ["b.tar.xz.age", "b.tar.xz.gpg"])

    def assert_damage_is_told(self, data, identity, is_in_the_head):
        """No command takes `data` for whole, and extract leaves no file."""
        damaged, target = self.path("damaged"), self.path("out")
        harness.write(damaged, data)
        shutil.rmtree(target, ignore_errors=True)
        outcome = self.run_as("alice", "extract", damaged, "-C", target, *identity)
        if outcome.status == 0 and is_in_the_head:
            # What the program does not look at, such as the count of bits of a number.
            self.assertEqual(harness.files_below(os.path.join(target, self.top)),
                             harness.files_below(self.host))
            return
        codes = (FAILED, NOT_PERMITTED) if is_in_the_head else (FAILED,)
        self.assertIn(outcome.status, codes, str(outcome))
        self.assertIn(damaged, outcome.told)
        if os.path.exists(target):
            self.assertEqual(harness.files_below(target), [], str(outcome))
        for command in (("verify", damaged), ("cat", damaged, "logs/syslog/messages"),
                        ("list", damaged)):
            outcome = self.run_as("alice", *command, *identity)
            self.assertIn(outcome.status, codes, str(outcome))
        outcome = self.run_as("alice", "grep", "no such thing", damaged, *identity)
        self.assertIn(outcome.status, (INPUT_OUTPUT, NOT_PERMITTED), str(outcome))

    def test_altered_and_cut_bundles_are_told_and_leave_no_file(self):
        for recipient, identity in ((self.age_recipient, ["--identity", self.key("age")]),
                                    ("alice@example.com", [])):
            data = harness.content(self.sealed("--encrypt-to", recipient))
            head = 400
            for position in (0, 5, 30, 100, head, len(data) // 3, len(data) * 2 // 3,
                             len(data) - 30, len(data) - 1):
                with self.subTest((recipient, "flip", position)):
                    self.assert_damage_is_told(
                        data[:position] + bytes([data[position] ^ 0x11]) + data[position + 1:],
                        identity, position <= head)
            lengths = [1, 22, 100, len(data) // 2, len(data) - 17, len(data) - 1]
            if identity:
                # The end of a chunk of age, behind its head and 16 bytes: all that is there is right.
                start = data.index(b"\n", data.index(b"\n--- ") + 1) + 17
                lengths.append(start + 65552 * ((len(data) - start) // 65552))
            for length in lengths:
                with self.subTest((recipient, "cut", length)):
                    self.assert_damage_is_told(data[:length], identity, length <= head)
            with self.subTest((recipient, "more")):
                self.assert_damage_is_told(data + b"more", identity, False)

    def test_salvage_of_one_that_was_cut(self):
        data = harness.content(self.sealed("--encrypt-to", self.age_recipient))
        harness.write(self.path("cut"), data[:len(data) * 3 // 4])
        outcome = harness.run("extract", "--salvage", self.path("cut"), "-C", self.path("out"),
                              "--identity", self.key("age"))
        self.assertEqual(outcome.status, PARTIAL, str(outcome))
        names = harness.files_below(self.path("out", self.top))
        self.assertTrue(names)
        for name in names:
            self.assertEqual(harness.content(self.path("out", self.top, name)),
                             harness.content(os.path.join(self.host, name)), name)

    def test_large_one_is_said_to_be_slow(self):
        path = self.path("large.tar")
        with tarfile.open(path, "w") as archive:
            member = tarfile.TarInfo("top/a")
            member.size = 65 << 20
            with open("/dev/zero", "rb") as zeros:
                archive.addfile(member, zeros)
        call("age", "-r", self.age_recipient, "-o", self.path("large.age"), path)
        outcome = harness.run("list", self.path("large.age"), "--identity", self.key("age"))
        self.assertEqual(outcome.status, 0, str(outcome))
        self.assertEqual(outcome.told.count("is encrypted with age: it is read from start to end"),
                         1)

    def test_recipients_that_cannot_be_used(self):
        call("ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-f", self.path("ecdsa"))
        harness.write(self.path("nobody.txt"), "# nobody\n")
        for recipients, word in (
                (["alice"], "fingerprint"), (["B66185E5"], "can be forged"),
                (["age1foo"], "age1foo"), (["keys/none.txt"], "no such file"),
                ([harness.content(self.path("ecdsa.pub")).decode().strip()], "ecdsa"),
                ([self.path("nobody.txt")], "nobody.txt"), (["bob@example.com"], "import"),
                (["0" * 40], "import"), ([""], "empty"),
                ([self.age_recipient, "alice@example.com"], "one program")):
            with self.subTest(recipients):
                outcome = self.archive(*[one for name in recipients
                                         for one in ("--encrypt-to", name)])
                self.assert_nothing_made(outcome, USAGE, word)

    def test_gpg_key_that_nobody_vouches_for_is_taken_by_its_fingerprint_alone(self):
        fingerprint = self.fingerprints["alice"]
        for name in ("alice@example.com", fingerprint[-16:]):
            outcome = self.archive("--encrypt-to", name, name="stranger")
            self.assert_nothing_made(outcome, USAGE, "--lsign-key " + fingerprint)
        bundle = self.sealed("--encrypt-to", fingerprint, name="stranger")
        self.assertEqual(self.run_as("alice", "verify", bundle).status, 0)

    def test_without_the_program(self):
        age = self.sealed("--encrypt-to", self.age_recipient)
        gpg = self.sealed("--encrypt-to", "alice@example.com")
        empty = {"PATH": self.path("empty")}
        os.mkdir(self.path("empty"))
        for bundle, program in ((age, "age"), (gpg, "gpg")):
            for command in self.commands(bundle):
                outcome = self.run_as("alice", *command, "--identity", self.key("age"),
                                      changes=empty)
                self.assertEqual(outcome.status, UNAVAILABLE, str(outcome))
                self.assertIn("start %s: it is not installed" % program, outcome.told)
            os.unlink(bundle)
        for options in (("--encrypt-to", self.age_recipient),
                        ("--encrypt-to", "alice@example.com"), ("--sign", self.key("ssh")),
                        ("--sign", "alice@example.com")):
            self.assert_nothing_made(self.archive(*options, changes=empty), UNAVAILABLE,
                                     "not installed")

    def test_program_that_ends_in_the_middle_leaves_nothing(self):
        head = "printf 'age-encryption.org/v1\\nhalf'"
        for script, word in (("head -c 1000 >/dev/null; %s; kill -9 $$" % head, "signal 9"),
                             ("%s; echo 'age: error: out of luck' >&2; exit 1" % head,
                              "out of luck"),
                             ("cat >/dev/null; %s; exit 3" % head, "exit code 3"),
                             ("exit 0", "exit code 0")):
            with self.subTest(script):
                changes = self.late("age", script)
                outcome = self.archive("--encrypt-to", self.age_recipient, changes=changes)
                self.assert_nothing_made(outcome, INPUT_OUTPUT, word)
                os.unlink(self.path("tried"))

    def test_full_disk_leaves_nothing(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (300000, 300000))
        for recipient in (self.age_recipient, "alice@example.com"):
            outcome = self.archive("--encrypt-to", recipient, before=limit)
            self.assert_nothing_made(outcome, INPUT_OUTPUT, "b.tar.xz")

    @harness.in_namespace()
    def test_full_file_system_leaves_nothing(self):
        harness.mount("tmpfs", self.folder, "tmpfs", 0, "size=300k")
        outcome = self.archive("--encrypt-to", self.age_recipient)
        self.assert_nothing_made(outcome, INPUT_OUTPUT, "No space left on device")

    def test_killed_in_the_middle_leaves_no_bundle_and_nothing_in_clear(self):
        changes = self.late(
            "age", "echo $$ >%s; printf 'age-encryption.org/v1\\nhalf'; exec sleep 615"
            % self.path("running"))
        process = harness.start(
            "archive", self.host, "-o", self.path("b.tar.xz"), "--encrypt-to",
            self.age_recipient, env=harness.environment(**changes))
        partial = self.path(".b.tar.xz.age.partial")
        harness.wait_until(lambda: os.path.exists(partial) and os.path.getsize(partial) > 20,
                           what="a part of the bundle")
        number = int(harness.content(self.path("running")))
        self.assertEqual(harness.content(partial), b"age-encryption.org/v1\nhalf")
        process.send_signal(signal.SIGKILL)
        harness.finish(process)
        self.assertEqual([name for name in os.listdir(self.folder) if "b.tar" in name],
                         [".b.tar.xz.age.partial"])
        self.assertEqual(harness.content(partial), b"age-encryption.org/v1\nhalf")
        harness.wait_until(lambda: harness.command_line(number) == "", what="its end")
        # The next one takes it away.
        bundle = self.sealed("--encrypt-to", self.age_recipient)
        self.assertEqual([name for name in os.listdir(self.folder) if "b.tar" in name],
                         [os.path.basename(bundle)])

    def test_name_that_is_there_is_not_doubled(self):
        outcome = self.run_as("alice", "archive", self.host, "-o", self.path("b.age"),
                              "--encrypt-to", self.age_recipient)
        self.assertEqual(outcome.out.splitlines()[0], self.path("b.age"), str(outcome))
        os.mkdir(self.path("b.tar.xz.age"))
        outcome = self.archive("--encrypt-to", self.age_recipient)
        self.assertEqual(outcome.status, harness.CANNOT_CREATE, str(outcome))


class SigningTest(Base):
    """`archive --sign` and `verify --signers`."""

    def signers(self, *names, **options):
        """An allowed_signers file of those who have these keys."""
        path = self.path("signers")
        with open(path, "w", encoding="utf-8") as file:
            for name in names:
                file.write("%s@example.com,%s %s%s" % (
                    name, name, options.get("words", ""),
                    harness.content(self.key(name + ".pub")).decode()))
        return path

    def test_signature_of_an_ssh_key(self):
        for more in ([], ["--encrypt-to", self.age_recipient]):
            identity = ["--identity", self.key("age")] if more else []
            outcome = self.archive("--sign", self.key("ssh"), *more)
            self.assertEqual(outcome.status, 0, str(outcome))
            bundle = outcome.out.splitlines()[0]
            signature = bundle + ".sig"
            self.assertIn("Signature %s\n" % signature, outcome.out)
            signers = self.signers("other-ssh", "ssh")
            with open(bundle, "rb") as file:
                call("ssh-keygen", "-Y", "verify", "-f", signers, "-I", "ssh@example.com", "-n",
                     "diagbundle", "-s", signature, stdin=file)
            outcome = harness.run("verify", bundle, "--signers", signers, *identity)
            self.assertEqual((outcome.status, outcome.err), (0, ""), str(outcome))
            self.assertIn("Signed by ssh@example.com, ED25519 key SHA256:", outcome.out)
            document = json.loads(harness.run(
                "verify", "--json", bundle, "--signers", signers, *identity).out)
            self.assertEqual((document["isWhole"], document["signature"]["method"],
                              document["signature"]["signer"], document["signature"]["path"]),
                             (True, "ssh", "ssh@example.com", signature))
            document = json.loads(harness.run("verify", "--json", bundle, *identity).out)
            self.assertIsNone(document["signature"])
            self.assert_nobody_else_passes(bundle, identity, signers, self.signers("other-ssh"))

    def assert_nobody_else_passes(self, bundle, identity, signers, others):
        """A wrong signer, altered bytes and no signature are differences."""
        def differs(signers, word):
            outcome = harness.run("verify", bundle, "--signers", signers, *identity)
            self.assertEqual(outcome.status, FAILED, str(outcome))
            self.assertIn("signature: ", outcome.out)
            self.assertIn(word, outcome.out)
            self.assertNotIn("Signed by", outcome.out)
        copy = self.path("others")
        shutil.copyfile(others, copy)
        suffix = ".asc" if os.path.exists(bundle + ".asc") else ".sig"
        if suffix == ".sig":
            signers = self.signers("ssh")
        differs(copy, "nobody in " + copy)
        data = harness.content(bundle)
        for changed in (data + b"x", data[:-1], data[:50] + b"\x55" + data[51:]):
            harness.write(bundle, changed)
            differs(signers, "is not of these bytes")
        harness.write(bundle, data)
        signature = harness.content(bundle + suffix)
        for changed in (b"", b"no signature\n", signature[:100]):
            harness.write(bundle + suffix, changed)
            differs(signers, bundle + suffix)
        os.unlink(bundle + suffix)
        differs(signers, "does not exist")

    def test_signature_of_a_gpg_key(self):
        for key in ("alice@example.com", "gpg:" + self.fingerprints["alice"]):
            outcome = self.archive("--sign", key)
            self.assertEqual(outcome.status, 0, str(outcome))
            bundle = outcome.out.splitlines()[0]
            self.assertIn("Signature %s.asc\n" % bundle, outcome.out)
            call("gpgv", "--keyring", self.key("alice.gpg"), bundle + ".asc", bundle)
            for keyring in (self.key("alice.gpg"),
                            os.path.join(self.homes["alice"], "pubring.kbx")):
                outcome = harness.run("verify", bundle, "--signers", keyring)
                self.assertEqual((outcome.status, outcome.err), (0, ""), str(outcome))
                self.assertIn("Signed by Alice <alice@example.com>, key %s."
                              % self.fingerprints["alice"], outcome.out)
            outcome = harness.run("verify", bundle, "--signers", self.key("alice.asc"))
            self.assertEqual(outcome.status, USAGE, str(outcome))
            self.assertIn("gpg --dearmor", outcome.told)
            self.assert_nobody_else_passes(bundle, [], self.key("alice.gpg"),
                                           self.key("mallory.gpg"))

    def test_signature_for_something_else_is_none(self):
        bundle = self.sealed("--sign", self.key("ssh"))
        signers = self.signers("ssh")
        with open(bundle, "rb") as file:
            harness.write(bundle + ".sig", call(
                "ssh-keygen", "-Y", "sign", "-f", self.key("ssh"), "-n", "file", stdin=file))
        outcome = harness.run("verify", bundle, "--signers", signers)
        self.assertEqual(outcome.status, FAILED, str(outcome))
        bundle = self.sealed("--sign", self.key("ssh"))
        signers = self.signers("ssh", words='namespaces="file" ')
        outcome = harness.run("verify", bundle, "--signers", signers)
        self.assertEqual(outcome.status, FAILED, str(outcome))

    def test_new_signature_takes_the_place_of_the_old(self):
        bundle = self.sealed("--sign", self.key("other-ssh"))
        self.assertEqual(bundle, self.sealed("--sign", "ssh:" + self.key("ssh")))
        outcome = harness.run("verify", bundle, "--signers", self.signers("ssh"))
        self.assertEqual(outcome.status, 0, str(outcome))

    def test_keys_that_do_not_sign(self):
        for key, status, word in (
                (self.key("locked-ssh"), USAGE, "passphrase"), (self.key("age"), USAGE, ""),
                (self.key("none"), UNAVAILABLE, self.key("none")),
                (self.folder, USAGE, "a directory"), ("bob@example.com", USAGE, "No secret key"),
                ("nobody", USAGE, "fingerprint"), ("B66185E5", USAGE, "fingerprint")):
            with self.subTest(key):
                self.assert_nothing_made(self.archive("--sign", key), status, word)

    def test_key_that_fails_in_the_end_leaves_nothing(self):
        changes = self.late("ssh-keygen", "cat >/dev/null; echo 'no agent' >&2; exit 1")
        outcome = self.archive("--sign", self.key("ssh"), changes=changes)
        self.assert_nothing_made(outcome, INPUT_OUTPUT, "sign ", "no agent")

    def test_bundle_that_somebody_changes_before_it_is_signed(self):
        # It is found in the place where only the one who seals should write.
        partial = self.path(".b.tar.xz.age.partial")
        changes = self.late("age", "printf 'age-encryption.org/v1\\nx'; cat >/dev/null\n"
                            "while [ \"$(wc -c <%s)\" -lt 23 ]; do sleep 0.1; done\n"
                            "printf y >>%s" % (partial, partial))
        outcome = self.archive("--encrypt-to", self.age_recipient, "--sign", self.key("ssh"),
                               changes=changes)
        self.assert_nothing_made(outcome, INPUT_OUTPUT, "somebody changed it")

    def test_signers_that_cannot_be_read(self):
        bundle = self.sealed("--sign", self.key("ssh"))
        for path, status in ((self.path("none"), UNAVAILABLE), (self.folder, USAGE)):
            outcome = harness.run("verify", bundle, "--signers", path)
            self.assertEqual((outcome.status, outcome.out), (status, ""), str(outcome))
        outcome = harness.run("verify", self.host, "--signers", self.signers("ssh"))
        self.assertEqual(outcome.status, USAGE, str(outcome))
        harness.write(self.path("empty"), "")
        outcome = harness.run("verify", bundle, "--signers", self.path("empty"))
        self.assertEqual(outcome.status, FAILED, str(outcome))


if __name__ == "__main__":
    unittest.main()
