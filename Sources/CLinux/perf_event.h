// Samples of what a processor does, by perf_event_open(2). Source: linux/perf_event.h.
#pragma once
#include <linux/perf_event.h>

/// What each sample holds, in the order of its fields in the record: instruction pointer, process
/// and thread, time, processor, call chain, and the registers of what was interrupted.
#define DIAG_PERF_SAMPLE_BASE \
    (PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU | PERF_SAMPLE_CALLCHAIN)

/// Opens a sampling event for everything that runs on `cpu`, not yet enabled.
///
/// `hardware`: processor cycles by the PMU, else the processor's clock by a timer. `registers`: the
/// mask of the registers wanted; 0 for none. Samples have the kernel's part of the call chain.
/// `period`: cycles, or nanoseconds of the clock, between two. No frequency is asked for: an event
/// with one keeps the tick of a processor running that has it off (Linux 6.1
/// kernel/events/core.c, account_freq_event).
static inline int diag_perf_open(
    int cpu, int hardware, unsigned long long registers, unsigned long long period) {
    struct perf_event_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.size = sizeof attributes;
    attributes.type = hardware ? PERF_TYPE_HARDWARE : PERF_TYPE_SOFTWARE;
    attributes.config = hardware ? PERF_COUNT_HW_CPU_CYCLES : PERF_COUNT_SW_CPU_CLOCK;
    attributes.sample_period = period;
    attributes.sample_type =
        DIAG_PERF_SAMPLE_BASE | (registers != 0 ? PERF_SAMPLE_REGS_INTR : 0);
    attributes.sample_regs_intr = registers;
    attributes.disabled = 1;
    attributes.exclude_callchain_user = 1;
    attributes.wakeup_events = 1;
    return (int)syscall(SYS_perf_event_open, &attributes, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
}

static inline int diag_perf_enable(int descriptor) {
    return ioctl(descriptor, PERF_EVENT_IOC_ENABLE, 0);
}
static inline int diag_perf_disable(int descriptor) {
    return ioctl(descriptor, PERF_EVENT_IOC_DISABLE, 0);
}

/// How far the kernel has written, counted from the ring's first use; what lies before is whole.
static inline unsigned long long diag_perf_head(const void *control) {
    const struct perf_event_mmap_page *page = control;
    return __atomic_load_n(&page->data_head, __ATOMIC_ACQUIRE);
}
