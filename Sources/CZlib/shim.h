#pragma once
#include <zlib.h>

/// `inflateInit2` is a macro, which Swift does not see. 15 + 16: a gzip member alone.
static inline int diag_inflate_gzip_init(z_stream *stream) {
    return inflateInit2(stream, 15 + 16);
}
