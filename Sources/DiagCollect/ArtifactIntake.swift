internal import DiagDigest
public import DiagModel
internal import DiagSystem
internal import FoundationEssentials

/// Names, counts, filters, hashes and stores every byte of the artifacts of a run, once.
public final class ArtifactIntake {
    /// An artifact whose bytes are still coming.
    struct Open {
        let path: ArtifactPath
        var artifact: Artifact
        let started: MonotonicTime
        var hash: SHA256
        var filter: (any ArtifactByteFilter)?
        /// Bytes that came in, before the filter.
        var receivedByteCount: Int64 = 0
    }

    /// Where the bytes could not be put; the run cannot go on.
    public struct OutputFailure: Error, Sendable, CustomStringConvertible {
        /// What the output said.
        public let cause: any Error

        /// What the output said.
        public var description: String { "\(cause)" }

        /// A failure of the output itself.
        public init(cause: any Error) { self.cause = cause }
    }

    private let filter: any ArtifactFilter
    let sinks: [any ArtifactSink]
    var paths = Set<ArtifactPath>()
    /// The artifacts that are stored, in the order they were closed.
    public internal(set) var artifacts: [Artifact] = []
    /// How many bytes of the run's budget are left.
    public private(set) var remainingByteCount: Int64

    /// At most how many bytes of the manifest the artifacts so far fill.
    private var manifestByteCount = 0

    /// How many they may fill: the rest is for what is missing and absent.
    static let mostManifestBytes = Manifest.writtenByteLimit / 3 * 2

    /// Bytes pass `filter` and go to every one of `sinks`, at most `byteBudget` of them in all.
    public init(filter: any ArtifactFilter, sinks: [any ArtifactSink], byteBudget: Int64) {
        self.filter = filter
        self.sinks = sinks
        remainingByteCount = byteBudget
    }

    /// Opens an artifact.
    ///
    /// - Throws: ``ArtifactPath/Refusal`` when `opening` names it badly or twice,
    ///   ``OutputFailure`` when it cannot be created.
    func open(
        _ opening: WorkerMessage.Opening, collector: String, topArtifacts: Set<String> = []
    ) throws -> Open {
        let path = try ArtifactPath(opening, collector: collector, topArtifacts: topArtifacts)
        guard paths.insert(path).inserted else {
            throw ArtifactPath.Refusal(name: path.text, reason: "is taken already")
        }
        manifestByteCount += Self.manifestShare(opening)
        let artifact = Artifact(
            collector: collector, path: path.text, pathBytes: Self.pathBytes(opening, collector),
            byteCount: 0, sha256: "", source: opening.source, mediaType: opening.mediaType,
            privacy: opening.privacy ?? .content)
        do { for sink in sinks { try sink.open(path) } } catch let refusal as ArtifactPath.Refusal {
            throw refusal
        } catch { throw OutputFailure(cause: error) }
        return Open(
            path: path, artifact: artifact, started: .now, hash: SHA256(),
            filter: filter.filter(for: artifact))
    }

    /// Whether the manifest can list the artifact that `opening` names, beside those so far.
    func hasRoom(for opening: WorkerMessage.Opening) -> Bool {
        manifestByteCount + Self.manifestShare(opening) <= Self.mostManifestBytes
    }

    /// At most how many bytes an artifact fills in the manifest: names, layout and numbers, with
    /// its texts.
    static func manifestShare(_ opening: WorkerMessage.Opening) -> Int {
        640
            + [opening.path, opening.source, opening.mediaType, opening.pathBytes]
            .reduce(0) { $0 + Self.encodedByteCount($1) }
    }

    /// How many bytes `text` has as JSON.
    static func encodedByteCount(_ text: String?) -> Int {
        (text ?? "").utf8.reduce(0) { count, byte in
            count + (byte < 0x20 ? 6 : byte == 0x22 || byte == 0x5C ? 2 : 1)
        }
    }

