// What worker processes need of Linux and what Swift cannot call itself: variadic functions, function-like macros, and
// the steps between fork and exec. Functions return 0 or a descriptor, or a negated errno.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// --- Sealed memory ---------------------------------------------------------------------------------------------------

/// An anonymous memory file that takes seals; closed on exec.
int vignette_memory_create(const char *name);

/// After this nobody, through any descriptor or mapping, can change the file's bytes or its size.
int vignette_memory_seal(int fd);

/// 1 when all of the seals above are on, 0 when one is missing or the file is not memory of this kind.
int vignette_memory_is_sealed(int fd);

// --- Waking a thread that polls ----------------------------------------------------------------------------------------

/// A descriptor that is readable between `ring` and `silence`; closed on exec.
int vignette_bell_create(void);
void vignette_bell_ring(int bell);
void vignette_bell_silence(int bell);

// --- Messages over a SOCK_SEQPACKET socket ----------------------------------------------------------------------------

/// A connected pair; both ends closed on exec.
int vignette_socket_pair(int ends[2]);

/// Sends one message, with a descriptor unless `fd` is -1. Never raises SIGPIPE.
int vignette_send_message(int socket, const void *bytes, size_t count, int fd);

typedef struct {
    size_t count;
    int fd;        // -1 without one; the receiver's to close; closed on exec
    int truncated; // longer than the buffer, or more than one descriptor: the surplus is gone (and closed)
} vignette_message;

/// Receives one message; a count of 0 is the end of the connection.
int vignette_receive_message(int socket, void *buffer, size_t capacity, int dont_wait, vignette_message *message);

// --- Processes --------------------------------------------------------------------------------------------------------

/// Starts `path` with descriptor 3 = `socket`, 0 and 1 = /dev/null, 2 as here, and no other descriptor; default signal
/// handling. Puts the process id into `pid`.
int vignette_spawn(const char *path, char *const arguments[], char *const environment[], int socket, pid_t *pid);

typedef struct {
    uint64_t address_space_bytes;
    uint64_t file_bytes;
    uint64_t open_files;
} vignette_confinement;

/// A worker's own first acts: dies with the thread that started it (`parent` is that process; no effect if it is gone
/// already: -ESRCH), can gain no privileges, dumps no core, keeps within these limits.
int vignette_confine(pid_t parent, vignette_confinement limits);

/// The kernel ends this process when it has used this many more seconds of CPU.
int vignette_limit_cpu(uint64_t more_seconds);

/// Large blocks go back to the system when they are freed, and threads share two arenas: images are large and short-lived.
void vignette_tune_malloc(void);
