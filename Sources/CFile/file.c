#define _GNU_SOURCE
#include "CFile.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int vignette_file_punch(int fd, off_t offset, off_t length) {
    int result;
    do {
        result = fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length);
    } while (result != 0 && errno == EINTR);
    return result == 0 ? 0 : -errno;
}

off_t vignette_file_next_data(int fd, off_t offset) {
    off_t found = lseek(fd, offset, SEEK_DATA);
    return found >= 0 ? found : -errno;
}
