"""Run by the laboratory with drgn: walks what a kernel dump holds and prints it as JSON.

    drgn_walk.py DUMP FOLDER-WITH-SYMBOLS [stacks]

With `stacks` only tasks and their stacks are read: the small dump has no more.
"""

import glob
import json
import os
import sys

import drgn
from drgn.helpers.linux.fs import for_each_mount, mount_dst, mount_fstype
from drgn.helpers.linux.module import for_each_module
from drgn.helpers.linux.pid import for_each_task
from drgn.helpers.linux.printk import get_dmesg
from drgn.helpers.linux.sched import task_state_to_char
from drgn.helpers.linux.slab import for_each_slab_cache, slab_cache_usage


def opened(core, symbols):
    """The program for a dump, with the symbols in a folder."""
    prog = drgn.Program()
    prog.set_core_dump(core)
    modules = glob.glob(os.path.join(symbols, "*.ko"))
    prog.load_debug_info([os.path.join(symbols, "vmlinux")])
    for module in modules:  # A module that the guest has not loaded is no fault.
        try:
            prog.load_debug_info([module])
        except drgn.MissingDebugInfoError:
            pass
    return prog


def tasks(prog):
    """Every thread: its numbers, name, state, and the functions of its stack, innermost first."""
    found = []
    for task in for_each_task(prog):
        one = {"tid": task.pid.value_(), "pid": task.tgid.value_(),
               "comm": task.comm.string_().decode(errors="replace"),
               "state": task_state_to_char(task), "onProcessor": bool(task.on_cpu)}
        try:
            trace = prog.stack_trace(task)
            one["frames"] = [frame.name for frame in trace if not frame.is_inline]
            one["counter"] = trace[0].pc
        except (drgn.FaultError, LookupError, ValueError) as error:
            one["error"] = str(error)
        found.append(one)
    return found


def slabs(prog):
    """How many slab caches there are, and those whose slabs cannot be walked to their end."""
    names, faults = [], []
    for cache in for_each_slab_cache(prog):
        name = cache.name.string_().decode(errors="replace")
        names.append(name)
        try:
            slab_cache_usage(cache)
        except Exception as error:  # Whatever drgn says: that is what is looked for.
            faults.append("%s: %s" % (name, error))
    return {"names": names, "faults": faults}


def attempted(read):
    """What a function gives, or the error it ends with."""
    try:
        return {"value": read()}
    except Exception as error:
        return {"error": "%s: %s" % (type(error).__name__, error)}


def main():
    prog = opened(sys.argv[1], sys.argv[2])
    answer = {
        "release": attempted(lambda: prog["init_uts_ns"].name.release.string_().decode()),
        "tasks": attempted(lambda: tasks(prog)),
        "scheduler": [prog.symbol(name).address for name in (
            "__sched_text_start", "__sched_text_end")],
    }
    if sys.argv[3:] != ["stacks"]:
        answer["slabs"] = attempted(lambda: slabs(prog))
        answer["mounts"] = attempted(lambda: [
            [mount_dst(mount).decode(errors="replace"), mount_fstype(mount).decode()]
            for mount in for_each_mount(prog["init_task"].nsproxy.mnt_ns)])
        answer["log"] = attempted(lambda: get_dmesg(prog, timestamps=False).decode(
            errors="replace").splitlines())
        answer["modules"] = attempted(lambda: [
            module.name.string_().decode() for module in for_each_module(prog)])
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
