// Writing a file of many gigabytes without growing the page cache. Source: fallocate(2),
// sync_file_range(2), posix_fadvise(2).
#pragma once
#include <sched.h>
#include <stdint.h>

/// Sets room aside for the first bytes of a file, which read as zero, and makes it that long.
static inline int diag_allocate(int descriptor, long long byte_count) {
    return (int)syscall(SYS_fallocate, descriptor, 0, 0LL, byte_count);
}

/// Starts writing `byte_count` bytes from `offset` to the disk.
static inline int diag_start_writing(int descriptor, long long offset, long long byte_count) {
    return (int)syscall(SYS_sync_file_range, descriptor, offset, byte_count, 2 /* WRITE */);
}

/// Waits until these bytes are on their way out, and drops them from the page cache.
static inline void diag_drop_written(int descriptor, long long offset, long long byte_count) {
    syscall(
        SYS_sync_file_range, descriptor, offset, byte_count, 7 /* WAIT_BEFORE, WRITE, WAIT_AFTER */);
    posix_fadvise(descriptor, offset, byte_count, POSIX_FADV_DONTNEED);
}

/// The flag that lets writes go past the page cache.
static inline int diag_direct_flag(void) { return DIAG_O_DIRECT; }

/// How many processors this process may run on.
static inline int diag_usable_processors(void) {
    unsigned long mask[128];
    long count = syscall(SYS_sched_getaffinity, 0, sizeof mask, mask);
    int processors = 0;
    for (long word = 0; word < count / (long)sizeof mask[0]; word++)
        processors += __builtin_popcountl(mask[word]);
    return processors;
}
