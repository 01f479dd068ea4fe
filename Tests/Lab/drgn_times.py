"""Run by the laboratory with drgn on a dump that QEMU made of the guest: tells how long each
process has run until then.

    drgn_times.py DUMP FOLDER-WITH-SYMBOLS

Prints as JSON a list of processes without kernel threads: number, number of the parent, time at
which it began, name, and nanoseconds that its threads and the children that it waited for ran.
"""

import json
import sys

from drgn.helpers.linux.pid import for_each_task

from drgn_walk import opened


def main():
    prog = opened(sys.argv[1], sys.argv[2])
    found = {}
    for task in for_each_task(prog):
        leader = task.group_leader
        number = task.tgid.value_()
        if not leader.mm and not task.mm:  # A kernel thread, or a process that has ended.
            continue
        if number not in found:
            signal = task.signal
            ended = sum(one.value_() for one in (
                signal.sum_sched_runtime, signal.cutime, signal.cstime))
            found[number] = [number, leader.real_parent.tgid.value_(), leader.start_time.value_(),
                             leader.comm.string_().decode(errors="replace"), ended]
        found[number][4] += task.se.sum_exec_runtime.value_()
    json.dump(list(found.values()), sys.stdout)


if __name__ == "__main__":
    main()
