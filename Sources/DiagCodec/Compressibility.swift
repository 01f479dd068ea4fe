internal import CLz4

/// Tells from a few samples whether bytes are worth the time that compressing them takes.
///
/// LZ4 finds repetitions and codes no symbols. So data that was compressed without entropy codes,
/// as the pages of a live dump are, counts as what it is, where any entropy coder would still gain
/// some percent in much time.
public enum Compressibility {
    private static let sampleByteCount = 16 << 10
    /// The least that the samples must lose, as a divisor: an eighth. LZ4 takes mostly 4 to 10 % off
    /// blocks of live dumps with compressed pages, 15 to 60 off programs, 80 off logs (lz4 1.9.4).
    private static let leastGainDivisor = 8

    /// Whether `bytes` are worth compressing, by samples of 16 KiB at their start, middle and end.
    ///
    /// What is smaller than three samples is looked at whole.
    public static func isWorthwhile(_ bytes: Span<UInt8>) -> Bool {
        let count = bytes.count
        guard count > 3 * sampleByteCount else {
            return isWorthwhile(count, compressedByteCount(bytes))
        }
        let starts = [0, (count - sampleByteCount) / 2, count - sampleByteCount]
        let compressed = starts.reduce(0) { sum, start in
            sum + compressedByteCount(bytes.extracting(start..<start + sampleByteCount))
        }
        return isWorthwhile(starts.count * sampleByteCount, compressed)
    }

    private static func isWorthwhile(_ byteCount: Int, _ compressedByteCount: Int) -> Bool {
        compressedByteCount < byteCount - byteCount / leastGainDivisor
    }

    /// How many bytes LZ4 makes of `bytes`, at most 48 KiB; no more than they are.
    private static func compressedByteCount(_ bytes: Span<UInt8>) -> Int {
        let room = bytes.count
        let made = unsafe bytes.withUnsafeBytes { source in
            unsafe withUnsafeTemporaryAllocation(byteCount: max(1, room), alignment: 8) { target in
                unsafe LZ4_compress_default(
                    source.baseAddress?.assumingMemoryBound(to: CChar.self),
                    target.baseAddress?.assumingMemoryBound(to: CChar.self),
                    CInt(room), CInt(room))
            }
        }
        // 0: it did not fit into as many bytes as there were.
        return made > 0 ? Int(made) : room
    }
}
