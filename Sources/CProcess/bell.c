#define _GNU_SOURCE
#include "CProcess.h"

#include <errno.h>
#include <sys/eventfd.h>

int vignette_bell_create(void) {
    int bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return bell < 0 ? -errno : bell;
}

void vignette_bell_ring(int bell) {
    // Fails only when it has been ringing for 2^64 - 2 times.
    eventfd_write(bell, 1);
}

void vignette_bell_silence(int bell) {
    eventfd_t rung;
    eventfd_read(bell, &rung);
}
