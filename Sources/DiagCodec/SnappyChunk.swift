/// One chunk of a snappy stream in frames: a byte for its kind, three for the size of its content,
/// then the content.
///
/// Source: snappy framing_format.txt, 2013-10-25. Its checksums are not compared: what needs the
/// content checks what it says.
public struct SnappyChunk: Hashable, Sendable {
    /// Bytes before the content.
    public static let headerByteCount = 4
    /// Bytes that the content of one chunk stands for at most.
    public static let largestByteCount = 65_536
    /// Bytes of content that a chunk with data can have: a checksum and an incompressible block.
    public static let largestContent = 4 + 32 + largestByteCount + largestByteCount / 6
    /// Bytes of the checksum before the data.
    private static let checksumByteCount = 4

    /// 0 for compressed data, 1 for data as it is; 128 to 255 hold none.
    public var kind: UInt8
    /// Bytes of the content.
    public var contentByteCount: Int

    /// Reads the head at `offset`.
    ///
    /// - Throws: ``PageCodecError`` where there are too few bytes, where the kind is one that must
    ///   not be skipped, or where data is larger than the format allows.
    public init(parsing bytes: Span<UInt8>, at offset: Int = 0) throws(PageCodecError) {
        guard offset >= 0, Self.headerByteCount <= bytes.count,
            offset <= bytes.count - Self.headerByteCount
        else { throw PageCodecError("snappy frame: the head of a chunk is cut") }
        kind = bytes[offset]
        contentByteCount =
            Int(bytes[offset + 1]) | Int(bytes[offset + 2]) << 8 | Int(bytes[offset + 3]) << 16
        guard kind <= 1 || kind >= 0x80 else {
            throw PageCodecError("snappy frame: a chunk of the kind \(kind), which is not known")
        }
        if holdsData {
            guard
                (Self.checksumByteCount...Self.largestContent).contains(contentByteCount)
            else { throw PageCodecError("snappy frame: a chunk of \(contentByteCount) bytes") }
        }
    }

    /// Whether the content stands for bytes of the stream.
    public var holdsData: Bool { kind <= 1 }

    /// Puts the bytes that `content` stands for into the start of `target`.
    ///
    /// - Returns: how many they are: at most ``largestByteCount``, and no more than `target` has.
    public func decompress(
        _ content: Span<UInt8>, into target: inout [UInt8]
    ) throws(PageCodecError) -> Int {
        guard holdsData else { return 0 }
        guard content.count == contentByteCount else {
            throw PageCodecError("snappy frame: a chunk is cut")
        }
        let data = content.extracting(Self.checksumByteCount...)
        if kind == 1 {
            guard data.count <= min(target.count, Self.largestByteCount) else {
                throw PageCodecError("snappy frame: a chunk of \(data.count) bytes")
            }
            for index in 0..<data.count { target[index] = data[index] }
            return data.count
        }
        var output = target.mutableSpan
        return try unsafe output.withUnsafeMutableBytes {
            (output: UnsafeMutableRawBufferPointer) throws(PageCodecError) -> Int in
            try unsafe data.withUnsafeBytes {
                (input: UnsafeRawBufferPointer) throws(PageCodecError) -> Int in
                try unsafe SnappyBlock.decompress(input, into: output)
            }
        }
    }
}
