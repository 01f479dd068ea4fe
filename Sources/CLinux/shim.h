// What Swift cannot call by itself: macros, variadic functions, and system calls that the C
// library has no function for. Each function returns -1 and sets errno as the call it wraps.
#pragma once
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <linux/openat2.h>
#include <linux/stat.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// _GNU_SOURCE would give structures other members than the Glibc module has them, so what needs
// it is called as a system call, or declared here as the C library's headers do.
int pipe2(int ends[2], int flags);
int syncfs(int descriptor);
int pthread_clockjoin_np(pthread_t, void **, clockid_t, const struct timespec *);
int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *, const char *);
void *memmem(const void *, size_t, const void *, size_t);
int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *, int);
#ifndef F_SETPIPE_SZ
#define F_SETPIPE_SZ 1031
#endif
#ifndef O_PATH
#define O_PATH 010000000
#endif

static inline int diag_openat2(
    int directory, const char *path, unsigned long long flags, unsigned long long resolve) {
    struct open_how how = {.flags = flags, .mode = 0, .resolve = resolve};
    return (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
}

static inline int diag_openat(int directory, const char *path, int flags, unsigned mode) {
    return openat(directory, path, flags, mode);
}

/// Replaces this process by the program that is open as `descriptor`.
static inline int diag_execute(int descriptor, char *const arguments[], char *const environment[]) {
    return (int)syscall(
        SYS_execveat, descriptor, "", arguments, environment, 0x1000 /* AT_EMPTY_PATH */);
}

/// Lets every signal do what it does by default, and blocks none.
static inline void diag_reset_signals(void) {
    sigset_t none;
    for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static inline int diag_pass_on(int descriptor) { return fcntl(descriptor, F_SETFD, 0); }

// The kernel's identifier of the calling thread, gettid(2).
static inline int diag_gettid(void) { return (int)syscall(SYS_gettid); }

static inline int diag_pidfd_open(int pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

/// Reaps `pid` when it has ended, without waiting: 1 when reaped, 0 when it still runs, -1 on
/// error. `usage` is that of the one process, which waitid(2) gives only as a system call.
static inline int diag_reap(int pid, int *code, int *status, struct rusage *usage) {
    siginfo_t info;
    memset(&info, 0, sizeof info);
    if (syscall(SYS_waitid, P_PID, pid, &info, WEXITED | WNOHANG, usage) < 0) return -1;
    if (info.si_pid == 0) return 0;
    *code = info.si_code;
    *status = info.si_status;
    return 1;
}

static inline int diag_prctl(int option, unsigned long argument) {
    return prctl(option, argument, 0ul, 0ul, 0ul);
}

/// 1 when `signal` is ignored by this process, else 0.
static inline int diag_signal_is_ignored(int signal) {
    struct sigaction action;
    return sigaction(signal, 0, &action) == 0 && action.sa_handler == SIG_IGN;
}

/// Names the calling thread, and so a process of one, in lists and in the kernel log.
static inline int diag_set_name(const char *name) { return prctl(PR_SET_NAME, name, 0, 0, 0); }

/// Joins a thread that ends before `nanoseconds` on the monotonic clock; ETIMEDOUT otherwise.
static inline int diag_join_until(pthread_t thread, int64_t nanoseconds) {
    struct timespec end = {nanoseconds / 1000000000, nanoseconds % 1000000000};
    return pthread_clockjoin_np(thread, 0, CLOCK_MONOTONIC, &end);
}

/// Low priority for processor and disk: nice 19, and the idle-most best-effort I/O class.
static inline int diag_ioprio_set(int level) {
    return (int)syscall(SYS_ioprio_set, 1 /* process */, 0, (2 << 13) /* best effort */ | level);
}

static inline int diag_renameat2(
    int from_directory, const char *from, int to_directory, const char *to, unsigned flags) {
    return (int)syscall(SYS_renameat2, from_directory, from, to_directory, to, flags);
}

static inline int diag_landlock_abi(void) {
    return (int)syscall(SYS_landlock_create_ruleset, (void *)0, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

static inline int diag_landlock_create(unsigned long long handled) {
    struct landlock_ruleset_attr attributes = {.handled_access_fs = handled};
    return (int)syscall(
        SYS_landlock_create_ruleset, &attributes, sizeof attributes.handled_access_fs, 0);
}

static inline int diag_landlock_restrict(int ruleset) {
    return (int)syscall(SYS_landlock_restrict_self, ruleset, 0);
}

static inline int diag_capabilities_get(unsigned effective[2], unsigned permitted[2]) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    struct __user_cap_data_struct data[2];
    if (syscall(SYS_capget, &header, data) < 0) return -1;
    for (int word = 0; word < 2; word++) {
        effective[word] = data[word].effective;
        permitted[word] = data[word].permitted;
    }
    return 0;
}

static inline int diag_capabilities_set(const unsigned effective[2], const unsigned permitted[2]) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    struct __user_cap_data_struct data[2] = {
        {.effective = effective[0], .permitted = permitted[0], .inheritable = 0},
        {.effective = effective[1], .permitted = permitted[1], .inheritable = 0}};
    return (int)syscall(SYS_capset, &header, data);
}

static inline unsigned diag_major(unsigned long long device) { return major(device); }
static inline unsigned diag_minor(unsigned long long device) { return minor(device); }

static inline int diag_pipe_size(int descriptor, int byte_count) {
    return fcntl(descriptor, F_SETPIPE_SZ, byte_count);
}

static inline int diag_status_flags(int descriptor) { return fcntl(descriptor, F_GETFL); }
static inline int diag_set_status_flags(int descriptor, int flags) {
    return fcntl(descriptor, F_SETFL, flags);
}

/// Duplicates onto a descriptor of at least `minimum`, closed on exec.
static inline int diag_duplicate(int descriptor, int minimum) {
    return fcntl(descriptor, F_DUPFD_CLOEXEC, minimum);
}

/// `SEEK_DATA` is 3; the C library shows its name to _GNU_SOURCE alone. Source: linux/fs.h.
static inline off_t diag_seek_data(int descriptor, off_t offset) {
    return lseek(descriptor, offset, 3);
}

static inline int diag_window_size(int descriptor, int *columns, int *rows) {
    struct winsize size;
    if (ioctl(descriptor, TIOCGWINSZ, &size) < 0) return -1;
    *columns = size.ws_col;
    *rows = size.ws_row;
    return 0;
}


/// statx(2) of an open file without asking a server for fresh values or triggering an automount:
/// mode, device major and minor, and the attributes with their mask.
static inline int diag_statx(int descriptor, unsigned long long values[5]) {
    struct statx status;
    memset(&status, 0, sizeof status);
    if (syscall(
            SYS_statx, descriptor, "", 0x1000 /* AT_EMPTY_PATH */ | 0x4000 /* AT_STATX_DONT_SYNC */
                | 0x800 /* AT_NO_AUTOMOUNT */, STATX_BASIC_STATS, &status) < 0)
        return -1;
    values[0] = status.stx_mode;
    values[1] = status.stx_dev_major;
    values[2] = status.stx_dev_minor;
    values[3] = status.stx_attributes;
    values[4] = status.stx_attributes_mask;
    return 0;
}

#ifdef __GLIBC_PREREQ
#if __GLIBC_PREREQ(2, 34)
#define DIAG_HAS_CLOSEFROM 1
#endif
#endif
static inline int diag_spawn_close_from(posix_spawn_file_actions_t *actions, int from) {
#ifdef DIAG_HAS_CLOSEFROM
    return posix_spawn_file_actions_addclosefrom_np(actions, from);
#else
    (void)actions;
    (void)from;
    return 0;  // Every descriptor of ours is closed on exec anyway.
#endif
}
static inline int diag_spawn_change_directory(
    posix_spawn_file_actions_t *actions, const char *path) {
    return posix_spawn_file_actions_addchdir_np(actions, path);
}

/// Where `text` begins in `bytes`; -1 for nowhere.
static inline ssize_t diag_find(
    const void *bytes, size_t count, const void *text, size_t text_count) {
    const char *found = memmem(bytes, count, text, text_count);
    return found ? found - (const char *)bytes : -1;
}

#include "device_block.h"
#include "dump_output.h"
#include "fork_child.h"
#include "device_mapper.h"
#include "device_nvme.h"
#include "device_scsi.h"
#include "livedump_care.h"
#include "perf_event.h"
#include "perf_stack.h"
#include "spawn_dying.h"
