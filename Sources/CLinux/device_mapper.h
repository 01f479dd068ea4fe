// Questions to the device mapper that change nothing. Source: linux/dm-ioctl.h.
#pragma once
#include <linux/dm-ioctl.h>

enum diag_dm_question {
    DIAG_DM_VERSION,
    DIAG_DM_DEVICES,
    DIAG_DM_TARGETS,
    DIAG_DM_DEVICE,
    DIAG_DM_TABLE,
    DIAG_DM_STATUS,
    DIAG_DM_DEPENDENCIES,
};

/// Asks about `device`, a packed device number, and lets the kernel answer into `buffer`, of
/// which the first `byte_count` bytes are used; at least a struct dm_ioctl. `flags` are the flags
/// of the answer.
///
/// The kernel wipes its own copy of the answer, which may hold a key. A status is asked for
/// without a flush: with one, a thin pool would commit its metadata first.
static inline int diag_dm_ask(
    int descriptor, int question, unsigned long long device, void *buffer, unsigned byte_count,
    unsigned *flags) {
    struct dm_ioctl *head = buffer;
    unsigned long request;
    memset(head, 0, sizeof *head);
    head->version[0] = DM_VERSION_MAJOR;
    head->data_size = byte_count;
    head->data_start = sizeof *head;
    head->dev = device;
    head->flags = DM_SECURE_DATA_FLAG | DM_NOFLUSH_FLAG;
    switch (question) {
    case DIAG_DM_VERSION: request = DM_VERSION; break;
    case DIAG_DM_DEVICES: request = DM_LIST_DEVICES; break;
    case DIAG_DM_TARGETS: request = DM_LIST_VERSIONS; break;
    case DIAG_DM_DEVICE: request = DM_DEV_STATUS; break;
    case DIAG_DM_TABLE:
        request = DM_TABLE_STATUS;
        head->flags |= DM_STATUS_TABLE_FLAG;
        break;
    case DIAG_DM_STATUS: request = DM_TABLE_STATUS; break;
    case DIAG_DM_DEPENDENCIES: request = DM_TABLE_DEPS; break;
    default: errno = EINVAL; return -1;
    }
    int result = ioctl(descriptor, request, buffer);
    *flags = head->flags;
    return result;
}

static inline int diag_dm_buffer_is_full(unsigned flags) {
    return (flags & DM_BUFFER_FULL_FLAG) != 0;
}

/// Overwrites memory that held secrets, and is not optimised away.
static inline void diag_wipe(void *memory, size_t byte_count) {
    memset(memory, 0, byte_count);
    __asm__ __volatile__("" : : "r"(memory) : "memory");
}
