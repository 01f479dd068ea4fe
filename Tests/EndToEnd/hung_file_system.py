#!/usr/bin/env python3
"""A FUSE file system that answers the first request of the kernel and none after it.

    hung_file_system.py MOUNTPOINT...

Mounts one such file system on each folder, prints `ready`, and reads requests until it is killed.
What touches a mount then waits in the kernel, even through SIGKILL, until this process ends: that
closes the connection, and every waiter gets an error. Source: linux/fuse.h, protocol 7.31.
"""

import os
import select
import signal
import struct
import subprocess
import sys

import harness

FUSE_INIT = 26


def answer_init(descriptor):
    """Reads FUSE_INIT and answers it."""
    request = os.read(descriptor, 1 << 18)
    _, operation, unique, _, _, _, _, _ = struct.unpack_from("<IIQQIIII", request)
    if operation != FUSE_INIT:
        raise SystemExit("the first request is %d, not FUSE_INIT" % operation)
    # struct fuse_init_out: version, read-ahead, flags, queue lengths, largest write, time grain.
    body = struct.pack("<IIIIHHIIHHI28x", 7, 31, 65536, 0, 64, 48, 65536, 1, 1, 0, 0)
    os.write(descriptor, struct.pack("<IiQ", 16 + len(body), 0, unique) + body)


def serve(mount_points):
    """Mounts and then never answers again."""
    poll = select.poll()
    for mount_point in mount_points:
        descriptor = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
        harness.mount("hung", mount_point, "fuse.hung", 0,
                      "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other" % descriptor)
        answer_init(descriptor)
        poll.register(descriptor, select.POLLIN)
    print("ready", flush=True)
    while True:
        for descriptor, _ in poll.poll():
            try:
                # Read, so that it counts as sent: from here on not even SIGKILL frees the waiter.
                os.read(descriptor, 1 << 18)
            except OSError:
                poll.unregister(descriptor)


class HungFileSystem:
    """Mounts that hang, for tests inside a mount namespace; `close` frees all that wait."""

    def __init__(self, *mount_points):
        self.mount_points = mount_points
        for mount_point in mount_points:
            os.makedirs(mount_point, exist_ok=True)
        self.process = subprocess.Popen(
            [sys.executable, os.path.abspath(__file__)] + list(mount_points),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            preexec_fn=harness.die_with_parent)
        line = self.process.stdout.readline()
        if line != b"ready\n":
            self.close()
            raise OSError("the hung file system did not start")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def abort(self, control):
        """Ends the connections through fusectl, mounted on the folder `control`."""
        os.makedirs(control, exist_ok=True)
        harness.mount("none", control, "fusectl")
        try:
            for mount_point in self.mount_points:
                with open("/proc/self/mountinfo") as file:
                    numbers = [line.split()[2] for line in file
                               if line.split()[4] == mount_point]
                minor = numbers[-1].split(":")[1]
                with open(os.path.join(control, minor, "abort"), "w") as file:
                    file.write("1")
        finally:
            harness.unmount(control)

    def close(self):
        """Kills the server, which aborts the connections, and takes the mounts away."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()
        for mount_point in self.mount_points:
            try:
                harness.unmount(mount_point)
            except OSError:
                pass


if __name__ == "__main__":
    serve(sys.argv[1:])
