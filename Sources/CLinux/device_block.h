// Block devices. Source: linux/fs.h.
#pragma once
#include <linux/fs.h>

#ifndef O_DIRECT
#if defined(__powerpc__) || defined(__powerpc64__)
#define DIAG_O_DIRECT 0400000
#elif defined(__aarch64__) || defined(__arm__)
#define DIAG_O_DIRECT 0200000
#else
#define DIAG_O_DIRECT 040000
#endif
#else
#define DIAG_O_DIRECT O_DIRECT
#endif

/// The size of a block device in bytes.
static inline int diag_block_size(int descriptor, unsigned long long *byte_count) {
    return ioctl(descriptor, BLKGETSIZE64, byte_count);
}

/// Says that a file is read here and there, so that nothing is read ahead.
static inline int diag_advise_random(int descriptor) {
    return posix_fadvise(descriptor, 0, 0, POSIX_FADV_RANDOM);
}
