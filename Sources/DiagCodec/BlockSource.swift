/// A file that can be read at any place, from several threads at once.
public struct BlockSource: Sendable {
    /// Gives exactly `byteCount` bytes from `offset` on, both within the file.
    public typealias Read = @Sendable (_ offset: Int64, _ byteCount: Int) throws -> [UInt8]

    /// The file's size.
    public let byteCount: Int64
    /// Parts that are known to be unreadable, in their order.
    let holes: [Range<Int64>]
    /// Reads bytes that lie within the file.
    public let read: Read

    /// A file of `byteCount` bytes; what `read` throws goes through to the caller. In `holes`, in
    /// their order, it always throws: a scanner passes over them.
    public init(byteCount: Int64, holes: [Range<Int64>] = [], read: @escaping Read) {
        self.byteCount = max(0, byteCount)
        self.holes = holes
        self.read = read
    }

    /// Bytes that are in memory already.
    public init(_ bytes: [UInt8]) {
        self.init(byteCount: Int64(bytes.count)) { offset, count in
            Array(bytes[Int(offset)..<Int(offset) + count])
        }
    }

    /// Exactly `count` bytes; `what` names them in the error when the file has not so many.
    func bytes(at offset: Int64, count: Int, of what: String) throws -> [UInt8] {
        guard offset >= 0, count >= 0, Int64(count) <= byteCount, offset <= byteCount - Int64(count)
        else {
            throw BlockFormatError(
                .damaged, what, at: offset,
                "needs \(count) bytes, and the file ends at \(byteCount)")
        }
        let bytes = try read(offset, count)
        guard bytes.count == count else {
            throw BlockFormatError(
                .damaged, what, at: offset,
                "gives \(bytes.count) of \(count) bytes: the file became shorter")
        }
        return bytes
    }
}

extension [UInt8] {
    /// The little-endian 32-bit integer at `index`, whose four bytes the caller has checked.
    func littleEndian32(at index: Int) -> UInt32 {
        (0..<4).reversed().reduce(0) { $0 << 8 | UInt32(self[index + $1]) }
    }
}
