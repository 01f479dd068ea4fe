internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// The manifest of a host folder on its way into the bundle.
///
/// A folder may list a file without its SHA-256: that of a live dump alone, which nobody read back.
/// Its bundle is verifiable like any other, so what sealing reads anyway completes the manifest.
struct BundleManifest {
    /// The manifest as it stands in the folder.
    let document: Manifest
    private let bytes: [UInt8]

    /// Reads it.
    init(in folder: Directory, at path: MemberPath) throws(ArchiveError) {
        let file = try FolderWalk.open(path, below: folder)
        let object = folder.path.string + "/" + path.text
        do {
            let limit = Manifest.byteLimit
            bytes = try file.readAll(limit: limit + 1)
            guard bytes.count <= limit else {
                throw ArchiveError(
                    .invalid, operation: "read", object: object,
                    reason: "it is larger than \(limit) bytes")
            }
            document = try JSONDocument.decode(Manifest.self, from: bytes)
        } catch { throw ArchiveError(translating: error, operation: "read", object: object) }
    }

    /// Its bytes, with the hashes of `read` where the folder's own has none; those of the folder's
    /// own when it lacks nothing.
    func bytes(completedBy read: [MemberPath: String]) throws(ArchiveError) -> [UInt8] {
        guard document.artifacts.contains(where: { $0.sha256 == nil }) else { return bytes }
        var document = document
        for index in document.artifacts.indices where document.artifacts[index].sha256 == nil {
            let path = try document.artifacts[index].memberPath(in: BundleWriter.manifestName)
            document.artifacts[index].sha256 = read[path]
        }
        do { return try JSONDocument.encode(document, layout: .document) } catch {
            throw ArchiveError(
                translating: error, operation: "write", object: BundleWriter.manifestName)
        }
    }
}
