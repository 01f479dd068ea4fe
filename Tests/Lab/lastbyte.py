"""Tells when the last byte of a dump is on the guest's disk, by looking at that disk from this
machine: the guest itself does nothing for it, and so stays as the dump found it."""

import mmap
import os
import struct
import time

BLOCK = 4096
SIGNATURE = b"KDUMP   "
STATUS_OFFSET, INCOMPLETE = 424, 8
SEARCH_SECONDS, LOOK_SECONDS = 0.1, 0.002


class LastByte:
    """The moment in which the header of a dump, written to a raw disk, stops saying that the dump
    is incomplete: that is its last write."""

    def __init__(self, disk):
        self._file = open(disk, "rb")
        # What dumps that were ended early left there, though their files are gone.
        self._old = {place: self._block(place) for place in self._incomplete()}

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
            if not self._is_incomplete(place):
                return True
            if is_over():
                return False
            time.sleep(LOOK_SECONDS)
        return False

    def _is_incomplete(self, place):
        head = os.pread(self._file.fileno(), STATUS_OFFSET + 4, place)
        status, = struct.unpack_from("<I", head, STATUS_OFFSET)
        return head.startswith(SIGNATURE) and bool(status & INCOMPLETE)

    def _block(self, place):
        return os.pread(self._file.fileno(), BLOCK, place)

    def _begun(self):
        """Where the disk has the header of a dump that is being written, or None."""
        for place in self._incomplete():
            if self._block(place) != self._old.get(place):
                return place
        return None

    def _incomplete(self):
        """The places of all headers of dumps that are not whole."""
        number = self._file.fileno()
        size = os.fstat(number).st_size
        at = 0
        while at < size:
            try:
                start = os.lseek(number, at, os.SEEK_DATA) // BLOCK * BLOCK
            except OSError:
                return
            at = os.lseek(number, start, os.SEEK_HOLE)
            with mmap.mmap(number, 0, access=mmap.ACCESS_READ) as disk:
                found = disk.find(SIGNATURE, start, at)
                while found >= 0:
                    if found % BLOCK == 0 and self._is_incomplete(found):
                        yield found
                    found = disk.find(SIGNATURE, found + 1, at)
