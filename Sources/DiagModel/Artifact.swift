/// How careful one must be with what an artifact holds.
public enum PrivacyClass: String, Codable, Hashable, Sendable, CaseIterable {
    /// Facts about the machine that name nobody: kernel versions, counters, sizes.
    case technical
    /// Names the host, its devices or its users: serial numbers, host names, addresses.
    case identity
    /// Text that programs and people wrote, which may hold anything: logs.
    case content
    /// May hold secrets or other people's data: memory, configuration with passwords.
    case sensitive
}

/// One collected file, as the manifest lists it.
public struct Artifact: Codable, Hashable, Sendable {
    /// The collector that sent it.
    public var collector: String
    /// Its path in the host folder, from the collector's folder on; not UTF-8 written as `\xNN`.
    public var path: String
    /// The path as base64, only when it is not UTF-8.
    public var pathBytes: String?
    /// How many bytes are stored.
    public var byteCount: Int64
    /// SHA-256 of the stored bytes, 64 lower-case hexadecimal digits; none of a dump in a folder of
    /// its own, which is not read back: a bundle of that folder has it.
    public var sha256: String?
    /// Where the bytes came from on the host: a path, a command, an ioctl.
    public var source: String?
    /// Its media type, for example `application/json`.
    public var mediaType: String?
    /// How careful one must be with it.
    public var privacy: PrivacyClass
    /// Seconds from its first message to its last.
    public var seconds: Double
    /// Whether bytes of the source are missing at the end (or, of a log, at the start).
    public var isTruncated: Bool
    /// Why, when it is truncated.
    public var truncationReason: String?

    /// The media type of a kdump-compressed file: it is never compressed again.
    public static let kdumpMediaType = "application/x-kdump"
    /// The media type of an ELF core file.
    public static let elfCoreMediaType = "application/x-core"

    /// Whether its bytes are compressed already, so that compressing them again costs time alone.
    public var isCompressed: Bool { mediaType == Self.kdumpMediaType }

    /// An artifact with all that the manifest says of it.
    public init(
        collector: String, path: String, pathBytes: String? = nil, byteCount: Int64,
        sha256: String?, source: String? = nil, mediaType: String? = nil,
        privacy: PrivacyClass = .technical, seconds: Double = 0, isTruncated: Bool = false,
        truncationReason: String? = nil
    ) {
        self.collector = collector
        self.path = path
        self.pathBytes = pathBytes
        self.byteCount = byteCount
        self.sha256 = sha256
        self.source = source
        self.mediaType = mediaType
        self.privacy = privacy
        self.seconds = seconds
        self.isTruncated = isTruncated
        self.truncationReason = truncationReason
    }
}

/// Something that does not exist on this host. It does not make a bundle partial.
public struct Absent: Codable, Hashable, Sendable {
    /// The collector that looked for it.
    public var collector: String
    /// What was looked for: a path, a device class, a feature.
    public var what: String
    /// What its absence means, where that is not plain.
    public var why: String?

    /// Something that does not exist here.
    public init(collector: String, what: String, why: String? = nil) {
        self.collector = collector
        self.what = what
        self.why = why
    }
}

/// Something that exists or may exist, but was refused, timed out or was cut.
public struct Missing: Codable, Hashable, Sendable {
    /// The collector that tried.
    public var collector: String
    /// What is missing: a path, a device, a part of a log.
    public var what: String
    /// What the kernel, a library or a deadline said.
    public var why: String
    /// What would give it: a capability, more time, a larger budget.
    public var remedy: String?

    /// Something that could not be had.
    public init(collector: String, what: String, why: String, remedy: String? = nil) {
        self.collector = collector
        self.what = what
        self.why = why
        self.remedy = remedy
    }
}
