"""Host folders with whatever files a test wants, and what their bundles are made of."""

import base64
import json
import os
import random

import harness

#: The time of every member of a bundle.
COLLECTED = "2026-01-02T03:04:05.000000Z"


def noise(byte_count, seed=1):
    """Bytes that do not compress, the same at each run."""
    return random.Random(seed).randbytes(byte_count)


def log(byte_count, seed=1):
    """Lines that compress well, the same at each run."""
    source = random.Random(seed)
    text = b"".join(b"Jan 12 03:04:05 host app[%d]: request took %d ms\n"
                    % (source.randrange(100), source.randrange(10 ** 6)) for _ in range(1500))
    return (text * (byte_count // len(text) + 1))[:byte_count]


def escaped(name):
    """The path that a host's own bytes are stored under: UTF-8, with \\xNN for what is not."""
    try:
        return name.decode()
    except UnicodeDecodeError:
        text = name.decode("utf-8", "surrogateescape").replace("\\", "\\\\")
        return "".join("\\x%02X" % (ord(one) - 0xDC00) if "\udc80" <= one <= "\udcff" else one
                       for one in text)


def write(folder, path, data):
    """Writes a file component by component: its path may be longer than one call takes."""
    names = os.fsencode(path).split(b"/")
    place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    for name in names[:-1]:
        try:
            os.mkdir(name, 0o700, dir_fd=place)
        except FileExistsError:
            pass
        inside = os.open(name, os.O_RDONLY | os.O_DIRECTORY, dir_fd=place)
        os.close(place)
        place = inside
    file = os.open(names[-1], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600, dir_fd=place)
    os.close(place)
    with open(file, "wb") as stream:
        stream.write(data)


def host_folder(folder, files, dumps=()):
    """Makes a host folder of `files`, (name, bytes) with names in bytes or text, and its manifest.

    `dumps` are the names of those that are compressed already. Gives what is in the folder, the
    manifest too: bytes by path.
    """
    os.makedirs(folder)
    content, artifacts, counts = {}, [], {}
    own = [("findings.json", b'{"findings":[],"schema":"diagbundle.findings/1"}\n'),
           ("summary.txt", b"all is well\n")]
    for name, data in own + list(files):
        path = name if isinstance(name, str) else escaped(name)
        write(folder, path, data)
        content[path] = data
        collector = path.split("/")[0] if "/" in path else "diagbundle"
        if len(collector) > 100 or not collector.isascii():
            collector = "other"  # No collector may have such a name.
        artifact = {"collector": collector, "path": path, "byteCount": len(data),
                    "sha256": harness.sha256(data), "privacy": "content", "seconds": 0,
                    "isTruncated": False}
        if not isinstance(name, str) and path.encode() != name:
            artifact["pathBytes"] = base64.b64encode(name).decode()
        if name in dumps:
            artifact["mediaType"] = "application/x-kdump"
        artifacts.append(artifact)
        count = counts.setdefault(collector, [0, 0])
        count[0] += 1
        count[1] += len(data)
    del counts["diagbundle"]
    manifest = {
        "schema": "diagbundle.manifest/1", "tool": {"name": "diagbundle", "version": "1.0"},
        "host": {"name": "host", "kernelRelease": "6.1", "architecture": "x86_64"},
        "userIdentifier": 0, "started": COLLECTED, "collected": COLLECTED,
        "options": {"root": "/", "collectors": sorted(counts), "deadlineSeconds": 60,
                    "sealDeadlineSeconds": 60, "jobs": 2, "maxByteCount": 1 << 40},
        "isInterrupted": False, "completeness": "complete", "absent": [], "missing": [],
        "reports": [{"collector": name, "outcome": "complete", "artifactCount": counts[name][0],
                     "byteCount": counts[name][1], "seconds": 0, "confinement": "reader",
                     "confinementGaps": [], "notes": []} for name in sorted(counts)],
        "artifacts": sorted(artifacts, key=lambda one: one["path"].encode())}
    data = json.dumps(manifest, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    write(folder, "manifest.json", data)
    content["manifest.json"] = data
    return content


def seal(folder, path, *options):
    """Seals a host folder; the outcome must be well."""
    outcome = harness.run("archive", folder, "-o", path, *options, timeout=900)
    assert (outcome.status, outcome.err) == (0, ""), str(outcome)
    return path


def members(path):
    """What `list --json` says of a bundle's members, in the order of the stream."""
    outcome = harness.run("list", "--json", path)
    assert outcome.status == 0, str(outcome)
    found = [json.loads(line) for line in outcome.out_bytes.splitlines()]
    return sorted(found, key=lambda one: one["offset"])
