#pragma once
#include <lzma.h>
#include <stdlib.h>

/// Frees the options that lzma_block_header_decode() allocated without an allocator of ours;
/// lzma_filters_free() does the same from liblzma 5.4 on.
static inline void diag_lzma_free_options(lzma_filter *filters) {
    for (size_t i = 0; i <= LZMA_FILTERS_MAX && filters[i].id != LZMA_VLI_UNKNOWN; ++i) {
        free(filters[i].options);
        filters[i].options = NULL;
        filters[i].id = LZMA_VLI_UNKNOWN;
    }
}

/// Bytes of the dictionary that the LZMA2 filter of a decoded block header asks for; 0 without one.
static inline uint32_t diag_lzma2_dictionary(const lzma_filter *filters) {
    for (size_t i = 0; i <= LZMA_FILTERS_MAX && filters[i].id != LZMA_VLI_UNKNOWN; ++i)
        if (filters[i].id == LZMA_FILTER_LZMA2)
            return ((const lzma_options_lzma *)filters[i].options)->dict_size;
    return 0;
}

/// Lowers that dictionary.
static inline void diag_lzma2_set_dictionary(lzma_filter *filters, uint32_t byte_count) {
    for (size_t i = 0; i <= LZMA_FILTERS_MAX && filters[i].id != LZMA_VLI_UNKNOWN; ++i)
        if (filters[i].id == LZMA_FILTER_LZMA2)
            ((lzma_options_lzma *)filters[i].options)->dict_size = byte_count;
}
