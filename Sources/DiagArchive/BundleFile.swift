internal import DiagCodec
internal import DiagDigest

/// The bytes of a bundle: blocks come in, in their order; they go to the disk and are hashed.
struct BundleFile: ~Copyable, Sendable {
    private let object: String
    private let output: VolumeOutput
    /// What encrypts on the way to the output, and then writes and hashes it.
    private let cipher: CipherStream?
    private var container: BlockContainer
    private var hash = SHA256()
    /// Bytes in the file.
    private(set) var byteCount: Int64 = 0
    /// Bytes of the blocks when they are decompressed.
    private(set) var uncompressedByteCount: Int64 = 0
    /// How many of those are stored as they are.
    private(set) var storedByteCount: Int64 = 0

    private init(
        _ output: VolumeOutput, _ object: String, _ container: BlockContainer,
        _ cipher: CipherStream?
    ) {
        self.output = output
        self.cipher = cipher
        self.object = object
        self.container = container
    }

    /// Begins a file of blocks in `output`, which messages call `object`.
    ///
    /// The program that encrypts ends with the thread that calls this.
    static func start(
        _ output: VolumeOutput, object: String, format: BlockFormat,
        encryption: BundleEncryption? = nil
    ) throws(ArchiveError) -> BundleFile {
        let container: BlockContainer
        do throws(BlockCodecError) { container = try BlockContainer(format) } catch {
            throw ArchiveError(translating: error, operation: "write", object: object)
        }
        var cipher: CipherStream?
        if let encryption {
            cipher = try CipherStream.start(into: output, object: object, encryption)
        }
        var bundle = BundleFile(output, object, container, cipher)
        try bundle.write(container.head)
        return bundle
    }

    /// Writes the next block.
    mutating func append(_ block: CompressedBlock) throws(ArchiveError) {
        do throws(BlockCodecError) { try container.append(block) } catch {
            throw ArchiveError(translating: error, operation: "write", object: object)
        }
        try write(block.bytes)
        uncompressedByteCount += Int64(block.uncompressedByteCount)
        if block.isStored { storedByteCount += Int64(block.uncompressedByteCount) }
    }

    /// Ends the file and waits until it is on the disk; gives the SHA-256 of the file.
    mutating func finish() throws(ArchiveError) -> String {
        let tail: [UInt8]
        do throws(BlockCodecError) { tail = try container.tail() } catch {
            throw ArchiveError(translating: error, operation: "write", object: object)
        }
        try write(tail)
        let encrypted = try cipher?.finish()
        try output.finish()
        if let encrypted {
            byteCount = encrypted.byteCount
            return encrypted.sha256
        }
        return hash.digest().hexadecimal
    }

    private mutating func write(_ bytes: [UInt8]) throws(ArchiveError) {
        if let cipher { return try cipher.write(bytes) }
        try output.write(bytes)
        hash.update(bytes.span)
        byteCount += Int64(bytes.count)
    }
}
