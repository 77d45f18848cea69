#pragma once

#include <sys/types.h>

/// Starts a program, looked for in PATH, with these descriptors as its input, output and errors and no others.
/// folder: where it runs; NULL for the caller's own. Returns 0 or an errno.
int programs_spawn(pid_t *pid, const char *folder, int input, int output, int errors, char *const arguments[],
    char *const environment[]);

/// What a thread did between two of its calls of one kind.
struct programs_span {
    /// In user mode.
    long instructions;
    long calls;
};

/// Lets another process's thread run one instruction at a time, until `most` spans between two successful calls of the number
/// `call` are counted. Blocks as long as the thread waits for something. Only where `programs_can_step`. Returns how many spans
/// there are, or -errno: -ESRCH when the thread is gone.
int programs_step(pid_t thread, long call, struct programs_span *spans, int most);

int programs_can_step(void);

/// A file in memory that goes with its descriptor. Returns it or -errno.
int programs_nameless_file(void);
