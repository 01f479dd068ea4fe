/// The file format of the index of members, `members.index`, the last member of a bundle.
///
/// The index is a regular file directly below the bundle's top folder. Behind it stands only the
/// end of the tar stream, 1,024 zero bytes. So its trailer lies at a known place, and who knows how
/// long the uncompressed stream is, from the index of an xz file or the seek table of a zstd file,
/// finds one member by three reads: the trailer, the directory and one page.
///
/// All integers are unsigned and little endian. Offsets "in the index" count from the first byte
/// of its content, offsets "in the stream" from the first byte of the uncompressed tar stream. The
/// content has four parts, one after the other without a gap: the pages, the directory, zeros to a
/// multiple of 512, the trailer.
///
/// A *page* is a row of records and at most 65,536 bytes long. The records are sorted by the bytes
/// of their paths, strictly ascending within a page and from page to page. A path is that below the
/// top folder, 1 to 4,096 bytes, components joined by `/`; none is empty, `.` or `..`. The top
/// folder and the index itself have no record.
///
/// | Record | Bytes | What |
/// | --- | --- | --- |
/// | 0 | 2 | how many bytes at its start the path shares with that of the record before; 0 in a page's first |
/// | 2 | 2 | how many bytes of the path follow the record, at least 1 |
/// | 4 | 1 | 1 directory, 2 regular file, 3 sparse regular file (pax, GNU.sparse 1.0) |
/// | 5 | 3 | zero |
/// | 8 | 8 | size of the file in bytes; 0 of a directory |
/// | 16 | 8 | bytes of content in the stream, without padding: of a sparse file its map and its data, of others the size |
/// | 24 | 8 | offset in the stream of the member's first header, a multiple of 512 |
/// | 32 | 8 | offset in the stream of its content, a multiple of 512 |
/// | 40 | 8 | number, from 0, of the compressed block that holds the first byte of its content, or of its header when it has no content; 0 where the stream has no blocks |
/// | 48 | 32 | SHA-256 of the file, holes of a sparse one as zeros; zeros for a directory |
/// | 80 | – | the rest of the path |
///
/// The *directory* begins with the name of the top folder (2 bytes with its byte count, then the
/// name). One entry for each page follows, in the order of the pages:
///
/// | Entry | Bytes | What |
/// | --- | --- | --- |
/// | 0 | 8 | offset of the page in the index; the first is 0, each other the end of the page before |
/// | 8 | 4 | byte count of the page |
/// | 12 | 4 | count of its records, at least 1 |
/// | 16 | 32 | SHA-256 of the page |
/// | 48 | 2 | byte count of its first path |
/// | 50 | 2 | zero |
/// | 52 | – | its first path, whole |
///
/// The *trailer* is the last 128 bytes:
///
/// | Trailer | Bytes | What |
/// | --- | --- | --- |
/// | 0 | 8 | `DiagMIdx` |
/// | 8 | 4 | version of this format, 1 |
/// | 12 | 4 | count of pages |
/// | 16 | 8 | count of records |
/// | 24 | 8 | byte count of the index, a multiple of 512 |
/// | 32 | 8 | byte count of the whole stream, the end of the archive included |
/// | 40 | 8 | offset of the directory in the index |
/// | 48 | 32 | SHA-256 of the directory and the zeros behind it |
/// | 80 | 8 | zero |
/// | 88 | 32 | SHA-256 of the trailer's bytes 0 to 87 |
/// | 120 | 8 | `xdIMgaiD` |
///
/// Every byte is under one of the hashes or compared with what it must be. A stream in which
/// neither of the two words stands at its place has no index.
enum MemberIndexFormat {
    /// The name of the member, below the top folder.
    static let name = "members.index"
    static let version: UInt32 = 1
    static let pageByteLimit = 65_536
    static let recordByteCount = 80
    static let entryByteCount = 52
    static let trailerByteCount = 128
    /// What ends a tar stream.
    static let archiveEndByteCount = 1024
    /// A block of a tar stream.
    static let tarBlockByteCount: Int64 = 512
    static let digestByteCount = 32
    /// The longest path of a member.
    static let pathByteLimit = 4096
    /// The most that all headers of one member take; a longer row of them is taken for a lie.
    static let headerByteLimit: Int64 = 1 << 20
    /// The most that the header of the top folder takes, and that of the index.
    static let ownHeaderByteLimit: Int64 = 4096
    /// The longest directory that is read. With the limits below none of the writer's is longer:
    /// a page holds at least 61,360 bytes, so there are at most 5,900, with an entry of 4,148.
    static let directoryByteLimit: Int64 = 32 << 20
    /// The most members that one index lists.
    static let memberLimit = 1_000_000
    /// The most bytes that the paths of all members may have together.
    static let allPathsByteLimit = 256 << 20

    /// `count` and what is missing to a multiple of 512; `count` is at most `Int64.max - 511`.
    static func padded(_ count: Int64) -> Int64 {
        (count + tarBlockByteCount - 1) / tarBlockByteCount * tarBlockByteCount
    }
}

/// What is wrong with an index of members, or with what is to go into one.
struct MemberIndexFault: Error, Hashable {
    let reason: String

    init(_ reason: String) { self.reason = reason }
}
