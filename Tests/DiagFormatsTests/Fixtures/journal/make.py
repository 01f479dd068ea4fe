#!/usr/bin/env python3
"""Makes the journal files of this folder with systemd-journal-remote 252 and records what
journalctl 252 reads from them. Needs: systemd, systemd-journal-remote, xz, python3-lz4 or liblz4."""
import ctypes, lzma, os, struct, subprocess, sys

REMOTE = "/lib/systemd/systemd-journal-remote"
BOOTS = ["a1b2c3d4e5f60718293a4b5c6d7e8f90", "0f1e2d3c4b5a69788796a5b4c3d2e1f0"]
MACHINE = "00112233445566778899aabbccddeeff"
START = 1_793_500_000_000_000  # 2026-11-01


def field(name, value):
    data = value if isinstance(value, bytes) else value.encode()
    if b"\n" in data or any(byte < 32 and byte != 9 for byte in data) or not utf8(data):
        return name.encode() + b"\n" + struct.pack("<Q", len(data)) + data + b"\n"
    return name.encode() + b"=" + data + b"\n"


def utf8(data):
    try:
        data.decode()
        return True
    except UnicodeDecodeError:
        return False


def entry(number, realtime, monotonic, boot, fields):
    text = b"__REALTIME_TIMESTAMP=%d\n__MONOTONIC_TIMESTAMP=%d\n" % (realtime, monotonic)
    text += field("_BOOT_ID", boot) + field("_MACHINE_ID", MACHINE)
    text += field("_HOSTNAME", "node-a.example")
    return text + b"".join(field(*pair) for pair in fields) + b"\n"


def entries():
    for number in range(80):
        boot = 0 if number < 30 else 1
        realtime = START + number * 1_500_123 + boot * 3_600_000_000
        monotonic = 4_000_000 + (number - boot * 30) * 1_500_123
        fields = [
            ("PRIORITY", str(number % 8)), ("SYSLOG_IDENTIFIER", "storaged"),
            ("_PID", str(400 + number // 10)), ("_COMM", "storaged"),
            ("MESSAGE", f"volume {number % 5} checked, {number} blocks read"),
        ]
        if number == 10:
            fields[-1] = ("MESSAGE", "first line\nsecond line\n\tthird line")
        if number == 11:
            fields[-1] = ("MESSAGE", "\x1b[31mred\x1b[0m and a bell \x07")
        if number == 12:
            fields[-1] = ("MESSAGE", b"latin-1: caf\xe9 \\ and a backslash")
        if number == 13:
            fields.pop()
        if number == 14:
            fields[-1] = ("MESSAGE", "Grüße von der Platte № 5 – 测试")
        if number == 15:
            fields = [("MESSAGE", "kernel without identifier"), ("_TRANSPORT", "kernel")]
        if number == 40:
            fields.append(("PAYLOAD", bytes(range(256)) * 2))
        if number == 50:
            fields[-1] = ("MESSAGE", "large: " + "0123456789abcdef" * 1250)
        if number == 51:
            fields.append(("TRACE", "\n".join(f"#{n} frame_{n % 7} ()" for n in range(900))))
        yield entry(number, realtime, monotonic, BOOTS[boot], fields)


def make(name, compact, keyed, compress):
    if os.path.exists(name):
        os.remove(name)
    environment = dict(
        os.environ, SYSTEMD_JOURNAL_COMPACT=compact, SYSTEMD_JOURNAL_KEYED_HASH=keyed)
    subprocess.run(
        [REMOTE, f"--compress={compress}", "--split-mode=none", "-o", name, "-"],
        input=b"".join(entries()), env=environment, check=True)


def recompress(name, method):
    """Compresses each large field in place; the room that is left over stays unused."""
    lz4 = ctypes.CDLL("liblz4.so.1")
    data = bytearray(open(name, "rb").read())
    header_size, = struct.unpack_from("<Q", data, 88)
    tail, = struct.unpack_from("<Q", data, 136)
    compact = struct.unpack_from("<I", data, 12)[0] & 16
    at = header_size
    while at <= tail:
        kind, flags, size = struct.unpack_from("<BB6xQ", data, at)
        start = at + (72 if compact else 64)
        if kind == 1 and flags == 0 and at + size - start > 512:
            payload = bytes(data[start:at + size])
            if method == "lz4":
                room = ctypes.create_string_buffer(len(payload) * 2)
                count = lz4.LZ4_compress_default(payload, room, len(payload), len(room))
                packed, flag = struct.pack("<Q", len(payload)) + room.raw[:count], 2
            else:
                packed, flag = lzma.compress(
                    payload, check=lzma.CHECK_NONE,
                    filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 20}]), 1
            if len(packed) < len(payload):
                data[start:start + len(packed)] = packed
                struct.pack_into("<BB6xQ", data, at, kind, flag, start - at + len(packed))
        at += size + 7 & ~7
    flags, = struct.unpack_from("<I", data, 12)
    struct.pack_into("<I", data, 12, flags | (2 if method == "lz4" else 1))
    open(name, "wb").write(data)


def main():
    for name, compact, keyed, compress, method in [
        ("compact-zstd", "1", "1", "yes", None), ("regular-zstd", "0", "1", "yes", None),
        ("regular-jenkins", "0", "0", "yes", None), ("compact-plain", "1", "1", "no", None),
        ("regular-lz4", "0", "1", "no", "lz4"), ("compact-xz", "1", "1", "no", "xz"),
    ]:
        path = name + ".journal"
        make(path, compact, keyed, compress)
        if method:
            recompress(path, method)
        for form in ["export"]:
            output = subprocess.run(
                ["journalctl", "--file", path, "-o", form, "--no-pager"],
                capture_output=True, check=True).stdout
            open(f"{name}.{form}", "wb").write(output)
        subprocess.run(
            ["xz", "--lzma2=preset=9e,dict=1MiB", "-f", path, name + ".export"], check=True)


main()
