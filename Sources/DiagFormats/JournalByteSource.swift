/// Where the bytes of a journal file come from: an open file, or in a test the memory.
public protocol JournalByteSource: AnyObject {
    /// How many bytes the file has now.
    func currentByteCount() throws(JournalFailure) -> UInt64

    /// Replaces the content of `bytes` by the `count` bytes from `offset` on.
    ///
    /// - Throws: when the file ends before, or cannot be read; never gives fewer bytes.
    func read(_ count: Int, at offset: UInt64, into bytes: inout [UInt8]) throws(JournalFailure)
}

/// What is wrong with a journal file, and where.
public struct JournalFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// Bytes from the start of the file.
    public let offset: UInt64
    /// What was expected, or what the kernel said.
    public let reason: String

    /// A fault at `offset` bytes from the start of the file.
    public init(offset: UInt64, reason: String) {
        self.offset = offset
        self.reason = reason
    }

    /// For example `byte 4096: the entry array points backwards`.
    public var description: String { "byte \(offset): \(reason)" }
}

/// A journal file held in memory.
public final class JournalMemory: JournalByteSource {
    private let bytes: [UInt8]

    /// A file with this content.
    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The length of the content.
    public func currentByteCount() -> UInt64 { UInt64(bytes.count) }

    /// Copies from the content.
    public func read(
        _ count: Int, at offset: UInt64, into target: inout [UInt8]
    ) throws(JournalFailure) {
        target.removeAll(keepingCapacity: true)
        guard count >= 0, let start = Int(exactly: offset), start <= bytes.count,
            count <= bytes.count - start
        else { throw JournalFailure(offset: offset, reason: "the file ends before") }
        target.append(contentsOf: bytes[start..<start + count])
    }
}

/// 16 bytes that name a machine, a boot, or a run of sequence numbers.
public struct JournalIdentifier: Hashable, Sendable, CustomStringConvertible {
    /// The first eight bytes, most significant first.
    public let high: UInt64
    /// The last eight bytes, most significant first.
    public let low: UInt64

    /// The identifier at `offset` of `bytes`; zero bytes where these end.
    init(_ bytes: [UInt8], at offset: Int) {
        high = JournalInteger.fixed64(bytes, at: offset).byteSwapped
        low = JournalInteger.fixed64(bytes, at: offset + 8).byteSwapped
    }

    /// 32 lower-case hexadecimal digits.
    public var description: String {
        [high, low].map {
            let digits = String($0, radix: 16)
            return String(repeating: "0", count: 16 - digits.utf8.count) + digits
        }.joined()
    }
}

/// Little-endian integers in a buffer of known length; zero where the buffer ends.
enum JournalInteger {
    static func fixed64(_ bytes: [UInt8], at offset: Int) -> UInt64 {
        guard offset >= 0, offset <= bytes.count - 8 else { return 0 }
        var value: UInt64 = 0
        for index in (0..<8).reversed() { value = value << 8 | UInt64(bytes[offset + index]) }
        return value
    }

    static func fixed32(_ bytes: [UInt8], at offset: Int) -> UInt32 {
        guard offset >= 0, offset <= bytes.count - 4 else { return 0 }
        var value: UInt32 = 0
        for index in (0..<4).reversed() { value = value << 8 | UInt32(bytes[offset + index]) }
        return value
    }
}
