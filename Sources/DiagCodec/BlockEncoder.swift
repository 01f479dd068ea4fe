/// Makes blocks one after the other, for one thread; its memory is taken once and used again.
///
/// The same bytes with the same configuration give the same block, whatever came before.
public final class BlockEncoder {
    /// How the blocks are made.
    public let configuration: BlockConfiguration
    private let engine: any BlockEncoderEngine

    /// An encoder that is ready.
    ///
    /// - Throws: ``BlockCodecError`` when memory is short or the library is too old.
    public init(_ configuration: BlockConfiguration) throws(BlockCodecError) {
        self.configuration = configuration
        engine =
            switch configuration.format {
            case .xz: try XZBlockEncoder(configuration)
            case .zstd: try ZstdBlockEncoder(configuration)
            case .none: PlainBlockEncoder()
            }
    }

    /// Compresses `bytes`, at least one and at most ``BlockConfiguration/blockByteCount``; what
    /// does not get smaller is stored.
    public func compress(_ bytes: Span<UInt8>) throws(BlockCodecError) -> CompressedBlock {
        precondition(1...configuration.blockByteCount ~= bytes.count, "no block has this size")
        return try engine.compress(bytes)
    }

    /// Puts `bytes` into a block as they are, with their check, at the speed of memory.
    public func store(_ bytes: Span<UInt8>) throws(BlockCodecError) -> CompressedBlock {
        precondition(1...configuration.blockByteCount ~= bytes.count, "no block has this size")
        return try engine.store(bytes)
    }
}

/// What one format does; sizes are checked before.
protocol BlockEncoderEngine: AnyObject {
    func compress(_ bytes: Span<UInt8>) throws(BlockCodecError) -> CompressedBlock
    func store(_ bytes: Span<UInt8>) throws(BlockCodecError) -> CompressedBlock
}

/// Blocks that are the bytes themselves.
private final class PlainBlockEncoder: BlockEncoderEngine {
    func compress(_ bytes: Span<UInt8>) -> CompressedBlock { store(bytes) }

    func store(_ bytes: Span<UInt8>) -> CompressedBlock {
        let copy = unsafe bytes.withUnsafeBufferPointer { unsafe Array($0) }
        return CompressedBlock(
            bytes: copy, uncompressedByteCount: copy.count, listedByteCount: copy.count,
            isStored: true)
    }
}
