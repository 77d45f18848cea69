#ifndef VIGNETTE_CRC32C_H
#define VIGNETTE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/// CRC-32C (Castagnoli, reflected polynomial 0x82F63B78; RFC 3720 appendix B.4) of `length` bytes, continued from `crc`.
/// Start with 0. Uses the processor's instruction where there is one.
uint32_t vignette_crc32c(uint32_t crc, const void *bytes, size_t length);

#endif
