/// The fixed part of one entry: when it was written, and how its fields are found.
///
/// Source: systemd "Journal File Format", section "Entry Objects".
public struct JournalEntry: Hashable, Sendable {
    /// Where the entry stands, in bytes from the file's start.
    public let offset: UInt64
    /// Its number in the run of sequence numbers.
    public let sequenceNumber: UInt64
    /// When it was written, in microseconds since 1970, by the host's clock; below 2^55.
    public let realtime: UInt64
    /// When it was written, in microseconds since the boot.
    public let monotonic: UInt64
    /// The boot it was written in.
    public let bootIdentifier: JournalIdentifier
    /// The exclusive or of the hashes of its fields.
    public let fieldHash: UInt64
    /// How many fields it has.
    public let fieldCount: Int
}

/// The stored bytes of one field, `NAME=value`, or the start of them.
public struct JournalData: Hashable, Sendable {
    /// How the bytes are compressed.
    public enum Compression: Hashable, Sendable {
        /// One `.xz` stream.
        case xz
        /// One LZ4 block that stands for this many bytes.
        case lz4(byteCount: UInt64)
        /// One Zstandard frame.
        case zstd
    }

    /// How the bytes are compressed, if they are.
    public let compression: Compression?
    /// How many bytes are stored in the file.
    public let storedByteCount: UInt64
    /// The stored bytes; the first of them when there are more than was allowed.
    public let bytes: [UInt8]
}
