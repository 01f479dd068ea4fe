internal import DiagModel
internal import DiagSystem
internal import FoundationEssentials
internal import SystemPackage

/// What of a host folder goes into its bundle: what the manifest lists, as it lists it.
struct BundleContent {
    /// One member, with what the manifest says of it.
    struct Item {
        let member: FolderWalk.Member
        /// It is compressed already, and goes in as it is.
        let isCompressed: Bool
        /// The SHA-256 that the manifest gives, 64 lower-case hexadecimal digits.
        let sha256: String?

        /// Bytes that count for the time it takes: storing is ten times as fast as compressing.
        var workByteCount: Int64 { isCompressed ? member.byteCount / 10 : member.byteCount }
    }

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
        modifiedSeconds = Self.modifiedSeconds(of: manifest.document.started)
    }

    /// The time in the headers of a run that started at `time`: known before the first member is
    /// added, when collecting has not ended.
    static func modifiedSeconds(of time: Timestamp) -> Int64 {
        max(0, time.microsecondsSince1970 / 1_000_000)
    }

    /// Where the work is when all is in the file.
    var end: BundleProgress {
        BundleProgress(
            byteCount: byteCount, totalByteCount: byteCount, member: BundleWriter.manifestName)
    }

    /// What the manifest says of `member`.
    func item(_ member: FolderWalk.Member) -> Item {
        Item(
            member: member, isCompressed: compressed.contains(member.path),
            sha256: hashes[member.path])
    }

    /// What one collector has put into `folder`, in the order in which it goes in: its folder with
    /// all directories, and the files in `artifacts`, which are all that it has.
    static func items(
        of collector: String, _ artifacts: [Artifact], in folder: Directory, order: MemberOrder
    ) throws(ArchiveError) -> [Item] {
        let walk = try FolderWalk(folder, below: Array(collector.utf8))
        var byteCounts = [MemberPath: Int64](minimumCapacity: walk.members.count)
        var keyed = [(key: MemberOrder.Key, item: Item)]()
        keyed.reserveCapacity(walk.members.count)
        for member in walk.members {
            guard member.isDirectory else {
                byteCounts[member.path] = member.byteCount
                continue
            }
            keyed.append(
                (
                    order.key(of: member.path, isDirectory: true),
                    Item(member: member, isCompressed: false, sha256: nil)
                ))
        }
        for artifact in artifacts {
            let path = try artifact.memberPath(in: folder.path.string)
            // A collector may have a file at the top of the folder: a live dump.
            var byteCount = byteCounts[path]
            if byteCount == nil, let status = try FolderWalk.status(of: path, below: folder),
                status.kind == .regular
            {
                byteCount = status.byteCount
            }
            guard byteCount == artifact.byteCount else {
                throw invalid(
                    folder, path, "it has not the \(artifact.byteCount) bytes that were stored")
            }
            let member = FolderWalk.Member(
                path: path, isDirectory: false, byteCount: artifact.byteCount)
            keyed.append(
                (
                    order.key(of: path, collector: collector, isDirectory: false),
                    Item(
                        member: member, isCompressed: artifact.isCompressed,
                        sha256: artifact.sha256)
                ))
        }
        return keyed.sorted { $0.key < $1.key }.map(\.item)
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
