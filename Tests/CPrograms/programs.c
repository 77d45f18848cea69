// In C: Swift does not see what glibc declares for _GNU_SOURCE alone.
#define _GNU_SOURCE
#include "programs.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>

int programs_spawn(pid_t *pid, const char *folder, int input, int output, int errors, char *const arguments[],
    char *const environment[]) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    int error = posix_spawn_file_actions_init(&actions);
    if (error != 0)
        return error;
    if ((error = posix_spawnattr_init(&attributes)) != 0) {
        posix_spawn_file_actions_destroy(&actions);
        return error;
    }
    if ((folder == NULL || (error = posix_spawn_file_actions_addchdir_np(&actions, folder)) == 0)
        && (error = posix_spawn_file_actions_adddup2(&actions, input, 0)) == 0
        && (error = posix_spawn_file_actions_adddup2(&actions, output, 1)) == 0
        && (error = posix_spawn_file_actions_adddup2(&actions, errors, 2)) == 0
        && (error = posix_spawn_file_actions_addclosefrom_np(&actions, 3)) == 0
        && (error = posix_spawnattr_setsigmask(&attributes, &none)) == 0
        && (error = posix_spawnattr_setsigdefault(&attributes, &all)) == 0
        && (error = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF)) == 0)
        error = posix_spawnp(pid, arguments[0], &actions, &attributes, arguments, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

int programs_nameless_file(void) {
    int descriptor = memfd_create("program", MFD_CLOEXEC);
    return descriptor < 0 ? -errno : descriptor;
}
