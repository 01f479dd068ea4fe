"""What the end-to-end tests share: running the program, reading what it made, private mounts.

Nothing here changes the machine's own mount table: what mounts, does it in a child process with a
mount namespace of its own (see ``in_namespace``). Only processes started here are ever killed.
"""

import ctypes
import datetime
import errno
import fcntl
import functools
import glob
import hashlib
import json
import os
import pty
import select
import shutil
import signal
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
import traceback
import unittest

BINARY = os.path.abspath(os.environ.get("DIAGBUNDLE", "diagbundle"))
# The collectors that are the program's own code, but for the live dump.
COLLECTORS = ["storage", "system", "boot", "logs"]
ONLY_CODE = ("--only", ",".join(COLLECTORS))
# Generous: the machine may be busy. It bounds a run that hangs, not one that is slow.
PATIENCE = 180

COMPLETE, FAILED, PARTIAL = 0, 1, 3
USAGE, UNAVAILABLE, CANNOT_CREATE, INPUT_OUTPUT = 64, 69, 73, 74
REFUSED, NOT_PERMITTED, INTERRUPTED = 75, 77, 130

CLONE_NEWNS, CLONE_NEWPID = 0x00020000, 0x20000000
MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 32, 4096, 16384, 1 << 18
MNT_DETACH = 2
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36

libc = ctypes.CDLL(None, use_errno=True)


def call(name, *arguments):
    """Calls a function of libc; raises OSError with its name when it fails."""
    result = getattr(libc, name)(*arguments)
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, "%s: %s" % (name, os.strerror(number)))
    return result


# That of the machine, in which nothing is ever mounted: what a test removes below a mount is gone.
# Processes that a test starts are told of it.
OUTER_NAMESPACE = os.environ.setdefault(
    "DIAGBUNDLE_TEST_NAMESPACE", os.readlink("/proc/self/ns/mnt"))


def mount(source, target, kind, flags=0, options=None):
    """mount(2), in a namespace of its own only."""
    if os.readlink("/proc/self/ns/mnt") == OUTER_NAMESPACE:
        raise RuntimeError("mount %s: only in_namespace()" % target)
    encode = lambda text: None if text is None else os.fsencode(text)
    call("mount", encode(source), encode(target), encode(kind), ctypes.c_ulong(flags),
         encode(options))


def unmount(target, flags=MNT_DETACH):
    """umount2(2), at once even when in use."""
    call("umount2", os.fsencode(target), flags)


#: The mounts of whoever started the tests, which no test may change.
MOUNTS_OF_ALL = os.readlink("/proc/self/ns/mnt")


def own_configuration(case):
    """An empty /etc/diagbundle for a test in a mount namespace of its own; its path."""
    if os.readlink("/proc/self/ns/mnt") == MOUNTS_OF_ALL:
        raise AssertionError("this test would change the mounts of the machine")
    place = "/etc/diagbundle"
    if os.path.isdir(place):
        mount("none", place, "tmpfs")
    else:
        copy = case.path("etc-of-the-test")
        os.mkdir(copy)
        for name in ("passwd", "group", "hostname", "os-release"):
            if os.path.exists("/etc/" + name):
                write(os.path.join(copy, name), content("/etc/" + name))
        mount(copy, "/etc", None, MS_BIND)
        os.mkdir(place)
    os.chmod(place, 0o755)
    return place


def die_with_parent():
    """Lets the kernel kill this process when the one that started it ends."""
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


# --- conditions -----------------------------------------------------------------------------

@functools.lru_cache(maxsize=None)
def why_no_namespace():
    """Why private mounts cannot be had here; empty when they can."""
    if os.geteuid() != 0:
        return "needs root"
    child = os.fork()
    if child == 0:
        try:
            call("unshare", CLONE_NEWNS | CLONE_NEWPID)
            mount("none", "/", None, MS_REC | MS_PRIVATE)
            os._exit(0)
        except OSError:
            os._exit(1)
    return "" if os.waitpid(child, 0)[1] == 0 else "no mount namespace can be made here"


