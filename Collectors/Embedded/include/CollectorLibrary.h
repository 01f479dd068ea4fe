#pragma once

/// One declared collector that is part of the program: a file of `Collectors/`.
struct diag_collector_file {
    /// The file's name, without a folder.
    const char *name;
    /// Its bytes.
    const unsigned char *bytes;
    /// How many there are.
    unsigned long byte_count;
};

/// The file at `index` among all of `Collectors/`, which are sorted by their names; NULL behind the
/// last.
const struct diag_collector_file *diag_collector_file_at(unsigned long index);
