public import DiagModel

/// Refuses the paths of artifacts that a folder could not hold beside those before them, for a run
/// that keeps nothing.
public final class FolderShape: ArtifactSink {
    private var files = Set<ArtifactPath>()
    private var folders = Set<[String]>()

    /// A folder with nothing in it.
    public init() {}

    /// Takes the place of a file.
    ///
    /// - Throws: ``ArtifactPath/Refusal`` when a folder is there, or a file on the way to it.
    public func open(_ path: ArtifactPath) throws {
        let ways = (1..<max(1, path.components.count)).map { Array(path.components[..<$0]) }
        if folders.contains(path.components) {
            throw ArtifactPath.Refusal(
                name: path.text, reason: "cannot be a file here: other artifacts are below it")
        }
        if let file = ways.first(where: { files.contains(ArtifactPath(checked: $0)) }) {
            throw ArtifactPath.Refusal(
                name: path.text,
                reason: "cannot be a file here: \(file.joined(separator: "/")) is an artifact")
        }
        files.insert(path)
        folders.formUnion(ways)
    }

    /// Keeps nothing.
    public func write(_ bytes: Span<UInt8>, to path: ArtifactPath) {}

    /// Does nothing.
    public func close(_ path: ArtifactPath, as artifact: Artifact) {}
}
