"""Makes a root whose /var/log holds many bytes of logs: files of syslog, and a systemd journal.

The journal is made with systemd-journal-remote (Debian: systemd-journal-remote); where that is
not installed all bytes are in files of syslog. The same size gives the same text.
"""
import os
import random
import subprocess
import time

#: What stands in 1,000 parts of /var/log, in files of syslog and in the journal.
SHARES = {"syslog": 200, "messages": 150, "kern.log": 100, "auth.log": 50, "daemon.log": 50,
          "syslog.1": 50}
JOURNAL_SHARE = 400
JOURNAL_PROGRAMS = ["/usr/lib/systemd/systemd-journal-remote",
                    "/lib/systemd/systemd-journal-remote"]
#: So many bytes of a file differ from each other; then they come again.
UNIQUE_BYTE_COUNT = 32 << 20
MACHINE = "0123456789abcdef0123456789abcdef"
BOOT = "fedcba9876543210fedcba9876543210"
TEMPLATES = [
    "kernel: [%d.%06d] sd 2:0:%d:0: [sdb] tag#%d FAILED Result: hostbyte=DID_OK",
    "sshd[%d]: Accepted publickey for user%d from 192.0.2.%d port %d ssh2",
    "systemd[1]: Started unit-%d.service - Unit %d of slice %d, job %d.",
    "app[%d]: request id=%08x took %d ms, status=%d",
    "kernel: [%d.%06d] EXT4-fs (dm-%d): error count since last fsck: %d",
]


def messages(seed):
    choose = random.Random(seed)
    while True:
        template = TEMPLATES[choose.randrange(len(TEMPLATES))]
        yield template % (choose.randrange(100_000), choose.randrange(1_000_000),
                          choose.randrange(255), choose.randrange(65536))


def text_block(byte_count, seed):
    lines, length = [], 0
    for number, message in enumerate(messages(seed)):
        if length >= byte_count:
            break
        moment = time.strftime("%b %e %H:%M:%S", time.gmtime(1_700_000_000 + number // 20))
        line = f"{moment} bench {message}\n"
        lines.append(line)
        length += len(line)
    return "".join(lines).encode("ascii")[:byte_count]


def write_text(path, byte_count, seed):
    block = text_block(min(byte_count, UNIQUE_BYTE_COUNT), seed)
    with open(path, "wb") as file:
        left = byte_count
        while left > 0:
            left -= file.write(block[:left])


def size_of(folder):
    return sum(os.stat(os.path.join(folder, name)).st_size for name in os.listdir(folder))


def write_journal(program, folder, byte_count):
    """Feeds entries to systemd-journal-remote until its files have `byte_count` bytes."""
    os.makedirs(folder)
    process = subprocess.Popen(
        [program, "--split-mode=none", f"--output={folder}/system.journal", "-"],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        batch, number = [], 0
        for message in messages(7):
            number += 1
            process_name, _, text = message.partition(": ")
            batch.append(
                f"__REALTIME_TIMESTAMP={1_700_000_000_000_000 + number * 1000}\n"
                f"__MONOTONIC_TIMESTAMP={1_000_000 + number * 1000}\n_BOOT_ID={BOOT}\n"
                f"_MACHINE_ID={MACHINE}\n_HOSTNAME=bench\nPRIORITY={number % 8}\n"
                f"SYSLOG_IDENTIFIER={process_name.split('[')[0]}\nMESSAGE={text} #{number}\n\n")
            if len(batch) == 2000:
                process.stdin.write("".join(batch).encode("ascii"))
                batch = []
                if size_of(folder) >= byte_count:
                    break
    except BrokenPipeError:
        pass
    finally:
        try:
            process.stdin.close()
        except BrokenPipeError:
            pass
        process.wait()
    return size_of(folder)


def make(root, byte_count):
    """Makes the root; says in words what /var/log holds."""
    log = os.path.join(root, "var/log")
    os.makedirs(log)
    program = next((path for path in JOURNAL_PROGRAMS if os.access(path, os.X_OK)), None)
    journal = 0
    if program:
        journal = write_journal(program, os.path.join(log, "journal", MACHINE),
                                byte_count * JOURNAL_SHARE // 1000)
    rest = max(0, byte_count - journal)
    for seed, (name, share) in enumerate(SHARES.items()):
        write_text(os.path.join(log, name), rest * share // sum(SHARES.values()), seed)
    return (f"{rest:,} bytes in {len(SHARES)} files of syslog and "
            + (f"{journal:,} bytes in a journal" if journal else "no journal"
               + ("" if program else " (systemd-journal-remote is not installed)")))