    private static func pathBytes(
        _ opening: WorkerMessage.Opening, _ collector: String
    ) -> String? {
        guard let encoded = opening.pathBytes, let bytes = Data(base64Encoded: encoded) else {
            return nil
        }
        return (Data((collector + "/").utf8) + bytes).base64EncodedString()
    }

    /// Stores as many of `bytes` as the run's budget and `limit` allow; returns how many it took.
    func write(_ bytes: Span<UInt8>, to open: inout Open, limit: Int64) throws -> Int {
        let count = Int(min(Int64(bytes.count), remainingByteCount, limit))
        guard count > 0 else { return 0 }
        open.receivedByteCount += Int64(count)
        remainingByteCount -= Int64(count)
        try pass(bytes.extracting(0..<count), into: &open)
        return count
    }

    private func pass(_ bytes: Span<UInt8>, into open: inout Open) throws {
        guard var filter = open.filter else { return try store(bytes, in: &open) }
        try filter.take(bytes) { try store($0, in: &open) }
        open.filter = filter
    }

    private func store(_ bytes: Span<UInt8>, in open: inout Open) throws {
        open.hash.update(bytes)
        open.artifact.byteCount += Int64(bytes.count)
        do { for sink in sinks { try sink.write(bytes, to: open.path) } } catch {
            throw OutputFailure(cause: error)
        }
    }

    /// Closes an artifact; `truncation` says why bytes of it are missing, when some are. Returns how
    /// many bytes are stored, behind the filter.
    @discardableResult
    func close(_ open: consuming Open, truncation: String? = nil) throws -> Int64 {
        var open = open
        if var filter = open.filter { try filter.finish { try store($0, in: &open) } }
        open.artifact.sha256 = open.hash.digest().hexadecimal
        // To the microsecond, as all times in the manifest are.
        open.artifact.seconds =
            (MonotonicTime.now.seconds(since: open.started) * 1e6).rounded() / 1e6
        if let truncation {
            open.artifact.isTruncated = true
            open.artifact.truncationReason = truncation
            manifestByteCount += Self.encodedByteCount(truncation)
        }
        do { for sink in sinks { try sink.close(open.path, as: open.artifact) } } catch {
            throw OutputFailure(cause: error)
        }
        artifacts.append(open.artifact)
        return open.artifact.byteCount
    }

    /// Stores a whole artifact that the orchestrator itself makes; no budget cuts it.
    ///
    /// - Returns: how many bytes are stored, behind the filter.
    @discardableResult
    public func store(
        _ bytes: [UInt8], at path: String, collector: String, source: String? = nil,
        mediaType: String, privacy: PrivacyClass
    ) throws -> Int64 {
        var open = try open(
            .init(path: path, source: source, mediaType: mediaType, privacy: privacy),
            collector: collector)
        try pass(bytes.span, into: &open)
        return try close(open)
    }

    /// Says that all of `collector` is stored.
    func end(_ collector: String) {
        let own = artifacts.filter { $0.collector == collector }
        for sink in sinks { sink.end(collector, with: own) }
    }

    /// Stores a document of the run itself at the top of the host folder, such as `summary.txt`.
    public func storeDocument(
        _ name: String, _ bytes: [UInt8], mediaType: String, privacy: PrivacyClass
    ) throws {
        let artifact = Artifact(
            collector: Self.ownName, path: name, byteCount: 0, sha256: "", mediaType: mediaType,
            privacy: privacy)
        var open = Open(
            path: ArtifactPath(document: name), artifact: artifact, started: .now, hash: SHA256(),
            filter: filter.filter(for: artifact))
        do { for sink in sinks { try sink.open(open.path) } } catch {
            throw OutputFailure(cause: error)
        }
        try pass(bytes.span, into: &open)
        try close(open)
    }

    /// The collector that the run's own documents are listed under.
    public static let ownName = "diagbundle"
}
