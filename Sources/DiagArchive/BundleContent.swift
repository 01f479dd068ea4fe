internal import DiagModel
internal import DiagSystem
internal import FoundationEssentials
internal import SystemPackage

/// What of a host folder goes into its bundle: what the manifest lists, as it lists it.
struct BundleContent {
    /// Directories and files, in the order in which they go in.
    let members: [FolderWalk.Member]
    /// The manifest, which goes in last: as it is in the folder, or completed.
    let manifest: BundleManifest
    /// The SHA-256 that the manifest gives of each artifact.
    let hashes: [MemberPath: String]
    /// The members that are compressed already, and go into the bundle as they are.
    let compressed: Set<MemberPath>
    /// Bytes of all files together.
    let byteCount: Int64
    /// The time that every member gets, in seconds since 1970.
    let modifiedSeconds: Int64
    /// Files that are there, but not listed.
    let leftOut: [String]

    /// Bytes that no bundle of it passes: headers and the index of members come on top, and what is
    /// stored becomes no larger than by a thousandth.
    var mostBundleByteCount: Int64 {
        let beside = Int64(members.count + 2) * 4 * Int64(TarHeader.byteCount)
        let names = members.reduce(Int64(0)) { $0 + Int64($1.path.bytes.count) * 4 }
        return byteCount + byteCount / 1000 + beside + names + (1 << 20)
    }

    /// Reads the manifest of `folder` and compares it with what is there.
    init(of folder: Directory) throws(ArchiveError) {
        let walk = try FolderWalk(folder)
        let manifestPath = MemberPath(components: [Array(BundleWriter.manifestName.utf8)])
        // Where a bundle was unpacked by another program: it is of the bundle, not of the folder.
        let indexPath = MemberPath(components: [Array(MemberIndexFormat.name.utf8)])
        let manifest = try BundleManifest(in: folder, at: manifestPath)
        let artifacts = manifest.document.artifacts
        var listed = [MemberPath: Int64](minimumCapacity: artifacts.count)
        var compressed = Set<MemberPath>()
        var collectors = [MemberPath: String](minimumCapacity: artifacts.count)
        var hashes = [MemberPath: String](minimumCapacity: artifacts.count)
        for artifact in artifacts {
            let path = try artifact.memberPath(in: folder.path.string)
            listed[path] = artifact.byteCount
            collectors[path] = artifact.collector
            hashes[path] = artifact.sha256
            if artifact.isCompressed { compressed.insert(path) }
        }
        self.compressed = compressed
        var members = [FolderWalk.Member]()
        var leftOut = [String]()
        var byteCount: Int64 = 0
        for member in walk.members {
            if member.path == indexPath { continue }
            if member.path == manifestPath {
                byteCount += member.byteCount
                continue
            } else if member.isDirectory {
                members.append(member)
                continue
            } else if let expected = listed.removeValue(forKey: member.path) {
                guard expected == member.byteCount else {
                    throw Self.invalid(
                        folder, member.path,
                        "it has \(member.byteCount) bytes, the manifest says \(expected)")
                }
                members.append(member)
            } else {
                leftOut.append(member.path.text)
                continue
            }
            byteCount += member.byteCount
        }
        if let path = listed.keys.min() {
            throw Self.invalid(folder, path, "the manifest lists it, but it is not there")
        }
        let order = MemberOrder(of: manifest.document)
        self.members = members.map { member in
            (
                key: order.key(
                    of: member.path, collector: collectors[member.path],
                    isDirectory: member.isDirectory), member: member
            )
        }.sorted { $0.key < $1.key }.map(\.member)
        self.manifest = manifest
        self.hashes = hashes
        self.byteCount = byteCount
        self.leftOut = leftOut
        let microseconds = manifest.document.collected.microsecondsSince1970
        modifiedSeconds = max(0, microseconds / 1_000_000)
    }

    private static func invalid(
        _ folder: Directory, _ path: MemberPath, _ why: String
    ) -> ArchiveError {
        ArchiveError(
            .invalid, operation: "seal",
            object: folder.path.string + "/" + MemberPath.text(path.bytes), reason: why)
    }
}

extension Artifact {
    /// The path that it is stored under: the text, in which the host's own bytes are escaped.
    ///
    /// - Throws: ``ArchiveError`` when it leaves the folder, or `path` and `pathBytes` differ.
    func memberPath(in object: String) throws(ArchiveError) -> MemberPath {
        let stored = try MemberPath(validating: Array(path.utf8), of: object)
        guard let pathBytes else { return stored }
        guard let data = Data(base64Encoded: pathBytes),
            [
                UntrustedText.escapingInvalidUTF8(Array(data)),
                UntrustedText.escapingForPath(Array(data)),
            ].contains(path)
        else {
            throw ArchiveError(
                .invalid, operation: "read", object: object,
                reason: "pathBytes of \(UntrustedText.escapingControls(path)) spell another path")
        }
        return stored
    }
}
