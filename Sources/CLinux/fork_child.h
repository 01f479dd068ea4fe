// Processes of this same program that are forked and not executed again. Whoever forks has one
// thread alone, so in the child everything may be called.
#pragma once
#include <dirent.h>
#include <sys/socket.h>

/// How many threads this process has; 0 where /proc does not say.
static inline int diag_thread_count(void) {
    struct stat status;
    if (stat("/proc/self/task", &status) < 0 || status.st_nlink < 3) return 0;
    return (int)status.st_nlink - 2;
}

/// fork(2) with all signals blocked, so that no handler of the parent runs in the child, which
/// unblocks them by `diag_settle_child`.
static inline int diag_fork(void) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const pid_t child = fork();
    if (child != 0) {
        const int reason = errno;
        pthread_sigmask(SIG_SETMASK, &before, 0);
        errno = reason;
    }
    return child;
}

/// 1 when what our children leave behind becomes our child.
static inline int diag_adopts_orphans(void) {
    int is_set = 0;
    return prctl(PR_GET_CHILD_SUBREAPER, (unsigned long)&is_set, 0ul, 0ul, 0ul) == 0 && is_set;
}

/// Closes every descriptor from `first` on.
static inline int diag_close_from(int first) {
#ifdef SYS_close_range
    if (syscall(SYS_close_range, (unsigned)first, ~0u, 0u) == 0) return 0;
#endif
    // Linux before 5.9. What is closed while it is read may be told or not: until none is left.
    for (int closed = 1; closed;) {
        closed = 0;
        DIR *directory = opendir("/proc/self/fd");
        if (!directory) return -1;
        for (struct dirent *entry; (entry = readdir(directory));) {
            const int number = atoi(entry->d_name);
            if (number >= first && number != dirfd(directory) && close(number) == 0) closed = 1;
        }
        closedir(directory);
    }
    return 0;
}

/// Makes of a forked child what a started program is: a session of its own, `descriptors` as its
/// first ones and no others, the working directory `/`, no signal ignored or blocked.
static inline int diag_settle_child(const int *descriptors, int count) {
    int copies[4];
    setsid();
    for (int number = 0; number < count; number++) {
        copies[number] = fcntl(descriptors[number], F_DUPFD, 4);
        if (copies[number] < 0) return -1;
    }
    for (int number = 0; number < count; number++)
        if (dup2(copies[number], number) < 0) return -1;
    if (diag_close_from(count) < 0 || chdir("/") < 0) return -1;
    diag_reset_signals();
    return 0;
}

/// Forks a process that is not our child but that of the nearest ancestor which adopts orphans:
/// one process between us and it ends at once. `*word` is memory that all three share.
///
/// Returns 0 in the new process, once it has its new parent; in ours its number, or the negative
/// errno of what failed.
static inline int diag_fork_orphan(volatile int *word) {
    *word = -ECHILD;
    const pid_t middle = diag_fork();
    if (middle < 0) return -errno;
    if (middle == 0) {
        const pid_t self = getpid();
        const pid_t child = fork();
        if (child != 0) {
            *word = child > 0 ? child : -errno;
            _exit(0);
        }
        const struct timespec moment = {.tv_nsec = 50000};
        for (int count = 0; getppid() == self; count++)
            if (count < 100) sched_yield(); else nanosleep(&moment, 0);
        // What it does from here on must not reach the others.
        munmap((void *)word, 4096);
        return 0;
    }
    int status;
    while (waitpid(middle, &status, 0) < 0 && errno == EINTR) {}
    return *word;
}

static inline void *diag_shared_word(void) {
    void *word = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return word == MAP_FAILED ? 0 : word;
}

/// Two connected sockets that keep the borders of messages.
static inline int diag_socket_pair(int ends[2]) {
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends);
}

/// Sends `bytes` with at most 4 descriptors, and no signal when nobody is there to receive them.
static inline ssize_t diag_send(
    int socket, const void *bytes, size_t byte_count, const int *descriptors, int count) {
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(4 * sizeof(int))];
    } control;
    memset(&control, 0, sizeof control);
    struct iovec vector = {.iov_base = (void *)bytes, .iov_len = byte_count};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
    if (count > 0) {
        message.msg_control = &control;
        message.msg_controllen = CMSG_SPACE((size_t)count * sizeof(int));
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN((size_t)count * sizeof(int));
        memcpy(CMSG_DATA(header), descriptors, (size_t)count * sizeof(int));
    }
    return sendmsg(socket, &message, MSG_NOSIGNAL);
}

/// Receives a message and its descriptors, at most 4; `*count` is how many. A message that is longer
/// than the buffer, or has more descriptors, is an error: EMSGSIZE.
static inline ssize_t diag_receive(
    int socket, void *bytes, size_t byte_count, int descriptors[4], int *count) {
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(4 * sizeof(int))];
    } control;
    struct iovec vector = {.iov_base = bytes, .iov_len = byte_count};
    struct msghdr message = {
        .msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control,
        .msg_controllen = sizeof control};
    *count = 0;
    const ssize_t received = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    if (received < 0) return -1;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) {
        *count = (int)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        memcpy(descriptors, CMSG_DATA(header), (size_t)*count * sizeof(int));
    }
    if (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
        errno = EMSGSIZE;
        return -1;
    }
    return received;
}

/// Has only `names`, texts `NAME=VALUE`, in the environment, and wipes what was in it.
static inline int diag_replace_environment(char *const *names) {
    extern char **environ;
    for (char **each = environ; each && *each; each++) explicit_bzero(*each, strlen(*each));
    if (clearenv() != 0) return -1;
    for (; *names; names++) {
        const char *sign = strchr(*names, '=');
        if (!sign || sign - *names > 255) continue;
        char name[256];
        memcpy(name, *names, (size_t)(sign - *names));
        name[sign - *names] = 0;
        if (setenv(name, sign + 1, 1) != 0) return -1;
    }
    return 0;
}
