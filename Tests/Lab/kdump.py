"""Reads kernel dumps page by page, by its own lights: kdump-compressed files, and ELF cores with
physical addresses. numpy holds the tables; zlib is Python's own, zstd the package zstandard.

Source of the formats: makedumpfile 1.7.2, diskdump_mod.h and IMPLEMENTATION; the ELF gABI.
"""

import errno
import json
import mmap
import os
import struct
import zlib

import numpy

SIGNATURE = b"KDUMP   "
ELF_SIGNATURE = b"\x7fELF"
OWN_NOTE = "DIAGBUNDLE"
INCOMPLETE = 0x8
PAGE = 4096  # Of the guests, and so of QEMU's dumps and of the program's ELF cores.
PT_LOAD, PT_NOTE = 1, 4
ZLIB, LZO, SNAPPY, ZSTD = 0x1, 0x2, 0x4, 0x20
DESCRIPTOR = numpy.dtype([("offset", "<i8"), ("size", "<u4"), ("flags", "<u4"),
                          ("words", "<u8")])


class Kdump:
    """A kdump-compressed file. `frames` has the page frames whose content it has, `words` what
    /proc/kpageflags said of each."""

    omits_zeros = False

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
        offset, size = struct.unpack_from("<qQ", sub, 48)
        self.notes = notes_in(self._data[offset:offset + size])
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
        self.words = self.descriptors["words"]
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


class ElfMemory:
    """An ELF core whose program headers have physical addresses, such as QEMU writes. `loads` has
    the first address of each segment, its end, and its place in the file."""

    def __init__(self, path):
        self._file = open(path, "rb")
        self._data = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)
        self.loads = [(physical, physical + in_file, offset) for kind, offset, physical, in_file
                      in program_headers(self._data) if kind == PT_LOAD]

    def page(self, frame, size=PAGE):
        """The bytes of a page frame, or None when there is no such memory."""
        address = frame * size
        for start, end, offset in self.loads:
            if start <= address and address + size <= end:
                return self._data[offset + address - start:offset + address - start + size]
        return None

    def notes(self):
        """The notes as (name, type, content)."""
        return elf_notes(self._data)

    def data_parts(self):
        """The parts of the file that are no holes, as (start, end)."""
        return data_parts(self._file.fileno())

    def status(self):
        """What the file system says of the file."""
        return os.fstat(self._file.fileno())


class ElfDump:
    """An ELF core that the program wrote, in the words of `Kdump`: a page that is a hole in the
    file was excluded, or had only zeros, and the file does not tell which.

    It has no flags of its pages: `words` are those of all page frames, from elsewhere."""

    omits_zeros = True

    def __init__(self, path, words=()):
        self._memory = ElfMemory(path)
        status = self._memory.status()
        self.byte_count = status.st_blocks * 512  # Without the holes.
        self._is_whole = all(offset + end - start <= status.st_size
                             for start, end, offset in self._memory.loads)
        self.notes = self._memory.notes()
        told = [content for name, _, content in self.notes if name == OWN_NOTE]
        self._told = json.loads(told[0].rstrip(b" \0")) if told else {}
        self.level = self._told.get("level", -1)
        limit = max((end for _, end, _ in self._memory.loads), default=0) // PAGE
        self.present, self.dumped = numpy.zeros(limit, bool), numpy.zeros(limit, bool)
        parts = list(self._memory.data_parts())
        for first, last, offset in self._memory.loads:
            self.present[first // PAGE:last // PAGE] = True
            for start, end in parts:
                start, end = max(start - offset, 0), min(end - offset, last - first)
                if start < end:  # A page that is no hole in part is none.
                    self.dumped[(first + start) // PAGE:-(-(first + end) // PAGE)] = True
        self.frames = numpy.flatnonzero(self.dumped)
        self.words = numpy.zeros(len(self.frames), "<u8")
        known = self.frames < len(words)
        self.words[known] = numpy.asarray(words, "<u8")[self.frames[known]]

    @property
    def is_complete(self):
        """Whether its own note says that no pages are missing, and none are cut off."""
        return self._told.get("outcome") == "complete" and self._is_whole

    def unread(self):
        """How many pages have no data: none, a page without is a hole."""
        return 0

    def page(self, index):
        """The bytes of the page of an index into `frames`."""
        return self._memory.page(int(self.frames[index]))

    def left_out(self, zeros=True):
        """Frames of memory whose content the file has not: excluded, or only zeros."""
        if not zeros:
            raise ValueError("an ELF core does not tell pages of zeros from those left out")
        return self.present & ~self.dumped


def opened(path, words=()):
    """A dump that the program wrote, of either format; `words` are those for `ElfDump`."""
    with open(path, "rb") as file:
        start = file.read(8)
    return ElfDump(path, words) if start.startswith(ELF_SIGNATURE) else Kdump(path)


def program_headers(data):
    """The program headers of an ELF file's bytes, as (type, place, physical address, bytes)."""
    place, = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    for number in range(count):
        kind, _, offset, _, physical, in_file, _, _ = struct.unpack_from(
            "<IIQQQQQQ", data, place + number * size)
        yield kind, offset, physical, in_file


def elf_notes(data):
    """The notes of an ELF file's bytes, as (name, type, content)."""
    return [note for kind, offset, _, size in program_headers(data) if kind == PT_NOTE
            for note in notes_in(data[offset:offset + size])]


def notes_in(data):
    """The notes in some bytes, as (name, type, content)."""
    found, at = [], 0
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


def data_parts(descriptor):
    """The parts of a file that are no holes, as (start, end)."""
    at, size = 0, os.fstat(descriptor).st_size
    while at < size:
        try:
            start = os.lseek(descriptor, at, os.SEEK_DATA)
        except OSError as error:
            if error.errno != errno.ENXIO:  # Which says that the rest is one hole.
                raise
            return
        at = os.lseek(descriptor, start, os.SEEK_HOLE)
        yield start, at


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
