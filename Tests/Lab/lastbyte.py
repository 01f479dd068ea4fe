"""Tells when the last byte of a dump is on the guest's disk, by looking at that disk from this
machine: the guest itself does nothing for it, and so stays as the dump found it."""

import json
import mmap
import os
import struct
import time

from kdump import ELF_SIGNATURE, INCOMPLETE, OWN_NOTE, SIGNATURE, data_parts, elf_notes

BLOCK = 4096
STATUS_OFFSET = 424
ELF_CORE = 4
ELF_HEAD_BYTES = 1 << 16  # Headers and notes, which the program writes at once, so in one piece.
SEARCH_SECONDS, LOOK_SECONDS = 0.1, 0.002


class KdumpHead:
    """The header of a kdump-compressed file: its status tells whether pages are missing."""

    signature, byte_count = SIGNATURE, BLOCK

    def __init__(self, data):
        status, = struct.unpack_from("<I", data, STATUS_OFFSET)
        self.is_incomplete = data.startswith(SIGNATURE) and bool(status & INCOMPLETE)
        self.identity = data  # It has the time at which the dump began.


class ElfHead:
    """The headers and notes of an ELF core of the program: its own note tells how it ended."""

    signature, byte_count = ELF_SIGNATURE, ELF_HEAD_BYTES

    def __init__(self, data):
        self.is_incomplete, self.identity = False, None
        try:
            if data.startswith(ELF_SIGNATURE) and data[16] == ELF_CORE:
                told = [content for name, _, content in elf_notes(data) if name == OWN_NOTE]
                self.identity = told and told[0]  # It has that time, too.
                # A note that is being written is not yet the last one.
                self.is_incomplete = bool(told) and not _is_complete(told[0])
        except struct.error:
            pass  # Something else of the disk.


def _is_complete(note):
    try:
        return json.loads(note.rstrip(b" \0")).get("outcome") == "complete"
    except ValueError:
        return False


class LastByte:
    """The moment in which the head of a dump, written to a raw disk, stops saying that the dump
    is incomplete: that is its last write."""

    def __init__(self, disk, head=KdumpHead):
        self._file = open(disk, "rb")
        self._head = head
        # What dumps that were ended early left there, though their files are gone.
        self._old = {place: self._at(place).identity for place in self._incomplete()}

    def wait(self, seconds, is_over):
        """Waits for the moment; False when `is_over` says first that there will be none."""
        end = time.monotonic() + seconds
        place = None
        while time.monotonic() < end:
            if place is None:
                if is_over():
                    return False
                place = self._begun()
                if place is None:
                    time.sleep(SEARCH_SECONDS)
                continue
            if not self._at(place).is_incomplete:
                return True
            if is_over():
                return False
            time.sleep(LOOK_SECONDS)
        return False

    def _at(self, place):
        """The head at a place of the disk."""
        return self._head(os.pread(self._file.fileno(), self._head.byte_count, place))

    def _begun(self):
        """Where the disk has the head of a dump that is being written, or None."""
        for place in self._incomplete():
            if self._at(place).identity != self._old.get(place):
                return place
        return None

    def _incomplete(self):
        """The places of the heads of all dumps that are not whole."""
        signature = self._head.signature
        for start, end in data_parts(self._file.fileno()):
            start = start // BLOCK * BLOCK
            with mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ) as disk:
                found = disk.find(signature, start, end)
                while found >= 0:
                    if found % BLOCK == 0 and self._at(found).is_incomplete:
                        yield found
                    found = disk.find(signature, found + 1, end)
