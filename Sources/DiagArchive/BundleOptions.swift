public import DiagCodec
public import DiagSystem
public import SystemPackage

/// How a bundle is compressed, and by when.
public struct BundleOptions: Hashable, Sendable {
    /// How the xz stream is made.
    public var compression: XZConfiguration
    /// Bytes of memory the encoder may use; threads, then the preset, are lowered to fit.
    public var memoryByteLimit: UInt64
    /// From when on the rest is stored instead of compressed; none for never. What members take
    /// that are compressed already, and only stored, is added to it.
    public var deadline: MonotonicTime?

    /// The default compression keeps the whole process below 96 MiB.
    public init(
        compression: XZConfiguration = XZConfiguration(), memoryByteLimit: UInt64 = 64 << 20,
        deadline: MonotonicTime? = nil
    ) {
        self.compression = compression
        self.memoryByteLimit = memoryByteLimit
        self.deadline = deadline
    }
}

/// How far sealing is.
public struct BundleProgress: Hashable, Sendable {
    /// Bytes of members taken in.
    public let byteCount: Int64
    /// Bytes of all members together.
    public let totalByteCount: Int64
    /// The path in the host folder of the member at work.
    public let member: String
}

/// A bundle under its final name.
public struct SealedBundle: Hashable, Sendable {
    /// Where it is.
    public let path: FilePath
    /// Its size in bytes.
    public let byteCount: Int64
    /// SHA-256 of its bytes, 64 lower-case hexadecimal digits.
    public let sha256: String
    /// Seconds from the first byte read to the name in place.
    public let seconds: Double
    /// How many bytes of the tar stream were stored, because the deadline came or because they are
    /// those of a member that is compressed already.
    public let storedByteCount: Int64
    /// The compression in effect, after the memory limit.
    public let compression: XZConfiguration
    /// Files of the folder that the manifest does not list and the bundle does not hold.
    public let leftOut: [String]
}
