public import DiagCodec
public import DiagSystem
public import SystemPackage

/// How a bundle is compressed, and by when.
public struct BundleOptions: Hashable, Sendable {
    /// What a bundle is.
    public enum Container: String, Hashable, Sendable, CaseIterable {
        /// A tar stream in compressed blocks, with an index of its members.
        case tar
        /// A zip, whose members are deflated or stored one by one.
        case zip
    }

    /// What it is.
    public var container: Container
    /// How its blocks are compressed; of a zip only ``BlockFormat/none`` counts: all is stored.
    public var format: BlockFormat
    /// How strongly, in the format's own levels, deflate's for a zip; `nil` for the default.
    public var level: Int?
    /// Whether holes of files are left out of a tar stream; a zip has none.
    public var keepsHoles: Bool
    /// How many blocks are compressed side by side; `nil` for as many as there are processors.
    public var threadCount: Int?
    /// Bytes of memory that sealing may use; threads, then the dictionary, then the blocks are
    /// lowered to fit. `nil` for what the whole process needs to stay below 96 MiB, or 256 MiB at the higher levels.
    public var memoryByteLimit: Int?
    /// From when on the rest is stored instead of compressed; none for never. What members take
    /// that are compressed already, and only stored, is added to it.
    public var deadline: MonotonicTime?
    /// Whom the file is encrypted for; `nil` for nobody: it is in clear.
    public var encryption: BundleEncryption?
    /// What the file, encrypted or not, is signed with; `nil` for no signature.
    public var signing: BundleSigning?
    /// Bytes of each volume but the last, at least ``SealedVolume/leastByteCount``; `nil` for one
    /// file.
    public var volumeByteCount: Int64?

    /// The default compression keeps the whole process below 96 MiB.
    public init(
        container: Container = .tar, format: BlockFormat = .xz, level: Int? = nil,
        keepsHoles: Bool = true, threadCount: Int? = nil, memoryByteLimit: Int? = nil,
        deadline: MonotonicTime? = nil, volumeByteCount: Int64? = nil
    ) {
        self.container = container
        self.format = format
        self.level = level
        self.keepsHoles = keepsHoles
        self.threadCount = threadCount
        self.memoryByteLimit = memoryByteLimit
        self.deadline = deadline
        self.volumeByteCount = volumeByteCount
    }

    /// The level that a person does not wait for.
    public static func defaultLevel(of format: BlockFormat) -> Int {
        switch format {
        case .xz: 1
        case .zstd: 3
        case .none: 0
        }
    }

    /// The level of deflate in a zip by default: zlib's own.
    public static let defaultDeflateLevel = 6

    /// The level of deflate in a zip; `nil` when all is stored.
    var deflateLevel: Int? { format == .none ? nil : level ?? Self.defaultDeflateLevel }

    /// The uncompressed bytes of one block at most: the parts of a large member.
    static let blockByteCount = 4 << 20
    /// The bytes of a block of several members at most: who reads one decompresses those before it.
    static let packedByteCount = 2 << 20
    /// From this size on a member begins a block of its own.
    static let largeMemberByteCount: Int64 = 256 << 10
    private static let mostThreads = 64

    /// What is done with these options.
    public struct Effect: Hashable, Sendable {
        /// How each block is made.
        public let blocks: BlockConfiguration
        /// How many are made side by side.
        public let threadCount: Int
        /// What was lowered for the memory's sake, in words; empty when nothing was.
        public let lowered: [String]
    }

    /// The smallest blocks that are made for the memory's sake.
    private static let leastBlockByteCount = 512 << 10

    /// The nearest to what is asked for that fits into the memory: fewer threads first, then a
    /// smaller dictionary and level, then smaller blocks. `nil` when not even the smallest does.
    public var effect: Effect? {
        if container == .zip { return zipEffect }
        var blockByteCount = Self.blockByteCount
        while blockByteCount >= Self.leastBlockByteCount {
            if let effect = effect(blockByteCount: blockByteCount) { return effect }
            blockByteCount /= 2
        }
        return nil
    }

    /// Why there is no ``effect``, with the least memory that is enough; `nil` when there is one.
    public var memoryShortage: String? {
        guard effect == nil else { return nil }
        let least =
            container == .zip
            ? Self.memoryByteCount(blockByteCount: Self.zipBlockByteCount, threads: 1)
                + ZipStream.memoryByteCount(threadCount: 1)
            : Self.memoryByteCount(blockByteCount: Self.leastBlockByteCount, threads: 1)
                + wanted(blockByteCount: Self.leastBlockByteCount).leastEncoderMemoryByteCount
        return "so little memory is not enough for"
            + " \(container == .zip ? "zip" : format.rawValue), which needs"
            + " \((least + (1 << 20) - 1) >> 20)M"
    }

    private static func memoryByteCount(blockByteCount: Int, threads: Int) -> Int {
        BlockPipeline.memoryByteCount(blockByteCount: blockByteCount, threadCount: threads)
    }

