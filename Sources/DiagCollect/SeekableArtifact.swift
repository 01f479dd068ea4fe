public import DiagModel

/// An artifact that its collector writes itself, at any place of the file: a live dump.
///
/// It does not pass the pipe, the filter or the run's byte budget. The orchestrator makes the file
/// at the top of the host folder, hands it to its own worker, and lists it with its hash once the
/// worker has ended, in whatever way.
public struct SeekableArtifact: Hashable, Sendable {
    /// Its name at the top of the host folder.
    public var path: String
    /// The most bytes that it may have: the kernel refuses more with `EFBIG`.
    public var byteLimit: Int64
    /// Its media type.
    public var mediaType: String
    /// Where its bytes come from on the host.
    public var source: String?
    /// How careful one must be with it.
    public var privacy: PrivacyClass
    /// Whether the file is read back for its hash: a bundle needs it.
    public var isHashed: Bool
    /// Seconds that the worker has to finish the file once it is told to stop.
    public var concludingSeconds: Double

    /// The address space that a worker with such a file may use. A dump of a host with a TiB of
    /// memory keeps tables of some GiB, and each of its threads reserves room for its own memory.
    public static let addressSpaceByteCount: UInt = 64 << 30

    /// A file for a collector to write.
    public init(
        path: String, byteLimit: Int64 = .max, mediaType: String, source: String? = nil,
        privacy: PrivacyClass = .sensitive, isHashed: Bool = true, concludingSeconds: Double = 10
    ) {
        self.path = path
        self.byteLimit = byteLimit
        self.mediaType = mediaType
        self.source = source
        self.privacy = privacy
        self.isHashed = isHashed
        self.concludingSeconds = concludingSeconds
    }
}
