"""The blocks of a bundle, taken apart and put together again with whatever their tables shall claim.

Sources: The .xz File Format 1.2.1, sections 2 to 4; zstd_seekable_compression_format.md 0.1.0.
"""

import functools
import lzma
import struct
import zlib
from dataclasses import dataclass


@dataclass
class Block:
    """One block: its bytes with their padding, and what the table says of it."""

    data: bytes
    #: Of xz: without the padding.
    listed: int
    uncompressed: int


def integer(value):
    """An integer as xz writes it: seven bits a byte, the lowest first."""
    data = bytearray()
    while value >= 0x80:
        data.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(data) + bytes([value])


def read_integer(data, place):
    value, shift = 0, 0
    while True:
        value |= (data[place] & 0x7F) << shift
        shift += 7
        place += 1
        if data[place - 1] < 0x80:
            return value, place


class XZ:
    """A file of one xz stream."""

    def __init__(self, data):
        self.header = data[:12]
        size = (struct.unpack("<I", data[-8:-4])[0] + 1) * 4
        index = data[-12 - size:-12]
        count, place = read_integer(index, 1)
        self.blocks, offset = [], 12
        for _ in range(count):
            listed, place = read_integer(index, place)
            uncompressed, place = read_integer(index, place)
            end = offset + (listed + 3) // 4 * 4
            self.blocks.append(Block(data[offset:end], listed, uncompressed))
            offset = end
        assert offset == len(data) - 12 - size

    def start(self, number):
        """Where a block begins in the file."""
        return 12 + sum(len(block.data) for block in self.blocks[:number])

    def bytes(self, records=None, count=None):
        """The file; `records` are what its index claims of each block, sound but for that."""
        if records is None:
            records = [(block.listed, block.uncompressed) for block in self.blocks]
        index = b"\0" + integer(len(records) if count is None else count)
        index += b"".join(integer(value) for record in records for value in record)
        index += bytes(-len(index) % 4)
        index += struct.pack("<I", zlib.crc32(index))
        fields = struct.pack("<I", len(index) // 4 - 1) + self.header[6:8]
        footer = struct.pack("<I", zlib.crc32(fields)) + fields + b"YZ"
        return self.header + b"".join(block.data for block in self.blocks) + index + footer


class Zstd:
    """A file of zstd frames with a seek table."""

    def __init__(self, data):
        count, flags, magic = struct.unpack("<IBI", data[-9:])
        assert (flags, magic) == (0, 0x8F92EAB1)
        table = data[-9 - 8 * count:-9]
        self.blocks, offset = [], 0
        for number in range(count):
            listed, uncompressed = struct.unpack_from("<II", table, number * 8)
            self.blocks.append(Block(data[offset:offset + listed], listed, uncompressed))
            offset += listed

    def start(self, number):
        """Where a frame begins in the file."""
        return sum(len(block.data) for block in self.blocks[:number])

    def bytes(self, records=None, count=None):
        """The file; `records` are what its seek table claims of each frame."""
        if records is None:
            records = [(block.listed, block.uncompressed) for block in self.blocks]
        table = b"".join(struct.pack("<II", *record) for record in records)
        table += struct.pack("<IBI", len(records) if count is None else count, 0, 0x8F92EAB1)
        return (b"".join(block.data for block in self.blocks)
                + struct.pack("<II", 0x184D2A5E, len(table)) + table)


@functools.lru_cache(maxsize=None)
def bomb(compression, byte_count):
    """A block of so many zeros that says nothing of how many they are."""
    if compression == "zstd":
        # Frame header without a size, window of 128 KiB; then blocks of one repeated byte.
        parts = [b"\x28\xb5\x2f\xfd\x00\x38"]
        size = 128 << 10
        for left in range(byte_count, 0, -size):
            head = min(left, size) << 3 | 1 << 1 | (left <= size)
            parts.append(struct.pack("<I", head)[:3] + b"\0")
        data = b"".join(parts)
        return Block(data, len(data), byte_count)
    compressor = lzma.LZMACompressor(check=lzma.CHECK_CRC64, preset=0)
    parts = [compressor.compress(bytes(1 << 20)) for _ in range(byte_count >> 20)]
    whole = XZ(b"".join(parts) + compressor.flush())
    return whole.blocks[0]


def of(compression, data):
    """The file taken apart."""
    return {"xz": XZ, "zstd": Zstd}[compression](data)