@functools.lru_cache(maxsize=None)
def why_no_fuse():
    """Why a FUSE file system cannot be mounted here; empty when it can."""
    reason = why_no_namespace()
    if reason:
        return reason
    try:
        os.close(os.open("/dev/fuse", os.O_RDWR))
    except OSError as error:
        return "/dev/fuse: %s" % error.strerror
    with open("/proc/filesystems") as file:
        return "" if "\tfuse\n" in file.read() else "the kernel has no FUSE"


@functools.lru_cache
def default_collectors():
    """The names of all collectors of the default profile, in the order of the plan."""
    outcome = run("collectors", "list", "--json")
    return [one["name"] for one in json.loads(outcome.out)["collectors"]
            if "default" in one["profiles"]]


def needs_root(function):
    """Skips a test that needs root."""
    return unittest.skipIf(os.geteuid() != 0, "needs root")(function)


def needs_namespace(function):
    """Skips a test that needs private mounts."""
    @functools.wraps(function)
    def wrapper(self):
        if why_no_namespace():
            self.skipTest(why_no_namespace())
        return function(self)
    return wrapper


def needs_fuse(function):
    """Skips a test that needs FUSE."""
    @functools.wraps(function)
    def wrapper(self):
        if why_no_fuse():
            self.skipTest(why_no_fuse())
        return function(self)
    return wrapper


# --- processes ------------------------------------------------------------------------------

def process_table():
    """(id, parent, state, command) of every process that can be seen."""
    table = []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open("/proc/%s/stat" % name, "rb") as file:
                text = file.read()
        except OSError:
            continue
        start, end = text.index(b"("), text.rindex(b")")
        fields = text[end + 2:].split()
        table.append((int(name), int(fields[1]), fields[0].decode(),
                      os.fsdecode(text[start + 1:end])))
    return table


def descendants(ancestor):
    """Ids of the processes below `ancestor`, zombies left out."""
    children = {}
    for identifier, parent, state, _ in process_table():
        if state != "Z":
            children.setdefault(parent, []).append(identifier)
    found, waiting = [], [ancestor]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def command_line(identifier):
    """The arguments of a process, joined; empty when it is gone."""
    try:
        with open("/proc/%d/cmdline" % identifier, "rb") as file:
            return os.fsdecode(file.read().replace(b"\0", b" ").strip())
    except OSError:
        return ""


def kill_tree(identifier):
    """Kills a process that was started here, and all below it."""
    for process in descendants(identifier) + [identifier]:
        try:
            os.kill(process, signal.SIGKILL)
        except ProcessLookupError:
            pass


def wait_until(condition, seconds=30, what="the condition"):
    """Waits for `condition()` to be true and returns its value; fails after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError("%s did not come true within %s s" % (what, seconds))
        time.sleep(0.02)


def become_subreaper():
    """Makes orphans below this process its children, so that none can go unseen."""
    call("prctl", PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def reap_orphans(seconds):
    """Reaps children until none is left; returns the ids of those that stay after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                if time.monotonic() > end:
                    return [one for one in process_table() if one[1] == os.getpid()]
                time.sleep(0.05)
        except ChildProcessError:
            return []


# --- running the program ---------------------------------------------------------------------

class Outcome:
    """How a run ended."""

    def __init__(self, arguments, status, out, err, seconds):
        self.arguments, self.status, self.seconds = arguments, status, seconds
        self.out_bytes, self.err_bytes = out, err
        self.out, self.err = out.decode("utf-8", "replace"), err.decode("utf-8", "replace")

    @property
    def told(self):
        """Standard error in one line, since long errors are folded."""
        return " ".join(self.err.split())

    def __str__(self):
        return "diagbundle %s: exit %s after %.1f s\n--- stdout\n%s\n--- stderr\n%s" % (
            " ".join(map(str, self.arguments)), self.status, self.seconds, self.out[-3000:],
            self.err[-3000:])


