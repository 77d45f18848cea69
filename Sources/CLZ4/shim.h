#ifndef VIGNETTE_CLZ4_SHIM_H
#define VIGNETTE_CLZ4_SHIM_H
#include <lz4.h>
#endif
