#pragma once

#include <sys/types.h>

/// Starts a program, looked for in PATH, with these descriptors as its input, output and errors and no others.
/// folder: where it runs; NULL for the caller's own. Returns 0 or an errno.
int programs_spawn(pid_t *pid, const char *folder, int input, int output, int errors, char *const arguments[],
    char *const environment[]);

/// A file in memory that goes with its descriptor. Returns it or -errno.
int programs_nameless_file(void);