def environment(**changes):
    """This process's environment without what changes the program's output; then `changes`."""
    variables = {name: value for name, value in os.environ.items()
                 if name not in ("NO_COLOR", "DIAGBUNDLE", "COLUMNS", "LINES")}
    variables.update(LC_ALL="C.UTF-8", TERM="xterm")
    for name, value in changes.items():
        variables.pop(name, None)
        if value is not None:
            variables[name] = value
    return variables


def start(*arguments, **options):
    """Starts the program; it dies with the test."""
    before = options.pop("before", None)

    def prepare():
        die_with_parent()
        # Whoever starts the tests may ignore these, as nohup and a shell's background do.
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        if before:
            before()
    options.setdefault("env", environment())
    options.setdefault("stdin", subprocess.DEVNULL)
    options.setdefault("stdout", subprocess.PIPE)
    options.setdefault("stderr", subprocess.PIPE)
    binary = options.pop("binary", BINARY)
    return subprocess.Popen([binary] + [str(one) for one in arguments], preexec_fn=prepare,
                            **options)


def finish(process, arguments=(), timeout=PATIENCE, began=None):
    """Waits for a started program; one that does not end is killed, and that is a failure."""
    began = time.monotonic() if began is None else began
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        kill_tree(process.pid)
        out, err = b"", b""
        try:
            out, err = process.communicate(timeout=5)
        except subprocess.TimeoutExpired:
            pass
        raise AssertionError("did not end within %s s: %s\n%s" % (
            timeout, " ".join(map(str, arguments)),
            (out + err).decode("utf-8", "replace")[-3000:]))
    return Outcome(arguments, process.returncode, out or b"", err or b"",
                   time.monotonic() - began)


def run(*arguments, **options):
    """Runs the program to its end."""
    timeout = options.pop("timeout", PATIENCE)
    began = time.monotonic()
    return finish(start(*arguments, **options), arguments, timeout, began)


def binary_for_everybody(folder):
    """A copy of the program that any user may run."""
    os.chmod(folder, 0o755)
    copy = os.path.join(folder, "diagbundle")
    shutil.copyfile(BINARY, copy)
    os.chmod(copy, 0o755)
    return copy


# --- what it made ------------------------------------------------------------------------------

def bundles(output):
    """The bundles below `output`, oldest name first."""
    return sorted(glob.glob(os.path.join(glob.escape(str(output)), "*.tar.xz")))


def bundle(output):
    """The one bundle below `output`."""
    found = bundles(output)
    assert len(found) == 1, "expected one bundle in %s, found %s" % (output, os.listdir(output))
    return found[0]


def host_folder(output):
    """The one host folder below `output`."""
    found = [entry.path for entry in os.scandir(output)
             if entry.is_dir() and not entry.name.startswith(".")]
    assert len(found) == 1, "expected one host folder in %s: %s" % (output, os.listdir(output))
    return found[0]


def read_json(*parts):
    """A JSON document."""
    with open(os.path.join(*parts), encoding="utf-8") as file:
        return json.load(file)


def manifest(output):
    """The manifest in the host folder below `output`."""
    return read_json(host_folder(output), "manifest.json")


def findings(output):
    """The findings in the host folder below `output`."""
    return read_json(host_folder(output), "findings.json")["findings"]


def reports(document):
    """The reports of a manifest by collector."""
    return {report["collector"]: report for report in document["reports"]}


def schema_time(text):
    """Seconds since 1970 of a time in a document."""
    moment = datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ")
    return moment.replace(tzinfo=datetime.timezone.utc).timestamp()


def files_below(folder):
    """Relative paths of all files below a folder, sorted."""
    found = []
    for path, _, names in os.walk(folder):
        found += [os.path.relpath(os.path.join(path, name), folder) for name in names]
    return sorted(found)


def content(path):
    """The bytes of a file."""
    with open(path, "rb") as file:
        return file.read()


