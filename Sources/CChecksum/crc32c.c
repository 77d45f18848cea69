#include "vignette_crc32c.h"

#include <string.h>

static uint32_t table[8][256];
static uint32_t (*chosen)(uint32_t, const uint8_t *, size_t);

static uint32_t by_table(uint32_t crc, const uint8_t *p, size_t n) {
    while (n >= 8) {
        uint64_t word;
        memcpy(&word, p, 8);
        word ^= crc;
        crc = table[7][word & 255] ^ table[6][(word >> 8) & 255] ^ table[5][(word >> 16) & 255]
            ^ table[4][(word >> 24) & 255] ^ table[3][(word >> 32) & 255] ^ table[2][(word >> 40) & 255]
            ^ table[1][(word >> 48) & 255] ^ table[0][word >> 56];
        p += 8;
        n -= 8;
    }
    while (n--) crc = table[0][(crc ^ *p++) & 255] ^ (crc >> 8);
    return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2")))
static uint32_t by_instruction(uint32_t crc, const uint8_t *p, size_t n) {
    uint64_t wide = crc;
    while (n >= 8) {
        uint64_t word;
        memcpy(&word, p, 8);
        wide = __builtin_ia32_crc32di(wide, word);
        p += 8;
        n -= 8;
    }
    crc = (uint32_t)wide;
    while (n--) crc = __builtin_ia32_crc32qi(crc, *p++);
    return crc;
}
#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>
static uint32_t by_instruction(uint32_t crc, const uint8_t *p, size_t n) {
    while (n >= 8) {
        uint64_t word;
        memcpy(&word, p, 8);
        crc = __crc32cd(crc, word);
        p += 8;
        n -= 8;
    }
    while (n--) crc = __crc32cb(crc, *p++);
    return crc;
}
#endif

// Runs before main, so that no reader ever sees half a table.
__attribute__((constructor)) static void prepare(void) {
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t crc = i;
        for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (0x82F63B78u & (0u - (crc & 1)));
        table[0][i] = crc;
    }
    for (int slice = 1; slice < 8; slice++)
        for (int i = 0; i < 256; i++)
            table[slice][i] = table[0][table[slice - 1][i] & 255] ^ (table[slice - 1][i] >> 8);
    chosen = by_table;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("sse4.2")) chosen = by_instruction;
#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)
    chosen = by_instruction;
#endif
}

uint32_t vignette_crc32c(uint32_t crc, const void *bytes, size_t length) {
    return ~chosen(~crc, bytes, length);
}
