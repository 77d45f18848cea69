// In C: Swift does not see functions of variable arguments.
#define _GNU_SOURCE
#include "programs.h"

#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>

#ifdef __x86_64__

int programs_can_step(void) { return 1; }

// Returns 0 when the thread has stopped, or an errno.
static int await_stop(pid_t thread, int *status) {
    while (waitpid(thread, status, __WALL) < 0)
        if (errno != EINTR)
            return errno;
    return WIFSTOPPED(*status) ? 0 : ESRCH;
}

int programs_step(pid_t thread, long call, struct programs_span *spans, int most) {
    struct programs_span span = {0, 0};
    int status, error, signal = 0, has_begun = 0, count = 0;
    if (ptrace(PTRACE_SEIZE, thread, 0, 0) != 0)
        return -errno;
    if (ptrace(PTRACE_INTERRUPT, thread, 0, 0) != 0 || (error = await_stop(thread, &status)) != 0)
        return -ESRCH;
    while (count < most) {
        struct user_regs_struct registers;
        if (ptrace(PTRACE_SINGLESTEP, thread, 0, signal) != 0)
            return -errno;
        signal = 0;
        if ((error = await_stop(thread, &status)) != 0)
            return -error;
        if (WSTOPSIG(status) != SIGTRAP) {
            signal = WSTOPSIG(status);
            continue;
        }
        span.instructions++;
        if (ptrace(PTRACE_GETREGS, thread, 0, &registers) != 0)
            return -errno;
        // Behind a call its number; behind any other instruction -1.
        if ((long)registers.orig_rax < 0)
            continue;
        span.calls++;
        if ((long)registers.orig_rax != call || (long)registers.rax <= 0)
            continue;
        if (has_begun)
            spans[count++] = span;
        has_begun = 1;
        span = (struct programs_span){0, 0};
    }
    ptrace(PTRACE_DETACH, thread, 0, signal);
    return count;
}

#else

int programs_can_step(void) { return 0; }

int programs_step(pid_t thread, long call, struct programs_span *spans, int most) { return -ENOSYS; }

#endif
