"""A process that hangs in exec(2), where the kernel holds the lock for which files of its /proc
folder wait: a FUSE file system that answers all but the flush of a file that exec closes."""

import os
import select
import struct
import subprocess
import sys
import threading

import harness

INIT, LOOKUP, GETATTR, OPEN, FLUSH = 26, 1, 3, 14, 25
ROOT, FILE = 1, 2
NO_SUCH_CALL = 38  # ENOSYS

# Opens the file so that exec closes it, and then runs another program in its place.
HOLDER = """#!%s
import os
os.open(%r, os.O_RDONLY | os.O_CLOEXEC)
os.execv("/bin/true", ["true"])
"""


def _attributes(node):
    """struct fuse_attr: the root is a folder, all else a file of 100 bytes."""
    mode = 0o040755 if node == ROOT else 0o100644
    return struct.pack("<QQQQQQIIIIIIIIII", node, 0, 0, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)


def _answer(operation, node):
    """The body of an answer; None for none at all."""
    if operation == INIT:
        return struct.pack("<IIIIHHIIHHI28x", 7, 31, 65536, 0, 64, 48, 65536, 1, 1, 0, 0)
    if operation == LOOKUP:
        return struct.pack("<QQQQII", FILE, 0, 100, 100, 0, 0) + _attributes(FILE)
    if operation == GETATTR:
        return struct.pack("<QII", 100, 0, 0) + _attributes(node)
    if operation == OPEN:
        return struct.pack("<QII", 1, 0, 0)
    return None


class HungExec:
    """The mount, inside a mount namespace; `close` frees what hangs on it."""

    def __init__(self, mount_point):
        self.file = os.path.join(mount_point, "file")
        os.makedirs(mount_point, exist_ok=True)
        self._descriptor = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
        harness.mount("hung", mount_point, "fuse.hung", 0,
                      "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other" % self._descriptor)
        self.reached = threading.Event()
        self._is_over = False
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def write_holder(self, path):
        """Writes a program that hangs in exec."""
        with open(path, "w", encoding="utf-8") as file:
            file.write(HOLDER % (sys.executable, self.file))
        os.chmod(path, 0o755)

    def start(self, path):
        """Starts such a program, and returns when it hangs."""
        self.write_holder(path)
        process = subprocess.Popen([path], stdin=subprocess.DEVNULL)
        if not self.reached.wait(60):
            raise AssertionError("the process has not come to its exec")
        return process

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._is_over = True
        self._thread.join()
        os.close(self._descriptor)

    def _serve(self):
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        while not self._is_over:
            if not poll.poll(100):
                continue
            try:
                request = os.read(self._descriptor, 1 << 18)
            except OSError:
                return
            _, operation, unique, node = struct.unpack_from("<IIQQ", request)
            if operation == FLUSH:
                self.reached.set()
                continue
            body = _answer(operation, node)
            head = struct.pack("<IiQ", 16 + len(body or b""), 0 if body else -NO_SUCH_CALL, unique)
            os.write(self._descriptor, head + (body or b""))
