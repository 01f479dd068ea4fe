/// What a hash function makes of bytes.
public struct Digest: Hashable, Sendable {
    /// Its bytes in the order of the standard: 32 of SHA-256.
    public let bytes: [UInt8]

    /// What `write` puts into `byteCount` bytes, which are zeros before.
    init(byteCount: Int, _ write: (UnsafeMutablePointer<UInt8>) -> Void) {
        var bytes = [UInt8](repeating: 0, count: byteCount)
        unsafe bytes.withUnsafeMutableBufferPointer { buffer in
            if let start = buffer.baseAddress { unsafe write(start) }
        }
        self.bytes = bytes
    }

    /// Lower-case hexadecimal digits, two for each byte.
    public var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(
            decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] },
            as: UTF8.self)
    }
}
