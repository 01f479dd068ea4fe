public import DiagModel

/// Changes an artifact's bytes on their way, before they are hashed and stored: where redaction
/// stands.
public protocol ArtifactFilter {
    /// A filter of its own for one artifact; `nil` leaves that artifact's bytes as they are.
    func filter(for artifact: Artifact) -> (any ArtifactByteFilter)?
}

/// Changes the bytes of one artifact.
public protocol ArtifactByteFilter {
    /// Takes the next bytes and passes on what may be stored; it may hold some back.
    mutating func take(_ bytes: Span<UInt8>, passOn: (Span<UInt8>) throws -> Void) throws
    /// Passes on what it held back.
    mutating func finish(passOn: (Span<UInt8>) throws -> Void) throws
}

/// The filter that changes nothing.
public struct UnchangedArtifacts: ArtifactFilter {
    /// A filter that changes nothing.
    public init() {}

    /// None for any artifact.
    public func filter(for artifact: Artifact) -> (any ArtifactByteFilter)? { nil }
}

/// Where an artifact's bytes go: the host folder, and whatever streams from the run.
///
/// Calls come from one thread. Several artifacts may be open at once; `path` tells them apart.
public protocol ArtifactSink: AnyObject {
    /// Opens `path`.
    func open(_ path: ArtifactPath) throws
    /// Adds bytes to what is open at `path`.
    func write(_ bytes: Span<UInt8>, to path: ArtifactPath) throws
    /// Closes `path`, whose facts are now all known.
    func close(_ path: ArtifactPath, as artifact: Artifact) throws
    /// Says that nothing more of `collector` comes, its probes included: `artifacts` are all that it
    /// has. Each collector of the plan ends once.
    func end(_ collector: String, with artifacts: [Artifact])
    /// Makes the file of an artifact that a worker writes itself; `nil` where there is no place
    /// for one.
    func createSeekable(_ path: ArtifactPath, byteLimit: Int64) throws -> SeekableFile?
    /// Opens that file for reading.
    func openSeekable(_ path: ArtifactPath) throws -> SeekableFile?
    /// Removes it.
    func removeSeekable(_ path: ArtifactPath) throws
}

extension ArtifactSink {
    /// Nothing to do.
    public func end(_ collector: String, with artifacts: [Artifact]) {}
    /// No place.
    public func createSeekable(_ path: ArtifactPath, byteLimit: Int64) throws -> SeekableFile? {
        nil
    }
    /// No file.
    public func openSeekable(_ path: ArtifactPath) throws -> SeekableFile? { nil }
    /// Nothing to remove.
    public func removeSeekable(_ path: ArtifactPath) throws {}
}
