"""Writes an initial RAM file system: cpio in the "newc" form, which the kernel unpacks."""

import os
import stat


class Archive:
    """One cpio archive, written from first member to last. Parent folders come by themselves."""

    def __init__(self, path):
        self._file = open(path, "wb")
        self._names = set()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._write("TRAILER!!!", 0, b"")
        self._file.close()

    def folder(self, name):
        """Adds a folder and what is above it."""
        parts = name.strip("/").split("/")
        for length in range(1, len(parts) + 1):
            self._write("/".join(parts[:length]), stat.S_IFDIR | 0o755, b"")

    def file(self, name, content, mode=0o644):
        """Adds a file with these bytes."""
        self._parent(name)
        self._write(name.strip("/"), stat.S_IFREG | mode, content)

    def copy(self, source, name=None):
        """Adds a file of this machine, links followed, under its own or another name."""
        with open(source, "rb") as data:
            self.file(name or source, data.read(), os.stat(source).st_mode & 0o777)

    def link(self, name, target):
        """Adds a symbolic link."""
        self._parent(name)
        self._write(name.strip("/"), stat.S_IFLNK | 0o777, target.encode())

    def _parent(self, name):
        above = os.path.dirname(name.strip("/"))
        if above:
            self.folder(above)

    def _write(self, name, mode, content):
        if name in self._names:
            return
        self._names.add(name)
        encoded = name.encode() + b"\0"
        numbers = [len(self._names), mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(encoded), 0]
        self._file.write(b"070701" + b"".join(b"%08X" % number for number in numbers) + encoded)
        self._file.write(b"\0" * (-(110 + len(encoded)) % 4))
        self._file.write(content)
        self._file.write(b"\0" * (-len(content) % 4))
