/* A child process under limits, a system call filter and a clock. */
#include "base/box.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#endif

#define OUT_FD 3

/* ---- in the child ---- */

static void limit(__rlimit_resource_t resource, rlim_t value)
{
    struct rlimit r = { value, value };
    if (setrlimit(resource, &r) != 0) {
        _exit(1);
    }
}

static void set_limits(const struct box_limits *l)
{
    int64_t cpu_us = SANITIZED ? l->cpu_us * 10 : l->cpu_us;
    struct itimerval cpu = { .it_value = { .tv_sec = cpu_us / 1000000, .tv_usec = cpu_us % 1000000 } };
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_FSIZE, 0);
    if (!l->threads) { /* else the filter sees to it: those of the whole user count here */
        limit(RLIMIT_NPROC, 0);
    }
    limit(RLIMIT_CPU, (rlim_t)(cpu_us / 1000000 + 2)); /* if the timer were lost */
    if (!SANITIZED) {
        limit(RLIMIT_AS, l->memory);
    }
    if (setitimer(ITIMER_PROF, &cpu, NULL) != 0) { /* SIGPROF ends it */
        _exit(1);
    }
}

#ifdef ARCH
#define NUMBER       BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))
#define RETURN(what) BPF_STMT(BPF_RET | BPF_K, (what))
#define ALLOW(name)  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_##name, 0, 1), RETURN(SECCOMP_RET_ALLOW)
/* Only with (or without) a bit of an argument; the number is loaded again for what comes after. */
#define ALLOW_IF(name, argument, bits, with)                                                                 \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_##name, 0, 4),                                                  \
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[argument])),                   \
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (bits), (with) ? 0 : 1, (with) ? 1 : 0),                        \
        RETURN(SECCOMP_RET_ALLOW), RETURN(SECCOMP_RET_KILL_PROCESS)
#define REFUSE(name, error)                                                                                  \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_##name, 0, 1), RETURN(SECCOMP_RET_ERRNO | (error))
#define EXECUTABLE 4 /* PROT_EXEC */

/* Memory that is not executable, writing to what is open (nothing but the pipe), and the end. */
#define RULES_PLAIN                                                                                          \
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),                                 \
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0), RETURN(SECCOMP_RET_KILL_PROCESS), NUMBER,           \
        ALLOW(write), ALLOW(brk), ALLOW(munmap), ALLOW(mremap), ALLOW(madvise), ALLOW(futex),                \
        ALLOW(exit_group), ALLOW_IF(mmap, 2, EXECUTABLE, false)

/* What threads take: their stacks, their names, their turns. Of clone only what makes a thread; glibc takes
 * it where there is no clone3, whose flags cannot be seen from here. */
#define RULES_THREADS                                                                                        \
    ALLOW_IF(mprotect, 2, EXECUTABLE, false), ALLOW_IF(clone, 0, CLONE_THREAD, true),                        \
        REFUSE(clone3, ENOSYS), ALLOW(set_robust_list), ALLOW(rseq), ALLOW(rt_sigprocmask),                  \
        ALLOW(rt_sigaction), ALLOW(exit), ALLOW(sched_yield), ALLOW(gettid), ALLOW(getpid),                  \
        ALLOW(clock_gettime), ALLOW(getrandom), REFUSE(sched_getaffinity, EPERM), REFUSE(prctl, EPERM)

static void install(const struct sock_filter *rules, size_t count)
{
    const struct sock_fprog program = { (unsigned short)count, (struct sock_filter *)(uintptr_t)rules };
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) {
        _exit(1);
    }
}

static void forbid_system_calls(bool threads)
{
    static const struct sock_filter plain[] = { RULES_PLAIN, RETURN(SECCOMP_RET_KILL_PROCESS) };
    static const struct sock_filter with_threads[] = { RULES_PLAIN, RULES_THREADS,
                                                       RETURN(SECCOMP_RET_KILL_PROCESS) };
    if (threads) {
        install(with_threads, sizeof(with_threads) / sizeof(with_threads[0]));
    } else {
        install(plain, sizeof(plain) / sizeof(plain[0]));
    }
}
#else
static void forbid_system_calls(bool threads)
{
    (void)threads;
}
#endif

static void give(const struct buf *b)
{
    for (size_t sent = 0; sent < b->n;) {
        ssize_t n = write(OUT_FD, b->p + sent, b->n - sent);
        if (n <= 0) {
            _exit(1);
        }
        sent += (size_t)n;
    }
}

static void shed_signals(void)
{
    sigset_t none;
    sigemptyset(&none);
    for (int number = 1; number < NSIG; number++) {
        (void)signal(number, SIG_DFL);
    }
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* 0, 1 and 2 become the pipe too: what a library says on its way down must not be lost in somebody's socket.
 */
static void child(const struct box_limits *l, void (*work)(void *, struct buf *), void *data, int fd,
                  size_t ceiling)
{
    struct buf out;
    shed_signals();
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || (fd != OUT_FD && dup2(fd, OUT_FD) < 0)) {
        _exit(1);
    }
    (void)syscall(SYS_close_range, OUT_FD + 1, ~0U, 0);
    if (!SANITIZED) {
        (void)syscall(SYS_close_range, 0, OUT_FD - 1, 0);
    }
    set_limits(l);
    if (!SANITIZED) {
        forbid_system_calls(l->threads);
    }
    buf_init(&out, ceiling);
    work(data, &out);
    give(&out);
    _exit(0);
}

/* ---- in the parent ---- */

/* Until the pipe is closed; false when time is up or there is more than fits. */
static bool collect(int fd, int64_t deadline, struct buf *out)
{
    char bytes[65536];
    for (;;) {
        int64_t left = deadline - clock_mono_us();
        struct pollfd p = { fd, POLLIN, 0 };
        int ready = left > 0 ? poll(&p, 1, (int)(left / 1000) + 1) : 0;
        if (ready == 0) {
            return false;
        }
        ssize_t n = ready > 0 ? read(fd, bytes, sizeof(bytes)) : -1;
        if (n == 0) {
            return true;
        }
        if (n < 0 && errno != EINTR) {
            return true;
        }
        buf_add(out, bytes, n > 0 ? (size_t)n : 0);
        if (out->overflow) {
            return false;
        }
    }
}

static enum box_end verdict(int status, bool whole, const struct buf *out)
{
    if (!whole) {
        return out->overflow ? BOX_TOO_MUCH : BOX_TIME;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        return BOX_DONE;
    }
    bool late = WIFSIGNALED(status) && (WTERMSIG(status) == SIGPROF || WTERMSIG(status) == SIGXCPU);
    return late ? BOX_TIME : BOX_CRASHED;
}

enum box_end box_run(const struct box_limits *l, void (*work)(void *data, struct buf *out), void *data,
                     struct buf *out)
{
    int fds[2], status = 0;
    int64_t deadline = clock_mono_us() + l->wall_us;
    if (pipe2(fds, O_CLOEXEC) != 0) {
        return BOX_FAILED;
    }
    pid_t pid = fork();
    if (pid == 0) {
        child(l, work, data, fds[1], out->ceiling);
    }
    close(fds[1]);
    if (pid < 0) {
        close(fds[0]);
        return BOX_FAILED;
    }
    bool whole = collect(fds[0], deadline, out);
    close(fds[0]);
    if (!whole) {
        kill(pid, SIGKILL);
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return verdict(status, whole, out);
}
