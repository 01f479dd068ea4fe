/// How blocks are made.
public struct BlockConfiguration: Hashable, Sendable {
    /// How they are compressed.
    public let format: BlockFormat
    /// xz: preset 0…9, zstd: level 1…19; fast and weak to slow and strong.
    public let level: Int
    /// Bytes that a block stands for at most, 4 KiB to 64 MiB.
    public let blockByteCount: Int
    /// Bytes before the one at hand in which repetitions are searched: what the level asks for, but
    /// no more than a block has.
    public let dictionaryByteCount: Int

    /// The smallest dictionary that ``fitting(memoryByteLimit:)`` chooses.
    static let leastDictionaryByteCount = 64 << 10
    /// The largest block, which every reader can hold in memory.
    static let largestBlockByteCount = 64 << 20

    /// A configuration with every value inside its range; `nil` as the dictionary leaves it to the
    /// level.
    public init(
        _ format: BlockFormat, level: Int, blockByteCount: Int = 4 << 20,
        dictionaryByteCount: Int? = nil
    ) {
        let blockByteCount = min(max(blockByteCount, 4 << 10), Self.largestBlockByteCount)
        let (level, own) =
            switch format {
            case .xz: (min(max(level, 0), 9), XZBlockEncoder.dictionaryByteCount(level: level))
            case .zstd: (min(max(level, 1), 19), Self.largestBlockByteCount)
            case .none: (0, 0)
            }
        self.format = format
        self.level = level
        self.blockByteCount = blockByteCount
        let most = min(own, blockByteCount)
        self.dictionaryByteCount = min(max(dictionaryByteCount ?? most, 4 << 10), most)
    }

    /// Bytes of memory that one ``BlockEncoder`` takes, as the library estimates it, with its room
    /// for a block; what it is given and what it gives come on top, up to a block each.
    public var encoderMemoryByteCount: Int {
        switch format {
        case .xz: XZBlockEncoder.memoryByteCount(self)
        case .zstd: ZstdBlockEncoder.memoryByteCount(self)
        case .none: 0
        }
    }

    /// The nearest configuration whose encoder fits into `memoryByteLimit`: the dictionary is
    /// halved, down to 64 KiB, then the level lowered. `nil` when not even the smallest fits.
    public func fitting(memoryByteLimit: Int) -> BlockConfiguration? {
        var candidate: BlockConfiguration? = self
        while let current = candidate, current.encoderMemoryByteCount > memoryByteLimit {
            candidate = current.smaller
        }
        return candidate
    }

    /// The least memory of which ``fitting(memoryByteLimit:)`` makes something.
    public var leastEncoderMemoryByteCount: Int {
        var least = encoderMemoryByteCount
        var candidate = smaller
        while let current = candidate {
            least = min(least, current.encoderMemoryByteCount)
            candidate = current.smaller
        }
        return least
    }

    /// The next one on the way to less memory.
    private var smaller: BlockConfiguration? {
        let half = dictionaryByteCount / 2
        let next =
            half >= Self.leastDictionaryByteCount
            ? with(level: level, dictionaryByteCount: half)
            : with(level: level - 1, dictionaryByteCount: dictionaryByteCount)
        return next == self ? nil : next
    }

    private func with(level: Int, dictionaryByteCount: Int) -> BlockConfiguration {
        BlockConfiguration(
            format, level: level, blockByteCount: blockByteCount,
            dictionaryByteCount: dictionaryByteCount)
    }
}
