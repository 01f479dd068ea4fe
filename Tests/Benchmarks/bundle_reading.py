"""How soon a member's first byte comes out of a large bundle, and how fast the rest follows."""
import os
import signal
import statistics
import subprocess
import tarfile
import time
from dataclasses import dataclass

import measure

FIRST_BYTE_SECONDS = 0.050
SMALL_BYTES = 64 << 10
CHUNK_BYTES = 1 << 20
CAT = "`cat`"


@dataclass(frozen=True)
class Target:
    """A member to read: what it is, its path in the tar, and its size."""

    what: str
    path: str
    byte_count: int


def blocks(xz, bundle):
    """Offset and size of each block of an xz file, in uncompressed bytes."""
    text = subprocess.run([xz, "--robot", "--list", "-vv", str(bundle)], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, text=True, check=True).stdout
    rows = [line.split("\t") for line in text.splitlines() if line.startswith("block\t")]
    if not rows:
        raise measure.Broken(f"{bundle} has no blocks")
    return [(int(cells[5]), int(cells[7])) for cells in rows]


def targets(tar, spans):
    """The members to read: the first and the last, small ones inside a packed block, large ones."""
    with tarfile.open(tar) as archive:
        files = [member for member in archive if member.isfile() and member.size]
    files, own = files[:-2], files[-2:]
    if not files or own[0].name.rpartition("/")[2] != "manifest.json":
        raise measure.Broken("the last two members are not the manifest and the index")
    middle = spans[-1][0] // 2
    # Packed blocks in the order of their distance from the middle of the bundle.
    for start, count in sorted(spans, key=lambda span: abs(span[0] - middle)):
        inside = [member for member in files if member.size <= SMALL_BYTES
                  and start < member.offset and member.offset_data + member.size < start + count]
        if len(inside) >= 8:
            break
    else:
        raise measure.Unmeasured("no block of the bundle is packed with small members")
    half = min(inside, key=lambda member: abs(member.offset_data - start - count // 2))
    large = [max((member for member in files if is_dump == member.name.endswith(".kdump")),
                 key=lambda member: member.size) for is_dump in (False, True)]
    chosen = {"the first": files[0], "a small one amid a packed block": half,
              "a small one at the end of it": max(inside, key=lambda member: member.offset),
              "the last": files[-1], "the largest that is compressed": large[0],
              "a dump, stored": large[1]}
    return [Target(what, member.name, member.size) for what, member in chosen.items()]


def read(command, byte_count, to_the_end):
    """Seconds from the start to the first byte, and bytes a second after it.

    The bytes are those of the member, of which there must be `byte_count`; without `to_the_end`
    whoever writes them is stopped after the first.
    """
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, bufsize=0, start_new_session=True)
    try:
        taken = len(process.stdout.read(1))
        first = time.perf_counter() - begin
        if not taken:
            raise measure.Broken(f"{' '.join(command)[:200]} gives nothing")
        if not to_the_end:
            return first, None
        last = first
        while chunk := process.stdout.read(CHUNK_BYTES):
            taken += len(chunk)
            # What the program does after the last byte is not the decoder's speed.
            last = time.perf_counter() - begin
        if taken != byte_count:
            raise measure.Broken(f"{' '.join(command)[:200]} gives {taken} bytes of {byte_count}")
        return first, (taken - 1) / max(last - first, 1e-9)
    finally:
        # The session is of the process that was started here, and so are all in it.
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.stdout.close()
        process.wait()


def measured(program, peers, bundle, tar, folder, runs):
    members = targets(tar, blocks(peers.need("xz"), bundle))
    packed = made_by_pixz(peers, tar, folder)
    ways = {CAT: lambda path: [program, "cat", str(bundle), path.partition("/")[2]],
            "`tar -xOf`": lambda path: [
                peers.need("tar"), "-xJOf", str(bundle), "--occurrence=1", path]}
    if packed:
        # It gives a tar of the member, and reads only its standard input at random.
        ways["`pixz -x | tar -xO`"] = lambda path: [
            "sh", "-c", '"$1" -x "$2" <"$3" | tar -xO', "sh", peers.need("pixz"), path,
            str(packed)]
    firsts, speeds = {}, {}
    for turn in range(-1, runs):
        order = [(name, member) for name in ways for member in members]
        for name, member in order if turn % 2 == 0 else reversed(order):
            measure.say(f"   {turn + 1} of {runs}: {name}, {member.what}")
            is_large = member in members[-2:]
            first, speed = read(ways[name](member.path), member.byte_count, is_large)
            if turn >= 0:
                firsts.setdefault((name, member), []).append(first)
                if is_large:
                    speeds.setdefault((name, member), []).append(speed)
    return outcome(bundle, tar, packed, members, firsts, speeds, peers, runs)


def made_by_pixz(peers, tar, folder):
    command = peers.command("pixz", "-1", "-p", "2", tar, folder / "reading.tpxz")
    if not command:
        return None
    subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
    return folder / "reading.tpxz"


def outcome(bundle, tar, packed, members, firsts, speeds, peers, runs):
    figures = []
    for name in dict.fromkeys(name for name, _ in firsts):
        ours = name == CAT
        for member in members:
            figures.append(measure.Figure(
                f"first byte, {name}: {member.what}, {member.byte_count:,} bytes",
                "under 50 ms" if ours else "–", firsts[name, member], measure.milliseconds,
                FIRST_BYTE_SECONDS if ours else None))
    for (name, member), values in speeds.items():
        figures.append(measure.Figure(
            f"after the first byte, {name}: {member.what}", "–", values,
            lambda value: f"{value / 1e6:.0f} MB/s"))
    decoder = []
    for _ in range(runs):
        begin = time.perf_counter()
        subprocess.run([peers.need("xz"), "-dc", "-T1", str(bundle)], stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, check=True)
        decoder.append(tar.stat().st_size / (time.perf_counter() - begin))
    figures.append(measure.Figure(
        "the decoder, `xz -dc -T1` of the bundle", "–", decoder,
        lambda value: f"{value / 1e6:.0f} MB/s"))
    floor = statistics.median(read(["echo", "x"], 1, False)[0] for _ in range(20))
    notes = [f"the bundle that members are read from: {bundle.stat().st_size:,} bytes of "
             f"{tar.stat().st_size:,}; everything is in the page cache",
             f"the first byte of `echo` comes after {measure.milliseconds(floor)}"]
    if packed:
        notes.append(f"pixz reads its own archive, level 1: {packed.stat().st_size:,} bytes; `tar` "
                     "reads the bundle")
        packed.unlink()
    return measure.Outcome(figures, notes)
