public import DiagModel

/// Keeps single artifacts in memory and lets all others go, for a run without a host folder.
public final class KeptArtifacts: ArtifactSink {
    private let wanted: Set<String>
    private let limit: Int
    private var contents: [String: [UInt8]] = [:]
    private var cut: Set<String> = []

    /// Keeps the artifacts at the paths `wanted`, at most `limit` bytes of each.
    public init(_ wanted: Set<String>, limit: Int = 64 << 20) {
        self.wanted = wanted
        self.limit = limit
    }

    /// The bytes of the artifact at `path`; `nil` when it did not come, or not whole.
    public subscript(path: String) -> [UInt8]? { cut.contains(path) ? nil : contents[path] }

    /// Begins with an artifact.
    public func open(_ path: ArtifactPath) {
        if wanted.contains(path.text) { contents[path.text] = [] }
    }

    /// Keeps bytes of it.
    public func write(_ bytes: Span<UInt8>, to path: ArtifactPath) {
        guard let count = contents[path.text]?.count else { return }
        guard count + bytes.count <= limit else {
            cut.insert(path.text)
            return
        }
        unsafe bytes.withUnsafeBufferPointer {
            unsafe contents[path.text]?.append(contentsOf: $0)
        }
    }

    /// Ends an artifact; one that was cut on its way is none.
    public func close(_ path: ArtifactPath, as artifact: Artifact) {
        if artifact.isTruncated { cut.insert(path.text) }
    }
}
