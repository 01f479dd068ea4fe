import DiagArchive
import DiagCollect
import DiagModel

/// Joins collecting with the bundle: each collector that has ended is fed to the bundle, from the
/// host folder, while others run.
final class BundleSink: ArtifactSink {
    private let stream: BundleStream
    /// Bytes of the artifacts so far, by collector; those that are only stored for a tenth.
    private var workByteCounts: [String: Int64] = [:]

    init(_ stream: BundleStream) { self.stream = stream }

    /// How many of those bytes are not in the bundle yet.
    var leftByteCount: Int64 {
        max(0, workByteCounts.values.reduce(0, +) - stream.workByteCount)
    }

    func open(_ path: ArtifactPath) {}

    /// The folder has the bytes; they are read there.
    func write(_ bytes: Span<UInt8>, to path: ArtifactPath) {}

    func close(_ path: ArtifactPath, as artifact: Artifact) {
        workByteCounts[artifact.collector, default: 0] += artifact.sealingByteCount
    }

    func end(_ collector: String, with artifacts: [Artifact]) {
        // With the file that a worker wrote itself, which was never open here.
        workByteCounts[collector] = artifacts.reduce(0) { $0 + $1.sealingByteCount }
        stream.end(collector: collector, artifacts: artifacts)
    }
}

extension Artifact {
    /// Bytes that count for the time sealing takes: what is compressed already is only copied, which
    /// is ten times as fast.
    var sealingByteCount: Int64 { isCompressed ? byteCount / 10 : byteCount }
}
