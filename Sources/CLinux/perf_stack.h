// Programs that the kernel runs at each perf sample, by bpf(2). Source: linux/bpf.h.
#pragma once
#include <linux/bpf.h>
#include <linux/perf_event.h>

static inline int diag_bpf(int command, union bpf_attr *attributes) {
    return (int)syscall(SYS_bpf, command, attributes, sizeof *attributes);
}

/// Makes an array in the kernel, of `count` values of `byte_count` bytes; a descriptor.
static inline int diag_bpf_array(unsigned byte_count, unsigned count) {
    union bpf_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.map_type = BPF_MAP_TYPE_ARRAY;
    attributes.key_size = sizeof(unsigned);
    attributes.value_size = byte_count;
    attributes.max_entries = count;
    return diag_bpf(BPF_MAP_CREATE, &attributes);
}

/// Has the kernel check a program of `count` instructions for perf events; a descriptor.
static inline int diag_bpf_load(const void *instructions, unsigned count, const char *license) {
    union bpf_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.prog_type = BPF_PROG_TYPE_PERF_EVENT;
    attributes.insns = (unsigned long long)(size_t)instructions;
    attributes.insn_cnt = count;
    attributes.license = (unsigned long long)(size_t)license;
    return diag_bpf(BPF_PROG_LOAD, &attributes);
}

/// Reads one value of an array into `value`, which has room for all of it.
static inline int diag_bpf_read(int array, unsigned key, void *value) {
    union bpf_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.map_fd = (unsigned)array;
    attributes.key = (unsigned long long)(size_t)&key;
    attributes.value = (unsigned long long)(size_t)value;
    return diag_bpf(BPF_MAP_LOOKUP_ELEM, &attributes);
}

/// Runs `program` at each sample of an event, for as long as the event is open.
static inline int diag_perf_attach(int event, int program) {
    return ioctl(event, PERF_EVENT_IOC_SET_BPF, program);
}
