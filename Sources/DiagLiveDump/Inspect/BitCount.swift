/// How many bits are set.
enum BitCount {
    /// In all of `bytes`.
    static func ones(in bytes: [UInt8]) -> Int {
        unsafe bytes.withUnsafeBytes { raw in
            var count = 0
            var index = 0
            while index + 8 <= raw.count {
                let word = unsafe raw.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                count += word.nonzeroBitCount
                index += 8
            }
            while index < raw.count {
                count += unsafe raw[index].nonzeroBitCount
                index += 1
            }
            return count
        }
    }
}