def no_files(folder):
    """What a file is not, by its name in the new `folder`, and what each is called."""
    os.makedirs(folder)
    os.mkfifo(os.path.join(folder, "fifo"))
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.join(folder, "socket"))
    os.mkdir(os.path.join(folder, "folder"))
    os.symlink("/dev/null", os.path.join(folder, "null"))
    return {"fifo": "FIFO", "socket": "socket", "folder": "directory", "null": "character device"}


def sha256(data):
    """SHA-256 as hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


@functools.lru_cache(maxsize=None)
@functools.lru_cache(maxsize=None)
def command_tree():
    """The commands of the program, as the parser of its command line describes them."""
    outcome = run("--experimental-dump-help")
    if outcome.status != 0:
        raise AssertionError(str(outcome))
    return json.loads(outcome.out)["command"]


def commands(command, path=()):
    """(words, command) of every command that people are told of, the program itself first."""
    found = [(list(path), command)]
    for below in command.get("subcommands", []):
        if below["shouldDisplay"] and below["commandName"] != "help":
            found += commands(below, path + (below["commandName"],))
    return found


def schema(name):
    """A published schema."""
    outcome = run("schema", name)
    assert outcome.status == 0, str(outcome)
    return json.loads(outcome.out)


def schema_errors(document, name):
    """What of a document is not as its published schema says."""
    import jsonschema
    published = schema(name)
    validator = jsonschema.validators.validator_for(published)
    validator.check_schema(published)
    return ["%s: %s" % ("/".join(map(str, error.absolute_path)), error.message[:300])
            for error in validator(published).iter_errors(document)]


def why_no_jsonschema():
    """Why schemas cannot be checked; empty when they can."""
    try:
        import jsonschema  # noqa: F401
        return ""
    except ImportError:
        return "python3-jsonschema is not installed"


# --- fixtures ----------------------------------------------------------------------------------

def write(path, data):
    """Writes a file and the folders above it."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data if isinstance(data, bytes) else data.encode())


def fixture_root(folder, hostname="fixture-host"):
    """A small tree to be read by --root."""
    root = os.path.join(folder, "root")
    os.makedirs(os.path.join(root, "var/log"))
    for name in ("proc", "sys/block", "etc", "dev", "run", "boot"):
        os.makedirs(os.path.join(root, name))
    write(os.path.join(root, "etc/hostname"), hostname + "\n")
    write(os.path.join(root, "etc/os-release"),
          'NAME="Fixture"\nPRETTY_NAME="Fixture Linux 1"\nID=fixture\n')
    write(os.path.join(root, "proc/1/mountinfo"),
          "25 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw\n")
    write(os.path.join(root, "var/log/syslog"),
          "Nov 21 10:00:00 fixture-host kernel: first line\n")
    return root


# --- the base of the tests -----------------------------------------------------------------------

class Case(unittest.TestCase):
    """A test with a folder of its own that goes when it ends."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="diagbundle-e2e-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.output = os.path.join(self.folder, "logs")

    def path(self, *parts):
        """A path in the test's own folder."""
        return os.path.join(self.folder, *parts)

    def collect(self, *arguments, **options):
        """Runs collect into the test's own output."""
        expected = options.pop("expected", None)
        output = options.pop("output", self.output)
        outcome = run("collect", "--output", output, *arguments, **options)
        if expected is not None:
            self.assertIn(outcome.status,
                          expected if isinstance(expected, tuple) else (expected,), str(outcome))
        return outcome

    def assert_verifies(self, path):
        """The bundle or folder is whole."""
        outcome = run("verify", path)
        self.assertEqual(outcome.status, 0, str(outcome))

    def assert_no_leftovers(self, output, allowed=()):
        """Nothing begun and not ended lies in the output."""
        left = [name for name in os.listdir(output)
                if name.startswith(".") and name not in allowed]
        self.assertEqual(left, [], "left in the output")

    def assert_schema(self, document, name):
        """The document is as its published schema says."""
        self.assertEqual(schema_errors(document, name), [], name)


# --- a child with its own mounts ------------------------------------------------------------------

