// Starting a process that dies with the one that started it: posix_spawn has no attribute for it.
// Between fork and exec only functions are called that are safe there.
#pragma once

/// Starts `path` as `*pid` with these streams, a session of its own, the working directory `/`,
/// no signal ignored or blocked, and SIGKILL when the thread that calls this ends.
///
/// The streams must be numbered above 2. Returns 0, or the errno of what failed.
static inline int diag_spawn_dying(
    const char *path, char *const arguments[], char *const environment[], int input, int output,
    int error, int *pid) {
    int report[2];
    if (pipe2(report, O_CLOEXEC) < 0) return errno;
    const pid_t parent = getpid();
    sigset_t all, before, none;
    sigfillset(&all);
    sigemptyset(&none);
    // No handler of ours may run in the child.
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const pid_t child = fork();
    if (child == 0) {
        const int streams[3] = {input, output, error};
        int failed = prctl(PR_SET_PDEATHSIG, SIGKILL, 0ul, 0ul, 0ul) < 0;
        if (getppid() != parent) _exit(127);  // It ended before that.
        struct sigaction plain;
        memset(&plain, 0, sizeof plain);
        plain.sa_handler = SIG_DFL;
        for (int number = 1; number < 65; number++) sigaction(number, &plain, 0);
        setsid();
        for (int number = 0; number < 3; number++)
            failed = failed || dup2(streams[number], number) < 0;
        failed = failed || chdir("/") < 0;
        // Ours are closed by exec anyway; those that we were given and do not know are, too.
#ifdef SYS_close_range
        syscall(SYS_close_range, 3u, ~0u, 4u);  // 4: closed on exec.
#endif
        sigprocmask(SIG_SETMASK, &none, 0);
        if (!failed) execve(path, arguments, environment);
        const int reason = errno;
        if (write(report[1], &reason, sizeof reason) < 0) _exit(126);
        _exit(127);
    }
    int reason = child < 0 ? errno : 0;
    pthread_sigmask(SIG_SETMASK, &before, 0);
    close(report[1]);
    if (child > 0) {
        ssize_t count;
        do count = read(report[0], &reason, sizeof reason);
        while (count < 0 && errno == EINTR);
        if (count == (ssize_t)sizeof reason) {
            int status;
            while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
        } else {
            reason = 0;
        }
    }
    close(report[0]);
    *pid = child;
    return reason;
}
