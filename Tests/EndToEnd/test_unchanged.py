"""A run changes nothing on the host."""

import os
import re
import shutil
import subprocess

import harness
from harness import PARTIAL


def read(path):
    """A file, or why it cannot be read."""
    try:
        return harness.content(path)
    except OSError as error:
        return str(error).encode()


def settings(folder):
    """Every value below a folder of /proc/sys that can be read."""
    values = {}
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            values[path] = read(path)
    return values


class Host(harness.Case):
    """The state of kernel and files before and after."""

    def state(self):
        state = {
            "modules": sorted(line.split()[0] for line in read("/proc/modules").splitlines()),
            "mounts": read("/proc/self/mountinfo"),
            "swaps": [line.split()[:3] for line in read("/proc/swaps").splitlines()],
            "interfaces": sorted(os.listdir("/sys/class/net")) if os.path.isdir("/sys/class/net")
            else [],
            "routes": read("/proc/net/route"),
            "routes6": read("/proc/net/ipv6_route"),
            "addresses6": read("/proc/net/if_inet6"),
            "block devices": sorted(os.listdir("/sys/block")) if os.path.isdir("/sys/block")
            else [],
            "settings of the network": settings("/proc/sys/net/ipv4/conf"),
            "settings of memory": {name: value for name, value in settings("/proc/sys/vm").items()
                                   if "stat" not in name},
            "core": read("/proc/sys/kernel/core_pattern"),
            "tainted": read("/proc/sys/kernel/tainted"),
            "printk": read("/proc/sys/kernel/printk"),
            "schedulers": {one: read("/sys/block/%s/queue/scheduler" % one)
                           for one in (os.listdir("/sys/block") if os.path.isdir("/sys/block")
                                       else [])},
        }
        if shutil.which("ip"):
            for words in (["addr"], ["route", "show", "table", "all"], ["link"], ["rule"]):
                text = subprocess.run(["ip", "-j"] + words, stdout=subprocess.PIPE,
                                      stderr=subprocess.DEVNULL, timeout=30).stdout
                # What counts down by itself is not of interest.
                state["ip " + words[0]] = re.sub(
                    rb'"(preferred_life_time|valid_life_time|expires)":\d+,?', b"", text)
        return state

    def test_kernel_state_is_as_before(self):
        before = self.state()
        self.collect(expected=(0, PARTIAL))
        after = self.state()
        for name in before:
            self.assertEqual(after[name], before[name], name)

    def test_read_root_is_as_before(self):
        """Not even an access time of a file changes where the program can prevent it."""
        root = harness.fixture_root(self.folder)
        harness.write(os.path.join(root, "boot/grub/grub.cfg"), "menuentry x {}\n")

        def state():
            found = {}
            for place, folders, files in os.walk(root):
                for path in [place] + [os.path.join(place, name) for name in files]:
                    status = os.lstat(path)
                    found[path] = (status.st_mode, status.st_uid, status.st_size, status.st_ino,
                                   status.st_mtime_ns, status.st_ctime_ns, status.st_nlink)
            return found
        before = state()
        self.collect("--root", root, expected=(0, PARTIAL))
        self.assertEqual(state(), before)

    def test_working_directory_stays_empty(self):
        work = self.path("work")
        os.mkdir(work)
        self.collect(cwd=work, expected=(0, PARTIAL))
        self.assertEqual(os.listdir(work), [])

    def test_nothing_is_left_running(self):
        before = set(harness.descendants(os.getpid()))
        self.collect(expected=(0, PARTIAL))
        harness.wait_until(lambda: set(harness.descendants(os.getpid())) == before, 30,
                           "the end of all processes")

    def traced(self, *arguments, calls):
        """Lines of strace for a run of the program."""
        if not shutil.which("strace"):
            self.skipTest("strace is not installed")
        trace = self.path("trace")
        probe = subprocess.run(["strace", "-o", trace, "true"], stderr=subprocess.PIPE, timeout=60)
        if probe.returncode != 0:
            self.skipTest("strace cannot trace here: %s" % probe.stderr.decode()[:100])
        outcome = harness.run("-f", "-qq", "-y", "-s", "4096", "-e", "trace=" + calls,
                              "-o", trace, harness.BINARY, *arguments,
                              binary=shutil.which("strace"), timeout=250)
        self.assertIn(outcome.status, (0, PARTIAL), str(outcome))
        with open(trace, errors="replace") as file:
            return join_unfinished(file)

    def test_no_file_is_written_outside_of_the_output(self):
        """Every call that opens for writing, makes, removes or changes a name or a mode."""
        lines = self.traced(
            "collect", "--output", self.output, "--progress", "none",
            calls="open,openat,openat2,creat,mkdir,mkdirat,unlink,unlinkat,rmdir,rename,renameat,"
            "renameat2,link,linkat,symlink,symlinkat,mknod,mknodat,chmod,fchmod,fchmodat,chown,"
            "fchown,fchownat,lchown,truncate,utimensat,setxattr,lsetxattr,fsetxattr,mount,umount2,"
            "sethostname,settimeofday,clock_settime,init_module,finit_module,delete_module,reboot,"
            "swapon,swapoff")
        self.assertGreater(len(lines), 100)
        real = os.path.realpath(self.folder)
        wrong, inside = [], 0
        for line in lines:
            call = re.match(r"\d+\s+(\w+)\((.*)", line)
            if not call or re.search(r"\)\s+= -1 E", line):
                continue
            name, rest = call.groups()
            if name in ("open", "openat", "openat2") and not re.search(
                    r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_TMPFILE", rest):
                continue
            if '"/dev/null"' in rest or "</dev/null" in rest:
                continue
            # Its own standard streams, opened anew so that a full pipe cannot hold it up.
            if re.search(r'"/proc/self/fd/[12]"', rest):
                continue
            # With -y, a relative name stands behind the path of its directory.
            if real + "/" in rest or self.folder in rest:
                inside += 1
                continue
            wrong.append(line.strip()[:300])
        self.assertEqual(wrong, [])
        self.assertGreater(inside, 20)

    def test_workers_give_up_what_they_could_write_with(self):
        """Each worker confines itself, and only then opens what the host holds."""
        lines = self.traced("collect", "--output", self.output, "--progress", "none",
                            *harness.ONLY_CODE,
                            calls="read,statx,statfs,fstatfs,prctl,capset,prlimit64,setrlimit,openat2,"
                            "landlock_create_ruleset,landlock_restrict_self")
        workers, probing = {}, set()
        for line in lines:
            number, call = line.split(None, 1)
            # A worker is what reads a request, the line of its standard input.
            request = re.match(r'read\(\d+<pipe[^>]*>, *"\{.*\\"collector\\":\\"(\w+)\\"', call)
            if request and "diagbundle.worker-request/" in call:
                workers.setdefault(number, request.group(1))
                if '\\"probe\\"' in call:
                    probing.add(number)
        self.assertEqual(set(workers.values()), set(harness.COLLECTORS))
        for number, name in workers.items():
            calls = [line.split(None, 1)[1] for line in lines if line.split(None, 1)[0] == number]

            def index(pattern):
                found = [at for at, call in enumerate(calls) if re.search(pattern, call)]
                self.assertTrue(found, "%s: no %s" % (name, pattern))
                return found[0]
            # A probe asks for the state of a mount, or opens a device.
            first_read = index(r"^(statx|f?statfs)\(|^openat2\(.*(dev|proc|sys)"
                               if number in probing
                               else r"^openat2\(.*(proc|sys|etc|boot|var)")
            for pattern in (r"PR_SET_NO_NEW_PRIVS, 1.*= 0", r"^capset\(.*= 0",
                            r"RLIMIT_FSIZE, \{rlim_cur=0, rlim_max=0\}.*= 0",
                            r"RLIMIT_CORE, \{rlim_cur=0, rlim_max=0\}.*= 0"):
                self.assertLess(index(pattern), first_read, "%s: %s" % (name, pattern))
            has_landlock = any("landlock_create_ruleset(NULL" in call and "= -1" not in call
                               for call in calls)
            if name in ("boot", "logs") and has_landlock:
                self.assertLess(index(r"^landlock_restrict_self\(.*= 0"), first_read, name)
            capset = calls[index(r"^capset\(")]
            self.assertNotIn("CAP_DAC_OVERRIDE", capset)
            self.assertNotIn("CAP_FOWNER", capset)
            self.assertNotIn("CAP_SYS_MODULE", capset)

    def test_no_program_is_started_but_its_own(self):
        lines = self.traced("collect", "--output", self.output, "--progress", "none",
                            *harness.ONLY_CODE,
                            calls="execve,execveat")
        started = [line for line in lines if "execve" in line and re.search(r"= 0$", line.strip())]
        self.assertGreaterEqual(len(started), 1)
        for line in started:
            self.assertTrue('"/proc/self/exe"' in line or '"%s"' % harness.BINARY in line
                            or "diagbundle" in line, line)

    def test_no_socket_leads_out_of_the_host(self):
        lines = self.traced("collect", "--output", self.output, "--progress", "none",
                            *harness.ONLY_CODE,
                            calls="execve,socket,connect,bind,sendto,sendmsg")
        # There may be no socket at all; that the trace has the run in it shows by its start.
        self.assertTrue([line for line in lines if "execve(" in line and '"collect"' in line],
                        lines)
        families = {family for line in lines for family in re.findall(r"\bAF_\w+", line)}
        self.assertLessEqual(families, {"AF_UNIX", "AF_NETLINK"}, lines)

    def test_no_device_is_opened(self):
        """The collectors that are our own code read memory, and files, no disk."""
        lines = self.traced("collect", "--output", self.output, "--progress", "none",
                            *harness.ONLY_CODE,
                            calls="open,openat,openat2")
        # What was opened is seen by the path of its descriptor: this must be there for the rest.
        self.assertGreater(len([one for one in lines if re.search(r"= \d+</proc/", one)]), 100)
        opened = [line for line in lines
                  if re.search(r"= \d+<(/dev/[^>]*)>", line)
                  and not re.search(r"= \d+</dev/(null|kmsg|pts/\d+|tty)(<[^>]*>)?>", line)]
        opened = [line for line in opened if "O_PATH" not in line and "O_DIRECTORY" not in line]
        self.assertEqual(opened, [])


def join_unfinished(lines):
    """The lines of strace with the two halves of an interrupted call put together."""
    halves, whole = {}, []
    for line in lines:
        process = line.split(None, 1)[0]
        if "<unfinished ...>" in line:
            halves[process] = line.split("<unfinished ...>")[0].rstrip()
        elif "resumed>" in line and process in halves:
            whole.append(halves.pop(process) + line.split("resumed>", 1)[1])
        else:
            whole.append(line)
    return whole