    private func wanted(blockByteCount: Int) -> BlockConfiguration {
        BlockConfiguration(
            format, level: level ?? Self.defaultLevel(of: format), blockByteCount: blockByteCount)
    }

    private func effect(blockByteCount: Int) -> Effect? {
        let wanted = wanted(blockByteCount: blockByteCount)
        let whole = self.wanted(blockByteCount: Self.blockByteCount)
        let wantedCount = min(max(threadCount ?? WorkerThreads.processorCount, 1), Self.mostThreads)
        let limit = memoryByteLimit ?? (wanted.level > 1 && format == .xz ? 224 << 20 : 64 << 20)
        func room(_ threads: Int) -> Int {
            limit - Self.memoryByteCount(blockByteCount: blockByteCount, threads: threads)
        }
        let fittingCount = (1...wantedCount).last {
            room($0) >= $0 * wanted.encoderMemoryByteCount
        }
        let count = fittingCount ?? 1
        guard let blocks = wanted.fitting(memoryByteLimit: room(count) / count) else { return nil }
        var lowered = [String]()
        if count < wantedCount, threadCount != nil || memoryByteLimit != nil {
            lowered.append(
                "\(count) \(count == 1 ? "thread" : "threads") instead of \(wantedCount)")
        }
        if blocks.dictionaryByteCount < whole.dictionaryByteCount {
            lowered.append(
                "a dictionary of \(blocks.dictionaryByteCount >> 10) KiB instead of"
                    + " \(whole.dictionaryByteCount >> 10)")
        }
        if blocks.level < wanted.level {
            lowered.append("level \(blocks.level) instead of \(wanted.level)")
        }
        if blockByteCount < Self.blockByteCount {
            lowered.append(
                "blocks of \(blockByteCount >> 10) KiB instead of \(Self.blockByteCount >> 10)")
        }
        return Effect(blocks: blocks, threadCount: count, lowered: lowered)
    }

    /// The bytes of a zip pass through blocks that are stored: one thread is enough for these.
    private var zipEffect: Effect? {
        let wanted = min(max(threadCount ?? WorkerThreads.processorCount, 1), Self.mostThreads)
        let room =
            (memoryByteLimit ?? 64 << 20)
            - BlockPipeline.memoryByteCount(blockByteCount: Self.zipBlockByteCount, threadCount: 1)
        let fitting = (1...wanted).last { ZipStream.memoryByteCount(threadCount: $0) <= room }
        guard let fitting else { return nil }
        let isLowered = fitting < wanted && (threadCount != nil || memoryByteLimit != nil)
        return Effect(
            blocks: BlockConfiguration(.none, level: 0, blockByteCount: Self.zipBlockByteCount),
            threadCount: fitting,
            lowered: isLowered
                ? ["\(fitting) \(fitting == 1 ? "thread" : "threads") instead of \(wanted)"] : [])
    }

    private static let zipBlockByteCount = 1 << 20
}

/// How far sealing is.
public struct BundleProgress: Hashable, Sendable {
    /// Bytes of members that are compressed and in the file.
    public let byteCount: Int64
    /// Bytes of all members together.
    public let totalByteCount: Int64
    /// The path in the host folder of the member at work.
    public let member: String
}

/// A bundle under its final name.
public struct SealedBundle: Hashable, Sendable {
    /// Where it is; of volumes, their common name without the number.
    public let path: FilePath
    /// Its size in bytes, that of all volumes together.
    public let byteCount: Int64
    /// SHA-256 of its bytes, those of the volumes joined: 64 lower-case hexadecimal digits.
    public let sha256: String
    /// Seconds from the first byte read to the name in place.
    public let seconds: Double
    /// How many bytes of the tar stream were stored, because the deadline came or because they do
    /// not compress.
    public let storedByteCount: Int64
    /// How it was compressed.
    public let effect: BundleOptions.Effect
    /// Files of the folder that the manifest does not list and the bundle does not hold.
    public let leftOut: [String]
    /// Its volumes in their order; none of a bundle that is one file.
    public let volumes: [SealedVolume]
    /// Where its signature is; `nil` when none was asked for.
    public let signature: FilePath?
}

extension SealedBundle {
    init(
        path: FilePath, _ outcome: BlockPipeline.Outcome, seconds: Double,
        effect: BundleOptions.Effect, leftOut: [String], volumes: [SealedVolume],
        signature: SignatureOutput?, storedByteCount: Int64? = nil
    ) {
        self.path = path
        byteCount = outcome.byteCount
        sha256 = outcome.sha256
        self.seconds = seconds
        self.storedByteCount = storedByteCount ?? outcome.storedByteCount
        self.effect = effect
        self.leftOut = leftOut
        self.volumes = volumes
        self.signature = signature.map { path.removingLastComponent().appending($0.name) }
    }
}
