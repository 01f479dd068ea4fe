#pragma once
// For the three functions called below, which every libzstd since 1.3 exports.
#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>
#include <zstd_errors.h>

/// The parameters of `level` for frames of `count` bytes, with a window of at most
/// 2^`window_exponent` bytes; 0 for the level's own.
static inline ZSTD_compressionParameters diag_zstd_parameters(
    int level, unsigned window_exponent, size_t count) {
    ZSTD_compressionParameters parameters = ZSTD_getCParams(level, count, 0);
    if (window_exponent == 0 || parameters.windowLog <= window_exponent) return parameters;
    parameters.windowLog = window_exponent;
    return ZSTD_adjustCParams(parameters, count, 0);
}

/// Bytes of memory that one context needs at most for frames of up to `block` bytes.
///
/// The parameters of a level change at 16, 128 and 256 KiB, and a small frame may need more.
static inline size_t diag_zstd_context_size(int level, unsigned window_exponent, size_t block) {
    const size_t sizes[] = {16 << 10, 128 << 10, 256 << 10, block};
    size_t most = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; ++i) {
        size_t count = sizes[i] < block ? sizes[i] : block;
        size_t needed = ZSTD_estimateCCtxSize_usingCParams(
            diag_zstd_parameters(level, window_exponent, count));
        if (!ZSTD_isError(needed) && needed > most) most = needed;
    }
    return most;
}
