/// The table of an encrypted device, without its key.
///
/// Source: Linux 6.12, Documentation/admin-guide/device-mapper/dm-crypt.rst.
public struct MapperCryptTable: Codable, Hashable, Sendable {
    /// Cipher, mode and the like, such as `aes-xts-plain64`.
    public var cipher: String
    /// What kind of key there is: `[64-byte-key]`, `:64:logon:[masked]`, `-`.
    public var key: String
    /// Added to the sector's number, in sectors of 512 bytes.
    public var initialVectorOffset: UInt64
    /// The device with the encrypted data.
    public var device: String
    /// Where the data begins on it, in sectors of 512 bytes.
    public var offsetSectors: UInt64
    /// Options, such as `allow_discards`, `sector_size:4096`.
    public var options: [String]

    init(_ reader: inout MapperWordReader) throws(FormatError) {
        cipher = try reader.word("cipher")
        key = try reader.word("key")
        initialVectorOffset = try reader.number("IV offset")
        device = try reader.word("device")
        offsetSectors = try reader.number("offset")
        options = reader.isAtEnd ? [] : try reader.counted("option")
    }
}

/// The table of a device with a checksum for each sector, without its keys.
///
/// Source: Linux 6.12, Documentation/admin-guide/device-mapper/dm-integrity.rst.
public struct MapperIntegrityTable: Codable, Hashable, Sendable {
    /// The device below.
    public var device: String
    /// Sectors of 512 bytes at its beginning that are left alone.
    public var reservedSectors: UInt64
    /// Bytes of a checksum; `-` when the algorithm says.
    public var tagByteCount: String
    /// `J` journal, `B` bitmap, `D` direct, `R` recovery; `I` inline.
    public var mode: String
    /// Options, such as `internal_hash:crc32c`; of a keyed one the key is left out.
    public var options: [String]

    init(_ reader: inout MapperWordReader) throws(FormatError) {
        device = try reader.word("device")
        reservedSectors = try reader.number("reserved sectors")
        tagByteCount = try reader.word("tag size")
        mode = try reader.word("mode")
        options = reader.isAtEnd ? [] : try reader.counted("option")
    }
}

/// The status of a device with checksums. Source: `dm_integrity_status` of Linux 6.12.
public struct MapperIntegrityStatus: Codable, Hashable, Sendable {
    /// How often a checksum did not match.
    public var mismatchCount: UInt64
    /// The size that it offers, in sectors of 512 bytes.
    public var providedSectors: UInt64
    /// How far it is with computing the checksums anew; none when it is not.
    public var recalculatingAtSector: UInt64?

    init(_ reader: inout MapperWordReader) throws(FormatError) {
        mismatchCount = try reader.number("mismatches")
        providedSectors = try reader.number("provided sectors")
        if !reader.isAtEnd {
            recalculatingAtSector = MapperWordReader.number(try reader.word("recalculation"))
        }
    }
}

/// The table of a device whose content is checked against a tree of hashes; salt and root hash
/// are left out.
///
/// Source: Linux 6.12, Documentation/admin-guide/device-mapper/verity.rst.
public struct MapperVerityTable: Codable, Hashable, Sendable {
    /// The version of the format.
    public var version: UInt64
    /// The device with the data.
    public var dataDevice: String
    /// The device with the hashes.
    public var hashDevice: String
    /// Size of a block of data, in bytes.
    public var dataBlockByteCount: UInt64
    /// Size of a block of hashes, in bytes.
    public var hashBlockByteCount: UInt64
    /// How many blocks of data there are.
    public var dataBlockCount: UInt64
    /// Where the hashes begin, in their blocks.
    public var hashStartBlock: UInt64
    /// The hash, such as `sha256`.
    public var algorithm: String
    /// Options, such as `restart_on_corruption`.
    public var options: [String]

    init(_ reader: inout MapperWordReader) throws(FormatError) {
        version = try reader.number("version")
        dataDevice = try reader.word("data device")
        hashDevice = try reader.word("hash device")
        dataBlockByteCount = try reader.number("data block size")
        hashBlockByteCount = try reader.number("hash block size")
        dataBlockCount = try reader.number("data blocks")
        hashStartBlock = try reader.number("hash start")
        algorithm = try reader.word("algorithm")
        _ = try reader.word("digest")
        _ = try reader.word("salt")
        options = reader.isAtEnd ? [] : try reader.counted("option")
    }
}

/// The status of a device with a tree of hashes. Source: `verity_status` of Linux 6.12.
public struct MapperVerityStatus: Codable, Hashable, Sendable {
    /// Whether a block was found that does not match its hash.
    public var isCorrupted: Bool
    /// Blocks that were repaired by forward error correction; newer kernels only.
    public var correctedCount: UInt64?

    init(_ reader: inout MapperWordReader) throws(FormatError) {
        let word = try reader.word("V or C")
        guard word == "V" || word == "C" else { throw .unexpected(line: 1, expected: "V or C") }
        isCorrupted = word == "C"
        if let next = reader.next { correctedCount = MapperWordReader.number(next) }
    }
}
