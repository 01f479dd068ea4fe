/// The head of a flattened dump: a stream of pieces, each with its place in the file that they
/// make together.
///
/// Source: makedumpfile 1.7.2 makedumpfile.h, `struct makedumpfile_header` and
/// `struct makedumpfile_data_header`; all numbers are big-endian.
public struct FlattenedHeader: Hashable, Sendable {
    /// The first bytes of a file.
    public static let signature = Array("makedumpfile".utf8)
    /// Bytes of the head; the first piece follows.
    public static let byteCount = 4096

    /// The kind of stream: 1.
    public var type: Int64
    /// The version of the layout: 1.
    public var version: Int64

    /// The head of a stream.
    public init(type: Int64 = 1, version: Int64 = 1) {
        self.type = type
        self.version = version
    }

    /// Reads the head at the start of `bytes`.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        let text = try bytes.bytes(16, at: 0, field: "signature")
        guard text == Self.signature + [0, 0, 0, 0] else {
            throw .invalid(
                field: "signature", offset: 0,
                value: try bytes.bigEndian(UInt64.self, at: 0, field: "signature"))
        }
        type = Int64(bitPattern: try bytes.bigEndian(UInt64.self, at: 16, field: "type"))
        version = Int64(bitPattern: try bytes.bigEndian(UInt64.self, at: 24, field: "version"))
        guard type == 1 else {
            throw .invalid(field: "type", offset: 16, value: UInt64(bitPattern: type))
        }
        guard version == 1 else {
            throw .invalid(field: "version", offset: 24, value: UInt64(bitPattern: version))
        }
    }
}

/// The head of one piece of a flattened dump. Source: as for ``FlattenedHeader``.
public struct FlattenedPiece: Hashable, Sendable {
    /// Bytes of the head of a piece; its data follow.
    public static let byteCount = 16

    /// Where the piece belongs in the file that all make together, in bytes; -1 ends the stream.
    public var offset: Int64
    /// How many bytes follow; -1 ends the stream.
    public var size: Int64

    /// A piece by its place and size.
    public init(offset: Int64, size: Int64) {
        self.offset = offset
        self.size = size
    }

    /// Whether it says that the stream is whole.
    public var isEnd: Bool { offset == -1 && size == -1 }

    /// Reads the head of a piece.
    public init(parsing bytes: Span<UInt8>, at start: Int = 0) throws(FormatError) {
        offset = Int64(bitPattern: try bytes.bigEndian(UInt64.self, at: start, field: "offset"))
        size = Int64(
            bitPattern: try bytes.bigEndian(UInt64.self, at: start + 8, field: "buf_size"))
        guard isEnd || (offset >= 0 && size >= 0 && !offset.addingReportingOverflow(size).overflow)
        else {
            throw .invalid(field: "buf_size", offset: start + 8, value: UInt64(bitPattern: size))
        }
    }
}
