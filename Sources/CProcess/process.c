#define _GNU_SOURCE
#include "CProcess.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

int vignette_spawn(const char *path, char *const arguments[], char *const environment[], int socket, pid_t *pid) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int error = posix_spawn_file_actions_init(&actions);
    if (error != 0) {
        return -error;
    }
    error = posix_spawnattr_init(&attributes);
    if (error != 0) {
        posix_spawn_file_actions_destroy(&actions);
        return -error;
    }
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    // The socket moves first, so that opening 0 and 1 cannot take its place. dup2 onto itself clears the close-on-exec flag.
    if ((error = posix_spawn_file_actions_adddup2(&actions, socket, 3)) == 0
        && (error = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)) == 0
        && (error = posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)) == 0
        && (error = posix_spawn_file_actions_addclosefrom_np(&actions, 4)) == 0
        && (error = posix_spawnattr_setsigmask(&attributes, &none)) == 0
        && (error = posix_spawnattr_setsigdefault(&attributes, &all)) == 0
        && (error = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF)) == 0) {
        error = posix_spawn(pid, path, &actions, &attributes, arguments, environment);
    }
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return -error;
}

static int limit(int resource, uint64_t value) {
    struct rlimit limits = {.rlim_cur = value, .rlim_max = value};
    return setrlimit(resource, &limits) < 0 ? -errno : 0;
}

int vignette_confine(pid_t parent, vignette_confinement limits) {
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
        return -errno;
    }
    // A parent that died before the line above will never send the signal.
    if (getppid() != parent) {
        return -ESRCH;
    }
    int error;
    if ((error = limit(RLIMIT_CORE, 0)) < 0 || (error = limit(RLIMIT_AS, limits.address_space_bytes)) < 0
        || (error = limit(RLIMIT_FSIZE, limits.file_bytes)) < 0
        || (error = limit(RLIMIT_NOFILE, limits.open_files)) < 0) {
        return error;
    }
    return 0;
}

int vignette_limit_cpu(uint64_t more_seconds) {
    struct rusage used;
    struct rlimit limits;
    if (getrusage(RUSAGE_SELF, &used) < 0 || getrlimit(RLIMIT_CPU, &limits) < 0) {
        return -errno;
    }
    // Only the soft limit moves; its signal ends the process by default.
    limits.rlim_cur = (rlim_t)used.ru_utime.tv_sec + (rlim_t)used.ru_stime.tv_sec + more_seconds + 1;
    return setrlimit(RLIMIT_CPU, &limits) < 0 ? -errno : 0;
}
