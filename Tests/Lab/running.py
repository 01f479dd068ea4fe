"""What a dump tells of a thread that runs on a processor: its registers in the dump, and its stack
beside it, both by perf samples."""

import json
import struct

import dumpchecks
from dumprun import dump, function
from kdump import Kdump

# Reads from /dev/zero without rest, on the second processor.
BUSY = """taskset -c 1 dd if=/dev/zero of=/dev/null bs=64k </dev/null >/dev/null 2>&1 &
echo $!"""
# Source: Linux 6.1, include/linux/elfcore.h and arch/x86/include/asm/user_64.h.
PRSTATUS, PROCESS_OFFSET, REGISTERS_OFFSET = 1, 32, 112
RIP, CS = 16, 17
KERNEL_CODE = 0x10
USER_CODE = 0x33


# The thread may have left its processor when the dump ends: then its stack there is its own again.
TRIES = 4


def check(lab, guest):
    """Dumps of a guest with a busy thread, until one has its stack as it was sampled."""
    process = int(guest.machine.need(BUSY))
    for number in range(TRIES):
        made = dump(guest, "running-%d" % number, "stacks")
        if not lab.complete("running", made):
            break
        walk = dumpchecks.walked(lab.readers, made.file, lab.symbols, small=True)
        found = [task for task in walk["tasks"].get("value", []) if task["tid"] == process]
        told = made.report.get("registers", {})
        lab.run.say("running: try %d: %s, %s" % (number + 1, told, found))
        is_whole = bool(found) and dumpchecks.is_whole(found[0].get("frames", []))
        if is_whole and told.get("withStack", 0) > 0:
            break
    guest.machine.need("kill %d" % process)
    if not made.file:
        return
    lab.results.check("running: the stacks of processors in the kernel are as they were sampled",
                      0 < told.get("withStack", 0) == told.get("inKernel", 0), told)
    lab.results.check("running: drgn unwinds the running thread to its entry in one of %d dumps"
                      % TRIES, is_whole, found)
    _stack(lab.results, made, process)
    notes = [content for name, kind, content in Kdump(made.file).notes
             if (name, kind) == ("CORE", PRSTATUS)]
    number, = struct.unpack_from("<i", notes[1], PROCESS_OFFSET)
    registers = struct.unpack_from("<27Q", notes[1], REGISTERS_OFFSET)
    # By its place plus 1 drgn finds a processor's registers where there was no crash.
    lab.results.check("running: the dump has the registers of the second processor",
                      number == 2 and registers[CS] in (KERNEL_CODE, USER_CODE),
                      (number, registers))
    lab.results.check("running: drgn has the thread on a processor, at the registers of the dump",
                      len(found) == 1 and found[0]["onProcessor"] and
                      found[0].get("counter") == registers[RIP], (found, hex(registers[RIP])))


def _stack(results, made, process):
    """Claims that the stacks beside the dump have what the thread did, to its entry."""
    with open(made.path("LiveDump-stacks.json"), encoding="utf-8") as file:
        told = json.load(file)
    processor = told["processors"][1]
    results.equal("running: the second processor is told to run it",
                  (processor.get("thread"), processor.get("name")), (process, "dd"))
    thread = [one for one in told["threads"] if one["thread"] == process]
    if processor["mode"] == "user":
        return  # Seldom: it copies in the kernel nearly all the time.
    frames = [function(frame.split("+")[0]) for frame in
              told["stacks"][thread[0]["stack"]]["frames"]] if thread else []
    results.check("running: the thread has the stack of the sample, from a read or write to its"
                  " entry", dumpchecks.is_whole(frames) and
                  {"ksys_read", "ksys_write", "do_syscall_64"} & set(frames), (thread, processor))
