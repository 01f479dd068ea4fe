#pragma once
// For ZSTD_estimateCCtxSize_usingCParams() alone, which libzstd has exported since 1.3.
#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>
#include <zstd_errors.h>

/// Bytes of memory that one context needs at most for frames of up to `block` bytes at `level`,
/// with a window of up to 2^`window_exponent` bytes; 0 for the level's own.
///
/// The parameters of a level change at 16, 128 and 256 KiB, and a small frame may need more.
static inline size_t diag_zstd_context_size(int level, unsigned window_exponent, size_t block) {
    const size_t sizes[] = {16 << 10, 128 << 10, 256 << 10, block};
    size_t most = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; ++i) {
        size_t count = sizes[i] < block ? sizes[i] : block;
        ZSTD_compressionParameters parameters = ZSTD_getCParams(level, count, 0);
        if (window_exponent != 0 && parameters.windowLog > window_exponent)
            parameters.windowLog = window_exponent;
        parameters = ZSTD_adjustCParams(parameters, count, 0);
        size_t needed = ZSTD_estimateCCtxSize_usingCParams(parameters);
        if (!ZSTD_isError(needed) && needed > most) most = needed;
    }
    return most;
}
