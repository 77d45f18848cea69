#define _GNU_SOURCE
#include "CProcess.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <sys/mman.h>

static const int seals = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

int vignette_memory_create(const char *name) {
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    return fd < 0 ? -errno : fd;
}

int vignette_memory_seal(int fd) {
    return fcntl(fd, F_ADD_SEALS, seals) < 0 ? -errno : 0;
}

int vignette_memory_is_sealed(int fd) {
    int present = fcntl(fd, F_GET_SEALS);
    return present >= 0 && (present & seals) == seals;
}

void vignette_tune_malloc(void) {
    mallopt(M_MMAP_THRESHOLD, 128 * 1024);
    mallopt(M_TRIM_THRESHOLD, 128 * 1024);
    mallopt(M_ARENA_MAX, 2);
}