def in_namespace(timeout=PATIENCE):
    """Lets a test run as the first process of a pid and mount namespace of its own.

    Its mounts are then what /proc/1/mountinfo lists, it is the reaper of all that it starts, and
    the kernel kills all of that when it ends, which is no later than `timeout` seconds on.
    """
    def decorate(function):
        @functools.wraps(function)
        @needs_namespace
        def wrapper(self):
            reading, writing = os.pipe()
            keeper = os.fork()
            if keeper == 0:
                keep_namespace(function, self, reading, writing)
            os.close(writing)
            text = ""
            try:
                text = read_report(reading, timeout)
            finally:
                os.close(reading)
                kill_tree(keeper)
                os.waitpid(keeper, 0)
            if text.startswith("skip:"):
                self.skipTest(text[5:])
            if text != "done":
                raise AssertionError(text or "the test ended without a word")
        return wrapper
    return decorate


def read_report(reading, timeout):
    """What the test in the namespace says, within `timeout` seconds."""
    report, end = b"", time.monotonic() + timeout
    while True:
        left = end - time.monotonic()
        if left <= 0 or not select.select([reading], [], [], left)[0]:
            raise AssertionError("the test did not end within %s s" % timeout)
        part = os.read(reading, 65536)
        if not part:
            return report.decode("utf-8", "replace")
        report += part


def keep_namespace(function, case, reading, writing):
    """Makes the namespaces, runs the test in them, and does not return."""
    try:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.close(reading)
        die_with_parent()
        call("unshare", CLONE_NEWNS | CLONE_NEWPID)
        first = os.fork()
        if first > 0:
            os.close(writing)
            os.waitpid(first, 0)
            os._exit(0)
        die_with_parent()
        mount("none", "/", None, MS_REC | MS_PRIVATE)
        mount("proc", "/proc", "proc")
        report = "done"
        try:
            function(case)
        except unittest.SkipTest as skipped:
            report = "skip:%s" % skipped
        except BaseException:
            report = traceback.format_exc()
        for identifier in descendants(os.getpid()):
            try:
                os.kill(identifier, signal.SIGKILL)
            except ProcessLookupError:
                pass
        os.write(writing, report.encode("utf-8", "replace")[:60000])
    except BaseException:
        os.write(writing, traceback.format_exc().encode()[:60000])
    finally:
        os._exit(0)


# --- a terminal --------------------------------------------------------------------------------

class Terminal:
    """The program on a terminal of its own; all it writes is in `data`."""

    def __init__(self, *arguments, **options):
        columns, rows = options.pop("columns", 80), options.pop("rows", 24)
        self.master, slave = pty.openpty()
        self.resize(columns, rows, tell=False)
        self.data = b""
        self.arguments = arguments

        def prepare():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        self.process = start(*arguments, before=prepare, stdin=slave, stdout=slave, stderr=slave,
                             **options)
        os.close(slave)

    def resize(self, columns, rows, tell=True):
        """Gives the terminal another size; the kernel sends SIGWINCH."""
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read_until(self, condition, seconds=60):
        """Reads until `condition()`, the end, or the time is over; whether the condition came."""
        end = time.monotonic() + seconds
        while not condition():
            left = end - time.monotonic()
            if left <= 0:
                return False
            if not select.select([self.master], [], [], min(left, 0.1))[0]:
                continue
            try:
                part = os.read(self.master, 65536)
            except OSError as error:
                if error.errno == errno.EIO:
                    return condition()
                raise
            if not part:
                return condition()
            self.data += part
        return True

    def end(self, seconds=PATIENCE):
        """Reads to the end of the program; returns its exit code."""
        self.read_until(lambda: False, seconds)
        try:
            return self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            raise AssertionError("did not end within %s s: %s\n%r" % (
                seconds, self.arguments, self.data[-2000:]))
        finally:
            self.close()

    def close(self):
        """Kills what is left and closes the terminal."""
        if self.process.poll() is None:
            kill_tree(self.process.pid)
            self.process.wait()
        if self.master >= 0:
            os.close(self.master)
            self.master = -1
