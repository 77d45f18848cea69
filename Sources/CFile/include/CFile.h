// What the caches need of Linux's files and what glibc shows to GNU programs only, and so not to Swift.
#pragma once

#include <sys/types.h>

/// Gives whole blocks inside the range back to the file system; the length of the file stays.
/// Returns 0, or a negated errno: -EOPNOTSUPP where the file system keeps no holes.
int vignette_file_punch(int fd, off_t offset, off_t length);

/// The first offset from `offset` on that may hold anything but a hole; -ENXIO when nothing but a hole follows, or another
/// negated errno.
off_t vignette_file_next_data(int fd, off_t offset);
