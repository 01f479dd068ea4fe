"""Reads kernel dumps page by page, by its own lights: kdump-compressed files, and ELF cores with
physical addresses. numpy holds the tables; zlib is Python's own, zstd the package zstandard.

Source of the formats: makedumpfile 1.7.2, diskdump_mod.h and IMPLEMENTATION; the ELF gABI.
"""

import mmap
import os
import struct
import zlib

import numpy

SIGNATURE = b"KDUMP   "
INCOMPLETE = 0x8
ZLIB, LZO, SNAPPY, ZSTD = 0x1, 0x2, 0x4, 0x20
DESCRIPTOR = numpy.dtype([("offset", "<i8"), ("size", "<u4"), ("flags", "<u4"),
                          ("words", "<u8")])


class Kdump:
    """A kdump-compressed file."""

    def __init__(self, path):
        self._file = open(path, "rb")
        self.byte_count = os.fstat(self._file.fileno()).st_size
        self._data = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)
        head = self._data[:4096]
        if head[:8] != SIGNATURE:
            raise ValueError("%s does not begin with KDUMP" % path)
        self.version, = struct.unpack_from("<i", head, 8)
        self.status, self.block = struct.unpack_from("<Ii", head, 424)
        header_blocks, bitmap_blocks = struct.unpack_from("<iI", head, 432)
        self.processors, = struct.unpack_from("<i", head, 460)
        sub = self._data[self.block:self.block + 104]
        self.level, = struct.unpack_from("<i", sub, 8)
        self.notes = self._notes(*struct.unpack_from("<qQ", sub, 48))
        frames, = struct.unpack_from("<Q", sub, 96)
        if frames == 0:
            frames, = struct.unpack_from("<I", head, 440)
        start = (1 + header_blocks) * self.block
        half = bitmap_blocks // 2 * self.block
        self.present, self.dumped = (
            numpy.unpackbits(numpy.frombuffer(self._data, "u1", half, start + half * number),
                             bitorder="little")[:frames].astype(bool) for number in (0, 1))
        self.frames = numpy.flatnonzero(self.dumped)
        self.descriptors = numpy.frombuffer(
            self._data, DESCRIPTOR, len(self.frames), start + 2 * half)
        self._zstd = None

    @property
    def is_complete(self):
        """Whether the file does not say that pages are missing."""
        return not self.status & INCOMPLETE

    def unread(self):
        """How many pages have no data."""
        return int((self.descriptors["size"] == 0).sum())

    def page(self, index):
        """The bytes of the page of a descriptor, or None when it has none."""
        one = self.descriptors[index]
        size, flags = int(one["size"]), int(one["flags"])
        if size == 0:
            return None
        data = self._data[int(one["offset"]):int(one["offset"]) + size]
        if len(data) != size:
            raise ValueError("the data of frame %d are past the file's end"
                             % self.frames[index])
        if flags & ZLIB:
            return zlib.decompress(data)
        if flags & ZSTD:
            if self._zstd is None:
                import zstandard  # A file with zlib pages is read without it.
                self._zstd = zstandard.ZstdDecompressor()
            return self._zstd.decompress(data, max_output_size=self.block)
        if flags & (LZO | SNAPPY):
            raise ValueError("frame %d is compressed in a way that is not read here"
                             % self.frames[index])
        return data

    def left_out(self, zeros=True):
        """Frames of memory whose content the file has not: excluded, or with `zeros` only zeros,
        which stand in the file as one shared page or are left out, as the program likes."""
        if not zeros:
            return self.present & ~self.dumped
        offsets = self.descriptors["offset"]
        places, count = numpy.unique(offsets, return_counts=True)
        shared = places[count.argmax()] if len(places) and count.max() > 1 else -1
        zero = numpy.zeros(0, int)
        if shared >= 0:
            pages = numpy.flatnonzero(offsets == shared)
            if self.page(pages[0]) == bytes(self.block):
                zero = self.frames[pages]
        out = self.present & ~self.dumped
        out[zero] = True
        return out

    def _notes(self, offset, size):
        """The notes as (name, type, content)."""
        found, data, at = [], self._data[offset:offset + size], 0
        while at + 12 <= len(data):
            name_size, content_size, kind = struct.unpack_from("<III", data, at)
            at += 12
            name = data[at:at + name_size].rstrip(b"\0")
            at += name_size + -name_size % 4
            if not name:
                break
            found.append((name.decode("latin-1"), kind, data[at:at + content_size]))
            at += content_size + -content_size % 4
        return found


class ElfMemory:
    """An ELF core whose program headers have physical addresses, such as QEMU writes."""

    def __init__(self, path):
        self._file = open(path, "rb")
        self._data = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)
        place, = struct.unpack_from("<Q", self._data, 32)
        size, count = struct.unpack_from("<HH", self._data, 54)
        self._loads = []
        for number in range(count):
            kind, _, offset, _, physical, in_file, _, _ = struct.unpack_from(
                "<IIQQQQQQ", self._data, place + number * size)
            if kind == 1:
                self._loads.append((physical, physical + in_file, offset))

    def page(self, frame, size=4096):
        """The bytes of a page frame, or None when there is no such memory."""
        address = frame * size
        for start, end, offset in self._loads:
            if start <= address and address + size <= end:
                return self._data[offset + address - start:offset + address - start + size]
        return None


def make_readable(path):
    """Moves the program headers of a core that QEMU 7.2 wrote to where makedumpfile looks for
    them: right behind the ELF header. Section headers, which stand there, are of no use."""
    with open(path, "r+b") as file:
        head = bytearray(file.read(64))
        place, = struct.unpack_from("<Q", head, 32)
        size, count = struct.unpack_from("<HH", head, 54)
        if place == 64:
            return
        file.seek(place)
        headers = file.read(size * count)
        struct.pack_into("<QQ", head, 32, 64, 0)
        struct.pack_into("<HHHHHH", head, 52, 64, size, count, 0, 0, 0)
        file.seek(0)
        file.write(head + headers + bytes(max(0, place - 64)))
