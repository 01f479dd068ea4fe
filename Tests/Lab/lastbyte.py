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

    def _begun(self):
        """Where the disk has the header of a dump that is not whole, or None. What earlier dumps
        left there was whole."""
        number = self._file.fileno()
        size = os.fstat(number).st_size
        at = 0
        while at < size:
            try:
                start = os.lseek(number, at, os.SEEK_DATA) // BLOCK * BLOCK
            except OSError:
                return None
            at = os.lseek(number, start, os.SEEK_HOLE)
            with mmap.mmap(number, 0, access=mmap.ACCESS_READ) as disk:
                found = disk.find(SIGNATURE, start, at)
                while found >= 0:
                    if found % BLOCK == 0 and self._is_incomplete(found):
                        return found
                    found = disk.find(SIGNATURE, found + 1, at)
        return None
